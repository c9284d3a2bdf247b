"""A browser that is logged in changes nothing because another site says so."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.api._call import run
from tests.rights._urls import addresses
from tests.rights.conftest import Callers

TOKEN = "a" * 32
UNSAFE = ["POST", "PUT", "PATCH", "DELETE"]
EXEMPT = {"/api/docs": 405}
"""Takes nothing by any of these methods."""


def every_path() -> list[str]:
    given = {":name>": "lab.echo", ":move>": "reset", "id>": "1"}
    found = []
    for route in addresses():
        for end, value in given.items():
            route = re.sub(f"<[a-z_:]*{end}", value, route)
        found.append(
            "/" + re.sub(r"\^<app_label>/\$", "plugins_app/", route).replace("^", "nothing")
        )
    return [path.replace("(?P<url>.*)$", "nothing") for path in found]


@pytest.fixture
def browser(callers: Callers) -> Client:
    client = callers["root"]
    client.handler.enforce_csrf_checks = True
    return client


def not_refused(client: Client, method: str, **sent: Any) -> list[str]:
    answers = {path: client.generic(method, path, **sent).status_code for path in every_path()}
    return [
        f"{method} {path}: {status}"
        for path, status in answers.items()
        if status != EXEMPT.get(path, 403)
    ]


@pytest.mark.parametrize("method", UNSAFE)
def test_nothing_is_done_without_the_token(browser: Client, method: str) -> None:
    assert not_refused(browser, method) == []


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRFToken": "b" * 32},
        {"X-CSRFToken": TOKEN, "Origin": "https://evil.example"},
        {"X-CSRFToken": TOKEN, "Origin": "null"},
        {"X-CSRFToken": TOKEN, "Origin": "http://testserver.evil.example"},
    ],
    ids=["another token", "another origin", "no origin", "a similar origin"],
)
def test_nothing_is_done_for_another_site(
    browser: Client, method: str, headers: dict[str, str]
) -> None:
    browser.cookies["csrftoken"] = TOKEN

    assert not_refused(browser, method, headers=headers) == []


@pytest.mark.parametrize(
    "referer", ["", "https://evil.example/", "http://testserver/", "https://testserver.evil/", "x"]
)
def test_nothing_is_done_over_https_without_a_referer_of_our_own(
    browser: Client, referer: str
) -> None:
    browser.cookies["csrftoken"] = TOKEN
    headers = {"X-CSRFToken": TOKEN, "Referer": referer}

    assert not_refused(browser, "POST", headers=headers, secure=True) == []


def test_our_own_pages_may_post(browser: Client) -> None:
    browser.cookies["csrftoken"] = TOKEN
    headers = {"X-CSRFToken": TOKEN, "Origin": "http://testserver"}

    assert run(browser, "lab.echo", headers, text="ha").status_code == 200
    assert browser.post("/admin/plugins/lab.echo/disable/", headers=headers).status_code == 302


def test_a_key_needs_no_token(callers: Callers) -> None:
    client = callers["execute"]
    client.handler.enforce_csrf_checks = True

    assert run(client, "lab.echo", text="ha").status_code == 200


def test_a_key_that_is_none_does_not_stand_in_for_the_token(browser: Client) -> None:
    headers = {"Authorization": "Bearer zan_nothing"}

    assert run(browser, "lab.echo", headers, text="ha").status_code == 401
