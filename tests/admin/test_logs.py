"""Lists that may be as long as they like: the execution log and its kin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from plugins_app.admin.models.executions import ExecutionLogAdmin
from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.models import AuditEvent, ExecutionLog, Status
from plugins_app.services.audit import CLI, record
from plugins_app.services.execute import execute_and_wait
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

EXECUTIONS = "/admin/plugins_app/executionlog/"
AUDIT = "/admin/plugins_app/auditevent/"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
Login = Callable[..., Client]


def write(count: int, start: int = 0, **fields: Any) -> None:
    wanted = {"plugin": PRICING, "caller": "user:1", "source": "rest", "status": Status.SUCCEEDED}
    ExecutionLog.objects.bulk_create(
        ExecutionLog(id=f"01{number:024}", started_at=NOW, **{**wanted, **fields})
        for number in range(start, start + count)
    )


def shown(response: Any) -> list[int]:
    """The numbers of the rows, in their order."""
    found = re.findall(r"/executionlog/01(\d{24})/change/", response.content.decode())
    return [int(number) for number in found]


def link(response: Any, word: str) -> str:
    body = response.content.decode()
    match = re.search(rf'href="(\?[^"]*)"[^>]*>\s*{word}\s*<', body)
    return match[1].replace("&amp;", "&") if match else ""


@contextmanager
def sql() -> Iterator[list[str]]:
    statements: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield statements
    statements += [each["sql"] for each in captured.captured_queries]


def test_pages_go_back_and_forth_without_losing_or_repeating_a_row(admin: Client) -> None:
    write(120)
    first = admin.get(EXECUTIONS)
    second = admin.get(EXECUTIONS + link(first, "Older"))
    third = admin.get(EXECUTIONS + link(second, "Older"))
    assert shown(first) + shown(second) + shown(third) == list(range(119, -1, -1))
    assert link(third, "Older") == ""
    assert shown(admin.get(EXECUTIONS + link(third, "Newer"))) == shown(second)
    assert shown(admin.get(EXECUTIONS + link(second, "Newer"))) == shown(first)
    assert shown(admin.get(EXECUTIONS + link(third, "Newest"))) == shown(first)
    assert link(first, "Newer") == ""


def test_rows_that_come_in_meanwhile_move_no_page(admin: Client) -> None:
    write(120)
    older = link(admin.get(EXECUTIONS), "Older")
    before = shown(admin.get(EXECUTIONS + older))
    write(10, start=120)
    assert shown(admin.get(EXECUTIONS + older)) == before


@pytest.mark.parametrize("path", [EXECUTIONS, AUDIT])
@pytest.mark.parametrize(
    "query",
    ["", "?before=01000000000000000000000090", "?after=1", "?source=rest&error_code=timeout"],
)
def test_no_page_counts_rows_or_skips_over_them(admin: Client, path: str, query: str) -> None:
    write(120)
    for number in range(60):
        record(CLI, "enable", f"plugin.{number}")
    with sql() as statements:
        assert admin.get(path + query).status_code == 200
    asked = " ".join(statements).upper()
    assert "EXECUTIONLOG" in asked or "AUDITEVENT" in asked
    assert "COUNT(" not in asked
    assert "OFFSET" not in asked


def test_every_read_of_the_log_is_limited(admin: Client) -> None:
    write(60)
    with sql() as statements:
        admin.get(f"{EXECUTIONS}?source=cli&plugin={PRICING}")
    reads = [each for each in statements if 'FROM "plugins_app_executionlog"' in each]
    assert reads
    assert [each for each in reads if "LIMIT" not in each] == []


def test_payloads_are_not_read_for_a_list(admin: Client) -> None:
    write(3, input='{"query": "E33G"}')
    with sql() as statements:
        admin.get(EXECUTIONS)
    assert not [each for each in statements if '"input"' in each or '"traceback"' in each]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("status=failed", 1),
        ("error_code=timeout", 2),
        ("plugin=team.list_members", 3),
        ("caller=key:zan_a", 4),
        ("source=cli", 5),
        ("request_id=abc-1", 6),
        ("id=01000000000000000000000007", 7),
        ("status=failed&caller=user:1", 1),
    ],
)
def test_filters_find_their_rows(admin: Client, query: str, number: int) -> None:
    write(1)
    write(1, 1, status=Status.FAILED)
    write(1, 2, error_code="timeout")
    write(1, 3, plugin="team.list_members")
    write(1, 4, caller="key:zan_a")
    write(1, 5, source="cli")
    write(1, 6, request_id="abc-1")
    write(1, 7)
    assert shown(admin.get(f"{EXECUTIONS}?{query}")) == [number]


def test_pages_keep_the_filters(admin: Client) -> None:
    write(120)
    write(60, 120, source="cli")
    first = admin.get(f"{EXECUTIONS}?source=cli")
    older = link(first, "Older")
    assert "source=cli" in older
    assert shown(admin.get(EXECUTIONS + older)) == list(range(129, 119, -1))


def test_a_rare_value_is_looked_for_step_by_step(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExecutionLogAdmin, "window", 10)
    write(1, request_id="wanted")
    write(24, 1)
    url, steps = f"{EXECUTIONS}?request_id=wanted", 0
    while not shown(page := admin.get(url)):
        url, steps = EXECUTIONS + link(page, "Look further back"), steps + 1
    assert steps == 2
    assert shown(page) == [0]
    assert link(page, "Look further back") == ""


def test_going_forward_through_what_does_not_match_reaches_the_newest(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExecutionLogAdmin, "window", 10)
    write(1, request_id="wanted")
    write(24, 1)
    write(1, 25, request_id="wanted")
    query, seen = "?request_id=wanted&after=01000000000000000000000000", []
    for _ in range(4):
        page = admin.get(EXECUTIONS + query)
        seen += shown(page)
        query = link(page, "Newer") or query
    assert 25 in seen


@pytest.mark.parametrize("path", [EXECUTIONS, AUDIT, "/admin/axes/accessattempt/"])
@pytest.mark.parametrize(
    "query",
    ["before=%00", "after=x", "before=99999999999999999999999", "status=no", "ip_address=x:y",
     "plugin=%00", "object=" + "x" * 300, "nonsense=1", "p=99", "o=1.2"],
)  # fmt: skip
def test_odd_addresses_are_answered(admin: Client, path: str, query: str) -> None:
    assert admin.get(f"{path}?{query}").status_code == 200


def test_hostile_values_are_shown_as_text(admin: Client) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    write(1, caller_name=hostile, error=hostile, traceback=hostile, input=hostile)
    (row,) = ExecutionLog.objects.all()
    pages = (EXECUTIONS, f"{EXECUTIONS}{row.pk}/change/", f"{EXECUTIONS}?plugin={hostile}")
    for path in pages:
        assert hostile not in admin.get(path).content.decode()


def test_the_page_about_a_run_shows_it_and_leads_on(admin: Client) -> None:
    done = execute_and_wait(PRICING, {"query": "E33G"}, caller=SYSTEM_CALLER, source="cli")
    response = admin.get(f"/admin/executions/{done.id}/", follow=True)
    body = response.content.decode()
    assert "&quot;query&quot;: &quot;E33G&quot;" in body
    assert f'href="/admin/plugins/{PRICING}/"' in body
    assert f'href="{EXECUTIONS}?plugin={PRICING}"' in body
    assert f'href="{AUDIT}?object={PRICING}"' in body
    assert "Succeeded" in text(response)


def test_the_traceback_is_for_those_who_may_see_runs(login: Login) -> None:
    write(1, status=Status.FAILED, traceback="Traceback: deep inside")
    (row,) = ExecutionLog.objects.all()
    client = login()
    assert client.get(f"{EXECUTIONS}{row.pk}/change/").status_code == 403
    assert b"deep inside" not in client.get(f"/admin/plugins/{PRICING}/").content


def test_the_audit_trail_shows_before_and_after(admin: Client) -> None:
    event = record(CLI, "overrides", PRICING, before={"rate_limit": 5}, after={}, reason="busy")
    response = admin.get(f"{AUDIT}{event.pk}/change/")
    assert "&quot;rate_limit&quot;: 5" in response.content.decode()
    assert "busy" in text(response)
    assert AuditEvent.objects.count() == 1
