"""The log of a run on its page, and as a file."""

from __future__ import annotations

import json
import re
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from plugins_app.admin.runs import log
from plugins_app.models import Status
from tests.admin._runs import EXECUTIONS, link, write
from tests.admin.test_execution import Login
from tests.admin.test_pages import text


def logged(*texts: str, level: int = 20, **row: Any) -> str:
    """The page of a run that logged these, a millisecond after each other from 1 ms on."""
    lines = [[n * 1_000, level, each, {}] for n, each in enumerate(texts, start=1)]
    told = {"first": len(lines), "left_out": 0, "lines": lines}
    (id,) = write(lines=json.dumps(told), duration_ms=60.0, **row)
    return f"{EXECUTIONS}{id}/"


def numbers(response: Any) -> list[int]:
    return [int(each) for each in re.findall(r'<li id="L(\d+)"', response.content.decode())]


def test_staff_sees_what_was_logged_and_it_is_only_text(admin: Client) -> None:
    body = admin.get(logged("connected", "<script>alert(1)</script>")).content.decode()
    assert "connected" in body
    assert "&lt;script&gt;alert(1)" in body
    assert "<script>alert" not in body


def test_a_run_that_said_nothing_has_no_log(admin: Client) -> None:
    (id,) = write()
    assert 'id="log-title"' not in admin.get(f"{EXECUTIONS}{id}/").content.decode()


def test_whoever_sees_only_his_own_runs_does_not_see_what_they_logged(login: Login) -> None:
    client = login("execute_plugin")
    address = logged("internals", caller=f"user:{client.session['_auth_user_id']}")
    response = client.get(address)
    assert response.status_code == 200
    assert "internals" not in response.content.decode()
    assert client.get(f"{address}run.log").status_code == 403


def test_a_text_is_marked_and_on_demand_alone(admin: Client) -> None:
    address = logged("alpha", "beta Alpha", "gamma")
    found = admin.get(address, {"find": "alpha"})
    assert numbers(found) == [1, 2, 3]
    assert found.content.decode().count("<mark>") == 2
    assert "3 lines, 2 with “alpha”" in text(found)
    assert numbers(admin.get(address, {"find": "alpha", "only": "on"})) == [1, 2]


def test_where_nothing_fits_there_is_a_way_back(admin: Client) -> None:
    response = admin.get(logged("alpha"), {"level": "error"})
    assert "No line fits" in text(response)
    assert "0 of 1 lines" in text(response)


@pytest.mark.parametrize(
    "query", [{"line": "²"}, {"line": "9" * 40}, {"level": "x"}, {"line": "-1"}]
)
def test_an_odd_address_shows_the_log_as_it_is(admin: Client, query: dict[str, str]) -> None:
    assert numbers(admin.get(logged("alpha", "beta"), query)) == [1, 2]


def test_of_a_long_log_the_end_is_shown_and_links_lead_to_the_rest(admin: Client) -> None:
    address = logged(*map(str, range(1, 26)))
    with patch.object(log, "SHOWN", 10):
        last = admin.get(address)
        assert numbers(last) == list(range(16, 26))
        assert link(last, "Later lines") == ""
        before = admin.get(address + link(last, "Earlier lines"))
        assert numbers(before) == list(range(6, 16))
        first = admin.get(address + link(before, "Earlier lines"))
        assert numbers(first) == list(range(1, 11))
        assert link(first, "Earlier lines") == ""
        assert numbers(admin.get(address + link(first, "Later lines"))) == list(range(11, 21))
        assert 3 in numbers(admin.get(address, {"line": "3"}))
        assert 2 in numbers(admin.get(address, {"find": "2"}))


def test_attempts_stand_apart_and_the_last_one_is_open(admin: Client) -> None:
    stages = [["check", 0], ["attempt", 500], ["pause:timeout", 2_500], ["attempt", 2_600]]
    address = logged(
        "one", "two", "three",
        stages=stages, attempts=2, status=Status.FAILED, error_code="plugin_error",
    )  # fmt: skip
    body = re.sub(r"\s+", " ", admin.get(address).content.decode())
    assert 'Attempt 1 failed: timeout <span class="muted">2 lines' in body
    assert "Attempt 2 failed: plugin_error" in body
    assert re.findall(r"<details (open)?", body.split('id="log-lines"')[1])[:2] == ["", "open"]


def test_what_is_not_kept_or_masked_is_told(admin: Client) -> None:
    lines = [[1, 20, "a ********", {}], [2, 20, "b", {"token": "********"}]]
    (id,) = write(lines=json.dumps({"first": 1, "left_out": 7, "lines": lines}))
    response = admin.get(f"{EXECUTIONS}{id}/")
    assert "7 lines after line 1 not kept" in text(response)
    assert "2 values masked" in text(response)
    assert numbers(response) == [1, 9]


def test_the_file_holds_all_lines_that_the_filters_leave(admin: Client) -> None:
    address = logged(*map(str, range(1, 26)))
    with patch.object(log, "SHOWN", 10):
        response = admin.get(f"{address}run.log", {"find": "2", "only": "on"})
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    said = [line.split()[-1] for line in response.content.decode().splitlines()]
    assert said == ["2", "12", "20", "21", "22", "23", "24", "25"]
