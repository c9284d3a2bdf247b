"""Where the `type` of a problem leads."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from django.test import Client

from plugins_app.api.problems import problem
from plugins_app.core import errors
from plugins_app.services.problem_kinds import PROBLEMS, page_of
from tests.admin.conftest import _plain_static_files  # noqa: F401

CODES = sorted(PROBLEMS)


@pytest.mark.parametrize("code", CODES)
def test_every_type_that_can_be_answered_has_a_page(client: Client, code: str) -> None:
    kind = orjson.loads(problem(code, "-", request_id="-").body)["type"]

    page = client.get(kind)

    assert page.status_code == 200
    assert PROBLEMS[code].title in page.content.decode()


def test_every_error_of_the_engine_is_in_the_table() -> None:
    tree = [errors.ZantaraError]
    for kind in tree:
        tree += kind.__subclasses__()

    assert {kind.code for kind in tree} - {"refused"} <= set(PROBLEMS)


def test_the_list_leads_to_every_page(client: Client) -> None:
    page = client.get("/problems/").content.decode()

    assert set(re.findall(r'href="(/problems/[^"]+)"', page)) == {page_of(code) for code in CODES}


@pytest.mark.parametrize("slug", ["nothing", "rate_limited", "Rate-Limited", "%3Cscript%3E"])
def test_an_unknown_kind_is_not_found_and_leads_to_the_list(client: Client, slug: str) -> None:
    page = client.get(f"/problems/{slug}")

    assert page.status_code == 404
    assert 'href="/problems/"' in page.content.decode()
    assert "<script>" not in page.content.decode()


@pytest.mark.parametrize("path", ["/problems/", "/problems/timeout"])
def test_a_page_may_be_kept_for_as_long_as_the_theme_is_the_same(client: Client, path: str) -> None:
    page = client.get(path)

    assert page["Cache-Control"] == "public, max-age=300"
    assert page["Vary"] == "Cookie"
    assert not page.cookies


def test_a_page_that_is_known_already_is_not_sent_again(client: Client) -> None:
    known = client.get("/problems/timeout")["ETag"]

    again = client.get("/problems/timeout", headers={"If-None-Match": known})

    assert again.status_code == 304
    client.cookies["zantara_theme"] = "dark"
    assert client.get("/problems/timeout", headers={"If-None-Match": known}).status_code == 200


@pytest.mark.parametrize("path", ["/problems/", "/problems/timeout", "/problems/nothing"])
def test_the_policy_is_strict(client: Client, path: str) -> None:
    page: Any = client.get(path)

    assert "unsafe-" not in page["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page.content.decode()) == []


def test_a_page_is_only_read(client: Client) -> None:
    assert client.post("/problems/timeout").status_code == 405
    assert client.head("/problems/timeout").status_code == 200
