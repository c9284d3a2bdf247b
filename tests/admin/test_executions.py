"""The execution log: searching, paging, grouping, exporting."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from plugins_app.models import ApiKey, AuditEvent, ExecutionLog, Status, User
from plugins_app.services.audit import CLI
from plugins_app.services.keys import create_key
from plugins_app.services.runs import groups, pages
from tests.admin._runs import EXECUTIONS, link, shown, sql, write
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

LOGS = f"/admin/plugins/{PRICING}/logs/"
Login = Callable[..., Client]


def search(client: Client, q: str, **more: str) -> Any:
    return client.get(EXECUTIONS, {"q": q, **more})


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


def test_several_statuses_page_as_one_list(admin: Client) -> None:
    for number in range(120):
        write(1, number, status=(Status.FAILED, Status.TIMED_OUT)[number % 2])
    write(5, 120)
    first = search(admin, "status:failed,timed_out")
    second = admin.get(EXECUTIONS + link(first, "Older"))
    third = admin.get(EXECUTIONS + link(second, "Older"))
    assert shown(first) + shown(second) + shown(third) == list(range(119, -1, -1))
    assert shown(admin.get(EXECUTIONS + link(second, "Newer"))) == shown(first)


@pytest.mark.parametrize(
    ("q", "number"),
    [
        ("status:failed", 1),
        ("error:timeout", 2),
        ("plugin:team.list_members", 3),
        ("plugin:team.*", 3),
        ("caller:user:7", 4),
        ("caller:ayu", 0),
        ("source:cli", 5),
        ("request:abc-1", 6),
        ("duration:>2s", 7),
        ("cached:yes", 8),
        ("version:9.*", 9),
        ("version:9.9.9", 9),
        ("deadline passed", 10),
        ('"deadline passed"', 10),
        ("ZeroDivisionError", 11),
        ("key:ci-bot", 12),
        ("caller:ci-bot", 12),
        ("key:gone", 13),
        ("status:failed caller:user:1", 1),
        ("id:{}", 14),
    ],
)
def test_every_key_finds_its_rows(login: Login, q: str, number: int) -> None:
    client = login("view_executionlog")
    key = create_key(CLI, "ci-bot", scopes=[]).key
    write(1, 0, caller=f"user:{User.objects.get().pk}", caller_name="ayu", error="deadline")
    write(1, 1, status=Status.FAILED)
    write(1, 2, error_code="timeout")
    write(1, 3, plugin="team.list_members")
    write(1, 4, caller="user:7")
    write(1, 5, source="cli")
    write(1, 6, request_id="abc-1")
    write(1, 7, duration_ms=2500.0)
    write(1, 8, cached=True)
    write(1, 9, version="9.9.9")
    write(1, 10, error="The deadline passed")
    write(1, 11, traceback="ZeroDivisionError: division by zero")
    write(1, 12, caller=f"key:{key.prefix}")
    write(1, 13, caller="key:zan_old", caller_name="gone")
    (id,) = write(1, 14, ago=timedelta(days=20))
    assert shown(search(client, q.format(id))) == [number]
    assert ApiKey.objects.count() == 1


def test_times_narrow_the_list(admin: Client) -> None:
    write(1, 1, ago=timedelta(minutes=90))
    write(1, 2, ago=timedelta(minutes=30))
    write(1, 3, ago=timedelta(days=3))
    assert shown(admin.get(EXECUTIONS)) == [2, 1]
    assert shown(search(admin, "after:1h")) == [2]
    assert shown(search(admin, "before:1h")) == [1, 3]
    assert shown(admin.get(f"{EXECUTIONS}?range=15m")) == []
    assert shown(admin.get(f"{EXECUTIONS}?range=all")) == [2, 1, 3]
    assert shown(admin.get(f"{EXECUTIONS}?from=5d&to=1d")) == [3]
    assert admin.get(f"{EXECUTIONS}?from=1d&to=5d").status_code == 400


def test_a_filter_that_is_chosen_becomes_a_word_of_the_search(admin: Client) -> None:
    response = admin.get(f"{EXECUTIONS}?q=status:failed+boom&status=succeeded&version=&range=7d")
    assert response["Location"] == f"{EXECUTIONS}?q=status%3Asucceeded+boom&range=7d"
    write(1, 1)
    page = search(admin, "status:succeeded")
    assert '<option value="succeeded" selected>' in " ".join(page.content.decode().split())


def test_a_chip_takes_its_token_out(admin: Client) -> None:
    body = search(admin, "status:failed boom").content.decode()
    assert 'href="?q=boom"' in body
    assert 'href="?q=status%3Afailed"' in body


def test_a_mistake_is_told_with_what_was_probably_meant(admin: Client) -> None:
    response = search(admin, "stauts:failed")
    assert response.status_code == 400
    assert "&#x27;stauts&#x27; is no key" in response.content.decode()
    assert 'href="?q=status%3Afailed"' in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()


@pytest.mark.parametrize(
    "q",
    ["' OR 1=1 --", '"; DROP TABLE x; --', "%_%", "\\", '"\\', "x" * 10_000, "a " * 5_000, "\0",
     "plugin:\0", "id:\0", "😀 日本", "caller:😀", "\ud800".encode("utf-8", "surrogatepass"),
     "duration:>1e9s", "after:99999-01-01", "id:~", "error:", "<script>alert(1)</script>",
     "plugin:*", "key:*", "request:" + "x" * 160, '"' * 999, "before:0001-01-01T00:00+23:59",
     "after:9999-12-31T23:59-23:59"],
)  # fmt: skip
@pytest.mark.parametrize("more", ["", "&group=error", "&range=all&older=%00&newer=x"])
def test_hostile_searches_are_answered(admin: Client, q: str | bytes, more: str) -> None:
    write(3, error="100%_sure")
    for path in (EXECUTIONS, LOGS):
        response = admin.get(f"{path}?q={quote(q)}{more}")
        assert response.status_code in {200, 400}
        assert b"<script>alert" not in response.content


@pytest.mark.parametrize(
    "query", ["older=%00", "newer=x", "from=x", "to=%00", "range=x", "group=x"]
)
def test_odd_addresses_are_answered(admin: Client, query: str) -> None:
    write(3)
    assert admin.get(f"{EXECUTIONS}?{query}").status_code in {200, 400}


def test_percent_and_underscore_mean_themselves(admin: Client) -> None:
    write(1, 1, error="100% sure")
    write(1, 2, error="100 sure")
    assert shown(search(admin, "100%")) == [1]


# --- cost -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["", "?older=01M", "?newer=01", "?q=source:rest+error:timeout", "?q=boom&range=all",
     "?q=status:failed,timed_out", "?group=plugin", "?group=error&q=boom"],
)  # fmt: skip
def test_no_page_counts_rows_or_skips_over_them_and_every_read_is_limited(
    admin: Client, query: str
) -> None:
    write(120)
    with sql() as statements:
        assert admin.get(EXECUTIONS + query).status_code == 200
    asked = " ".join(statements).upper()
    assert "COUNT(" not in asked
    assert "OFFSET" not in asked
    reads = [each for each in statements if 'FROM "plugins_app_executionlog"' in each]
    assert reads
    assert [each for each in reads if "LIMIT" not in each] == []


@pytest.mark.parametrize(
    ("query", "most"),
    [("", 4), ("?q=plugin:x", 4), ("?q=boom", 9), ("?q=status:failed,timed_out,abandoned", 6),
     ("?group=error", 14)],
)  # fmt: skip
def test_a_page_costs_the_same_few_queries_however_many_rows_there_are(
    admin: Client, query: str, most: int
) -> None:
    costs = []
    for start in (0, 60):
        write(60, start)
        with sql() as statements:
            admin.get(EXECUTIONS + query)
        costs.append(len([s for s in statements if "executionlog" in s or "metric" in s]))
    assert costs[1] <= costs[0] <= most


def test_payloads_and_tracebacks_are_not_read_for_a_list(admin: Client) -> None:
    write(3, input='{"query": "E33G"}')
    with sql() as statements:
        admin.get(EXECUTIONS)
    columns = [s.partition(" FROM ")[0] for s in statements]
    assert not [each for each in columns if '"input"' in each or '"traceback"' in each]


def test_a_rare_value_is_looked_for_step_by_step(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WINDOW", 10)
    write(1, request_id="wanted")
    write(24, 1)
    url, steps = f"{EXECUTIONS}?q=request:wanted", 0
    while not shown(page := admin.get(url)):
        url, steps = EXECUTIONS + link(page, "Look further back"), steps + 1
    assert steps == 2
    assert shown(page) == [0]
    assert link(page, "Look further back") == ""


def test_going_forward_through_what_does_not_match_reaches_the_newest(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WINDOW", 10)
    write(1, request_id="wanted")
    write(24, 1)
    write(1, 25, request_id="wanted")
    query, seen = "?q=request:wanted&newer=01", []
    for _ in range(4):
        page = admin.get(EXECUTIONS + query)
        seen += shown(page)
        query = link(page, "Newer") or query
    assert 25 in seen


# --- over time, in groups -------------------------------------------------------------------------


def test_the_histogram_counts_what_the_search_finds_and_its_bars_narrow_it(admin: Client) -> None:
    write(3, 0, ago=timedelta(hours=2), error="boom", status=Status.FAILED)
    write(2, 3, ago=timedelta(hours=5), error="boom", status=Status.FAILED)
    write(9, 9, ago=timedelta(hours=5))
    page = search(admin, "boom")
    assert "5 runs, 5 failed." in text(page)
    narrower = link(page, "Only these<span[^>]*>[^<]*</span>")
    assert "from=" in narrower
    assert shown(admin.get(EXECUTIONS + narrower)) == [2, 1, 0]


def test_failures_that_differ_in_numbers_alone_are_one_group(admin: Client) -> None:
    for number in range(5):
        write(
            1, number, error=f"Upstream took {number} s", error_code="timeout",
            caller=f"user:{number % 2}", status=Status.TIMED_OUT,
        )  # fmt: skip
    write(1, 5, error="Another thing", error_code="plugin_error", status=Status.FAILED)
    write(3, 6)
    page = search(admin, "", group="error")
    assert "2 groups of 6 runs" in text(page)
    assert "user:0, user:1" in text(page)
    narrower = link(page, "Upstream took 4 s")
    assert shown(admin.get(EXECUTIONS + narrower)) == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("by", ["plugin", "caller"])
def test_groups_lead_to_their_runs(admin: Client, by: str) -> None:
    wanted: dict[str, Any] = {by: "some.thing"}
    write(2, 0, **wanted)
    write(1, 2)
    page = search(admin, "", group=by)
    assert shown(admin.get(EXECUTIONS + link(page, "some.thing"))) == [1, 0]


def test_groups_are_counted_over_a_stated_number_of_rows(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "READ", 5)
    write(9)
    assert "Of the newest 5 runs" in text(search(admin, "", group="plugin"))


# --- live, export, rights -------------------------------------------------------------------------


def test_new_runs_are_counted_also_where_they_come_in_late(admin: Client) -> None:
    write(3, 0, ago=timedelta(seconds=20))
    body = admin.get(EXECUTIONS).content.decode()
    url = body.partition('data-live-url="')[2].partition('"')[0].replace("&amp;", "&")
    known = int(body.partition('data-live-known="')[2].partition('"')[0])
    assert admin.get(url).json()["count"] == known
    write(1, 7, ago=timedelta(seconds=40))
    write(1, 8, ago=timedelta(seconds=1))
    assert admin.get(url).json()["count"] == known + 2
    write(1, 9, ago=timedelta(hours=2))
    assert admin.get(url).json()["count"] == known + 2


def test_new_runs_are_those_of_the_search(admin: Client) -> None:
    write(1, 1, status=Status.FAILED)
    write(5, 2)
    assert admin.get(f"{EXECUTIONS}new.json?q=status:failed&mark=01").json()["count"] == 1
    assert admin.get(f"{EXECUTIONS}new.json?of=other.plugin&mark=01").json()["count"] == 0
    assert admin.get(f"{EXECUTIONS}new.json?q=a:b&mark=01").status_code == 400
    assert admin.get(f"{EXECUTIONS}new.json?mark=%00").status_code == 400


def exported(client: Client, **form: str) -> str:
    response: Any = client.post(f"{EXECUTIONS}export/", form)
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response.streaming_content).decode()


def test_an_export_holds_all_that_was_found_and_is_audited(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_CHUNK", 50)
    write(120, status=Status.FAILED)
    write(5, 120)
    rows = list(csv.DictReader(StringIO(exported(admin, q="status:failed", format="csv"))))
    assert [row["id"][-3:] for row in rows] == [f"{n:03}" for n in range(119, -1, -1)]
    event = AuditEvent.objects.get()
    assert (event.action, event.object) == ("export", "executions")
    assert event.after == {"format": "csv", "q": "status:failed"}
    told = json.loads(exported(admin, q="status:succeeded", format="json"))
    assert len(told["executions"]) == 5


def test_an_export_is_bounded(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "EXPORTED", 30)
    write(40, request_id="r")
    assert len(exported(admin, format="csv").splitlines()) == 31
    assert len(exported(admin, q="request:r", format="csv").splitlines()) == 31


def test_no_cell_of_a_table_is_a_formula(admin: Client) -> None:
    write(1, error="=HYPERLINK(1)", caller_name="+1")
    (row,) = csv.DictReader(StringIO(exported(admin, format="csv")))
    assert (row["error"], row["caller_name"]) == ("'=HYPERLINK(1)", "'+1")


def test_an_export_needs_the_form_and_the_right(login: Login, client: Client) -> None:
    viewer = login("view_executionlog")
    assert viewer.get(f"{EXECUTIONS}export/").status_code == 405
    assert viewer.post(f"{EXECUTIONS}export/", {"format": "xml"}).status_code == 400
    assert viewer.post(f"{EXECUTIONS}export/", {"q": "a:b", "format": "csv"}).status_code == 400
    assert AuditEvent.objects.count() == 0


@pytest.mark.parametrize("path", [EXECUTIONS, f"{EXECUTIONS}new.json?mark=0", LOGS])
def test_the_log_is_for_those_who_may_see_it(login: Login, path: str) -> None:
    response = login("execute_plugin").get(path)
    assert response.status_code == 403
    assert b"plugins_app.view_executionlog" in response.content


def test_a_plugin_has_a_list_of_its_own_and_what_was_done_to_it(admin: Client) -> None:
    write(2, 0)
    write(2, 2, plugin="team.list_members")
    admin.post(f"/admin/plugins/{PRICING}/disable/", {"reason": "too dear"})
    page = admin.get(LOGS)
    assert shown(page) == [1, 0]
    assert "too dear" in text(page)
    assert shown(admin.get(f"{LOGS}?q=plugin:team.list_members")) == []
    assert admin.get(f"{LOGS}?status=failed")["Location"] == f"{LOGS}?q=status%3Afailed"


def test_the_older_addresses_lead_here(admin: Client) -> None:
    (id,) = write()
    old = "/admin/plugins_app/executionlog/"
    assert admin.get(f"{old}?error_code=timeout", follow=True).redirect_chain[-1] == (
        f"{EXECUTIONS}?q=error%3Atimeout", 302,
    )  # fmt: skip
    assert admin.get(f"{old}{id}/change/")["Location"] == f"{EXECUTIONS}{id}/"
    assert admin.get(f"{old}nothing/change/").status_code == 404
    assert ExecutionLog.objects.count() == 1
