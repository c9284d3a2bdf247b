"""GET /api/executions and /api/executions/{id}."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from ulid import ULID

from plugins_app.models import ApiKey, ExecutionLog, InstalledPlugin
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.executions import Wanted
from plugins_app.services.installed import write_down
from tests.api._call import Headers, is_problem, run

PATH = "/api/executions"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("lab")


@pytest.fixture
def logs(key: Any) -> Headers:
    return key("logs", name="reader")  # type: ignore[no-any-return]


def written(at: datetime = NOON, **fields: Any) -> str:
    """The id of a row that started then."""
    known = {
        "plugin": "lab.echo",
        "status": "succeeded",
        "caller": "key:zan_other",
        "source": "rest",
    }
    row = ExecutionLog(id=str(ULID.from_datetime(at)), started_at=at, **{**known, **fields})
    row.save(force_insert=True)
    return row.id


def ids(client: Client, headers: Headers, **query: Any) -> list[str]:
    response = client.get(PATH, query, headers=headers)
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["executions"]]


def shown(client: Client, id: str, headers: Headers) -> Any:
    return client.get(f"{PATH}/{id}", headers=headers).json()["execution"]


def own_id(client: Client, headers: Headers, name: str = "lab.echo", **input_data: Any) -> str:
    given = input_data or ({"text": "ha"} if name == "lab.echo" else {})
    body = run(client, name, headers, **given).json()
    return body.get("metadata", body)["execution_id"]  # type: ignore[no-any-return]


# --- whose ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PATH, f"{PATH}/01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_nobody_has_no_executions_of_their_own(client: Client, path: str) -> None:
    assert is_problem(client.get(path), 401, "unauthenticated")


def test_who_may_execute_reads_their_own(client: Client, key: Any) -> None:
    mine, other = key("execute", name="mine"), key("execute", name="other")
    id, foreign = own_id(client, mine), own_id(client, other)

    assert ids(client, mine) == [id]
    assert is_problem(client.get(f"{PATH}/{foreign}", headers=mine), 404, "not_found")


def test_who_may_read_logs_reads_those_of_all(client: Client, key: Any, logs: Headers) -> None:
    id = own_id(client, key("execute"))

    assert ids(client, logs) == [id]
    assert shown(client, id, logs)["id"] == id


@pytest.mark.parametrize("scope", ["list", "metrics", "reload", "config"])
@pytest.mark.parametrize("path", [PATH, f"{PATH}/01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_no_other_scope_reads(client: Client, key: Any, scope: str, path: str) -> None:
    assert is_problem(client.get(path, headers=key(scope)), 403, "forbidden")


def test_a_login_reads_its_own(login: Any) -> None:
    foreign = written()
    client = login()
    id = own_id(client, {})

    assert ids(client, {}) == [id]
    assert is_problem(client.get(f"{PATH}/{foreign}"), 404, "not_found")


def test_the_permission_reads_those_of_all(login: Any) -> None:
    foreign = written()

    assert ids(login("view_executionlog"), {}) == [foreign]


def test_a_key_reads_only_of_plugins_that_its_globs_name(client: Client, key: Any) -> None:
    echo, fails = written(plugin="lab.echo"), written(plugin="lab.fails")
    limited = key("logs", plugins=["lab.e*"])

    assert ids(client, limited) == [echo]
    assert ids(client, limited, plugin="lab.fails") == []
    assert is_problem(client.get(f"{PATH}/{fails}", headers=limited), 404, "not_found")


def test_the_globs_of_an_administrators_key_hold_here_too(client: Client, key: Any) -> None:
    echo = written(plugin="lab.echo")
    written(plugin="lab.fails")
    written(plugin="lab.gone")

    assert ids(client, key("admin", plugins=["lab.e*"])) == [echo]


def test_executions_of_a_plugin_for_staff_are_for_staff(
    client: Client, key: Any, logs: Headers, lab: Any
) -> None:
    id = written()
    write_down([lab.registry.get("lab.echo")], ())
    InstalledPlugin.objects.update(overrides={"visibility": "staff"})
    engine_loop.run(lab.take_policies())

    assert ids(client, logs) == []
    assert is_problem(client.get(f"{PATH}/{id}", headers=logs), 404, "not_found")
    assert ids(client, key("admin")) == [id]


def test_what_is_installed_no_more_is_left_to_staff(
    client: Client, key: Any, logs: Headers
) -> None:
    id = written(plugin="lab.gone")

    assert ids(client, logs) == []
    assert ids(client, key("admin")) == [id]


# --- the list -------------------------------------------------------------------------------------


def test_a_row_tells_what_was_called_by_whom_and_how_it_ended(client: Client, key: Any) -> None:
    mine = key("execute", name="mine")
    id = own_id(client, {**mine, "X-Request-Id": "r-1", "X-Zantara-Model": "haiku"})
    [row] = client.get(PATH, headers=mine).json()["executions"]

    assert (row["id"], row["plugin"], row["version"]) == (id, "lab.echo", "1.0.0")
    assert (row["status"], row["error_code"], row["attempts"]) == ("succeeded", "", 1)
    assert (row["caller"], row["caller_name"]) == (f"key:{ApiKey.objects.get().prefix}", "mine")
    assert (row["source"], row["request_id"], row["model"]) == ("rest", "r-1", "haiku")


def test_the_newest_come_first(client: Client, logs: Headers) -> None:
    rows = [written(NOON + timedelta(minutes=minute)) for minute in (1, 0, 2)]

    assert ids(client, logs) == [rows[2], rows[0], rows[1]]


MATCHING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"plugin": "lab.fails"}, {"plugin": "lab.fails"}),
    ({"plugin": "lab__fails"}, {"plugin": "lab.fails"}),
    ({"status": "failed"}, {"status": "failed"}),
    ({"error_code": "timeout"}, {"error_code": "timeout"}),
    ({"caller": "key:zan_one"}, {"caller": "key:zan_one"}),
    ({"source": "mcp"}, {"source": "mcp"}),
    ({"request_id": "r-1"}, {"request_id": "r-1"}),
    ({"cached": "true"}, {"cached": True}),
    ({"status": "failed", "source": "mcp"}, {"status": "failed", "source": "mcp"}),
]


@pytest.mark.parametrize(("query", "fields"), MATCHING)
def test_a_filter_leaves_what_fits(
    client: Client, logs: Headers, query: dict[str, Any], fields: dict[str, Any]
) -> None:
    written()
    fitting = written(**fields)

    assert ids(client, logs, **query) == [fitting]


def test_every_filter_is_tried() -> None:
    tried = {name for query, _ in MATCHING for name in query}

    assert tried | {"since", "until"} == set(Wanted.__dataclass_fields__)


def test_since_is_in_the_span_and_until_is_not(client: Client, logs: Headers) -> None:
    _, first, second, _ = (written(NOON + timedelta(milliseconds=ms)) for ms in (-1, 0, 1, 2))
    span = {
        "since": "2026-03-01T12:00:00Z",
        "until": "2026-03-01T12:00:00.002Z",
    }

    assert ids(client, logs, **span) == [second, first]


@pytest.mark.parametrize("since", ["2026-03-01T20:00:00+08:00", "2026-03-01t12:00:00z"])
def test_a_moment_may_be_written_in_any_offset(client: Client, logs: Headers, since: str) -> None:
    written(NOON - timedelta(milliseconds=1))
    id = written()

    assert ids(client, logs, since=since) == [id]


def test_a_span_before_all_time_is_empty(client: Client, logs: Headers) -> None:
    id = written()

    assert ids(client, logs, until="0001-01-01T00:00:00Z") == []
    assert ids(client, logs, since="0001-01-01T00:00:00Z") == [id]
    assert ids(client, logs, since="9999-12-31T23:59:59Z") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "0"),
        ("since", "1772366400"),
        ("since", "2026-03-01"),
        ("since", "2026-03-01T12:00:00"),
        ("until", "yesterday"),
        ("until", "2026-02-30T12:00:00Z"),
        ("status", "fine"),
        ("error_code", "Timeout"),
        ("cached", "perhaps"),
        ("cursor", "tomorrow"),
        ("cursor", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
        ("limit", "0"),
        ("limit", "501"),
        ("fields", "id,input"),
        ("source", "x" * 17),
        ("plugin", "x" * 201),
    ],
)
def test_a_wrong_value_is_400_and_named(
    client: Client, logs: Headers, name: str, value: str
) -> None:
    response = client.get(PATH, {name: value}, headers=logs)

    assert is_problem(response, 400, "invalid_parameter")
    assert response.json()["parameter"] == name


def test_fields_cuts_the_rows(client: Client, logs: Headers) -> None:
    written()
    rows = client.get(PATH, {"fields": "status,plugin"}, headers=logs).json()["executions"]

    assert rows == [{"status": "succeeded", "plugin": "lab.echo"}]


def test_pages_hold_every_row_once_while_others_are_added(client: Client, logs: Headers) -> None:
    before = [written(NOON + timedelta(seconds=each)) for each in range(7)]
    path, read = f"{PATH}?limit=2&source=rest&fields=id", []
    while path:
        body = client.get(path, headers=logs).json()
        read += [row["id"] for row in body["executions"]]
        written(NOON + timedelta(hours=1))
        path = body["next"]

    assert read == before[::-1]


def test_rows_of_the_same_millisecond_are_not_lost_between_pages(
    client: Client, logs: Headers
) -> None:
    rows = {written() for _ in range(5)}
    path, read = f"{PATH}?limit=2", []
    while path:
        body = client.get(path, headers=logs).json()
        read += [row["id"] for row in body["executions"]]
        path = body["next"]

    assert (len(read), set(read)) == (5, rows)


@pytest.mark.parametrize("root", ["/api", "/api/v1"])
def test_the_next_page_stays_under_its_root_and_keeps_the_query(
    client: Client, logs: Headers, root: str
) -> None:
    for _ in range(2):
        written()
    query = f"limit=1&plugin={quote('lab.echo')}"
    following = client.get(f"{root}/executions?{query}", headers=logs).json()["next"]

    assert following.startswith(f"{root}/executions?{query}&cursor=")


def test_the_last_page_has_no_next_one(client: Client, logs: Headers) -> None:
    written()

    assert client.get(f"{PATH}?limit=1", headers=logs).json()["next"] is None


def test_no_page_counts_or_skips_rows_or_reads_payloads(client: Client, logs: Headers) -> None:
    for each in range(3):
        written(NOON + timedelta(seconds=each))
    cursor = client.get(f"{PATH}?limit=1", headers=logs).json()["next"]
    with CaptureQueriesContext(connection) as asked:
        client.get(cursor, headers=logs)
    [sql] = [q["sql"] for q in asked if 'FROM "plugins_app_executionlog"' in q["sql"]]

    assert "COUNT(" not in sql
    assert "OFFSET" not in sql
    assert not any(f'"{payload}"' in sql for payload in ("input", "output", "traceback"))


def test_who_reads_executions_executes_nothing(client: Client, logs: Headers) -> None:
    ids(client, logs)

    assert not ExecutionLog.objects.exists()


# --- one of them ----------------------------------------------------------------------------------


def test_an_execution_has_its_input_and_output(client: Client, key: Any) -> None:
    mine = key("execute")
    row = shown(client, own_id(client, mine, text="ha", times=2), mine)

    assert row["input"]["text"] == "ha"
    assert row["output"]["text"] == "haha"
    assert row["status"] == "succeeded"


def test_secrets_are_masked_in_it(client: Client, key: Any) -> None:
    admin = key("admin")
    id = own_id(client, admin, "lab.safe", pin=271828)
    response = client.get(f"{PATH}/{id}", headers=admin)

    assert response.json()["execution"]["input"] == {"pin": "********"}
    assert b"271828" not in response.content


def test_what_was_cut_says_so(client: Client, key: Any) -> None:
    mine = key("execute")
    row = shown(client, own_id(client, mine, text="ha" * 100_000), mine)

    assert row["status"] == "succeeded"
    assert row["input"]["truncated"] is True
    assert len(str(row["input"])) < 70_000


def test_payloads_that_are_not_kept_are_null(client: Client, logs: Headers) -> None:
    row = shown(client, written(), logs)

    assert (row["input"], row["output"]) == (None, None)


def test_why_it_crashed_is_for_staff(client: Client, key: Any, logs: Headers) -> None:
    id = own_id(client, key("execute", name="caller"), "lab.crashes")
    row, full = shown(client, id, logs), shown(client, id, key("admin"))

    assert (row["status"], row["error_code"]) == ("failed", "plugin_error")
    assert "traceback" not in row
    assert "worker" not in row
    assert "RuntimeError" in full["traceback"]
    assert full["worker"]


def test_what_the_caller_was_told_tells_no_secret(client: Client, key: Any, logs: Headers) -> None:
    id = own_id(client, key("execute"), "lab.crashes")

    assert b"swordfish" not in client.get(f"{PATH}/{id}", headers=logs).content


@pytest.mark.parametrize("id", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "x", "0" * 64])
def test_an_execution_that_is_not_there_is_404(client: Client, logs: Headers, id: str) -> None:
    assert is_problem(client.get(f"{PATH}/{id}", headers=logs), 404, "not_found")


@pytest.mark.parametrize("id", ["0" * 65, "a.b", "a-b", "%00", "é"])
def test_what_is_no_id_is_404(client: Client, logs: Headers, id: str) -> None:
    assert is_problem(client.get(f"{PATH}/{id}", headers=logs), 404, "not_found")


def test_an_execution_that_ended_is_304_from_then_on(client: Client, logs: Headers) -> None:
    path = f"{PATH}/{written()}"
    etag = client.get(path, headers=logs)["ETag"]
    again = client.get(path, headers=logs | {"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


# --- what was logged ------------------------------------------------------------------------------


def log_of(client: Client, id: str, headers: Headers, **query: Any) -> Any:
    return client.get(f"{PATH}/{id}/logs", query, headers=headers).json()


def test_what_a_call_logged_is_told_with_level_and_fields(client: Client, logs: Headers) -> None:
    lines = [[1_000, 20, "began", {}], [2_000, 40, "failed", {"tries": 2}]]
    id = written(lines=json.dumps({"first": 2, "left_out": 0, "lines": lines}))
    told = log_of(client, id, logs)
    assert (told["execution_id"], told["left_out"]) == (id, 0)
    assert told["lines"][1] == {
        "number": 2,
        "at": "2026-03-01T12:00:00.002000Z",
        "level": "error",
        "message": "failed",
        "fields": {"tries": 2},
        "attempt": 0,
    }
    assert [line["number"] for line in log_of(client, id, logs, level="error")["lines"]] == [2]
    assert [line["number"] for line in log_of(client, id, logs, find="BEGAN")["lines"]] == [1]
    assert log_of(client, written(), logs)["lines"] == []


def test_reading_a_log_needs_its_scope_and_a_known_execution(
    client: Client, logs: Headers, key: Any
) -> None:
    id = written()
    answer = client.get(f"{PATH}/{id}/logs", headers=key("execute", name="other"))
    is_problem(answer, 403, "forbidden")
    answer = client.get(f"{PATH}/01ARZ3NDEKTSV4RRFFQ69G5FAV/logs", headers=logs)
    is_problem(answer, 404, "not_found")
    answer = client.get(f"{PATH}/{id}/logs", {"level": "loud"}, headers=logs)
    is_problem(answer, 400, "invalid_parameter")
