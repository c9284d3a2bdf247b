"""The audit trail's pages: what they find, show and hand out, and that nothing changes it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from plugins_app.admin.trail.diff import changes
from plugins_app.core.caller import Scope
from plugins_app.models import AuditEvent
from plugins_app.services import sync
from plugins_app.services.audit import CLI, Actor, record
from plugins_app.services.audit_search import Search, found
from plugins_app.services.keys import create_key
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

LIST = "/admin/audit/"
EXPORT = f"{LIST}export/"
AYU = Actor("user:7", "ayu", "admin", "req-1", "192.0.2.7")
Login = Callable[..., Client]


@pytest.fixture
def trail(admin: Client) -> Client:
    """Without what logging in left, five events; a client that may see them."""
    record(AYU, "disable", PRICING, before={"enabled": True}, after={"enabled": False},
           reason="prices are old")  # fmt: skip
    record(AYU, "enable", PRICING, before={"enabled": False}, after={"enabled": True})
    record(CLI, "key.create", "key:ci", after={"scopes": ["list", "execute"]})
    record(CLI, "key.revoke", "key:ci", reason="lost laptop")
    record(Actor("schedule", "schedule", "system"), "prune", "executions", after={"executions": 9})
    return admin


def shown(client: Client, query: str = "") -> list[str]:
    """'action object' of each row."""
    body = client.get(f"{LIST}{query}").content.decode()
    return re.findall(r", event \d+, ([^<]+)</span>", body)


EVERYTHING = [
    "prune executions",
    "key.revoke key:ci",
    "key.create key:ci",
    f"enable {PRICING}",
    f"disable {PRICING}",
]


def test_the_newest_event_is_the_first(trail: Client) -> None:
    assert shown(trail)[:5] == EVERYTHING


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?actor=ayu", EVERYTHING[3:]),
        ("?actor=AYU", EVERYTHING[3:]),
        ("?actor=user:7", EVERYTHING[3:]),
        ("?actor=cli&action=key.create", EVERYTHING[2:3]),
        ("?action=key.*", EVERYTHING[1:3]),
        ("?action=prune", EVERYTHING[:1]),
        (f"?object={PRICING}", EVERYTHING[3:]),
        ("?object=key:ci&q=lost", EVERYTHING[1:2]),
        ("?source=system", EVERYTHING[:1]),
        ("?request_id=req-1", EVERYTHING[3:]),
        ("?q=192.0.2.7", EVERYTHING[3:]),
        ("?q=prices+OLD", EVERYTHING[4:]),
        ("?q=execute", EVERYTHING[2:3]),
        ("?q=nothing", []),
        ("?actor_name=ayu", EVERYTHING[3:]),
    ],
)
def test_filters_stand_in_the_address_and_combine(
    trail: Client, query: str, wanted: list[str]
) -> None:
    assert shown(trail, query) == wanted


def test_days_are_whole_days_of_the_sites_zone(trail: Client, settings: Any) -> None:
    today = timezone.localdate()
    yesterday, tomorrow = (today + timedelta(days=step) for step in (-1, 1))
    assert shown(trail, f"?since={today}&until={today}")[:5] == EVERYTHING
    assert shown(trail, f"?until={yesterday}") == []
    assert shown(trail, f"?since={tomorrow}") == []


def test_a_day_that_is_none_is_told_and_kept_in_its_field(trail: Client) -> None:
    response = trail.get(f"{LIST}?since=yesterday")
    assert response.status_code == 400
    assert "From: This is not a day like 2027-01-31." in text(response)
    assert 'value="yesterday"' in response.content.decode()


def test_nothing_found_names_the_filters_and_the_way_back(trail: Client) -> None:
    response = trail.get(f"{LIST}?q=<b>&source=rest")
    assert "<em>Text: &lt;b&gt;</em>" in response.content.decode()
    assert "Clear filters" in text(response)


def test_an_empty_trail_says_what_will_stand_there(login: Login) -> None:
    client = login("view_auditevent")
    assert "Nothing recorded yet" in text(client.get(LIST))


def test_a_row_reads_from_before_to_after_with_the_reason(trail: Client) -> None:
    said = text(trail.get(f"{LIST}?action=disable"))
    assert "enabled true → false" in said
    assert "prices are old" in said
    assert "192.0.2.7" in said


def test_pages_go_on_from_the_last_event(trail: Client) -> None:
    for number in range(60):
        record(CLI, "reload", f"made.p{number}")
    first = trail.get(LIST).content.decode()
    (older,) = re.findall(r'href="(\?before=\d+)"', first)
    assert len(shown(trail)) == 50
    assert shown(trail, older)[:11] == [
        *[f"reload made.p{number}" for number in range(9, -1, -1)],
        EVERYTHING[0],
    ]


def test_a_page_takes_the_same_queries_however_long_the_trail(trail: Client) -> None:
    asked = []
    for count in (10, 120):
        for number in range(count):
            record(CLI, "reload", f"made.p{number}")
        with CaptureQueriesContext(connection) as captured:
            trail.get(f"{LIST}?q=made")
        asked.append(len(captured))
    assert 0 < asked[1] <= asked[0] <= 8
    assert not [query["sql"] for query in captured if "COUNT(*)" in query["sql"]]


def test_a_search_looks_at_so_many_events_and_says_where_to_go_on(db: None) -> None:
    events = [record(CLI, "reload", f"made.p{number}") for number in range(30)]
    page = found(Search(text="p3"), window=10)
    assert (page.rows, page.partial) == ([], True)
    assert found(Search(text="p3"), before=events[10].id, window=10).rows == [events[3]]


# --- one event ------------------------------------------------------------------------------------


def page_of(action: str) -> str:
    return f"{LIST}{AuditEvent.objects.filter(action=action).latest('id').pk}/"


def test_an_event_says_who_what_why_and_from_where(trail: Client) -> None:
    said = text(trail.get(page_of("disable")))
    for fact in ("prices are old", "192.0.2.7", "req-1", "user:7", "Admin pages"):
        assert fact in said
    assert "enabled true false" in said


def test_an_event_leads_to_its_object_its_request_and_its_neighbours(trail: Client) -> None:
    sync.discover(CLI)
    key = create_key(CLI, "ci", scopes=[Scope.LIST]).key
    event = AuditEvent.objects.get(action="disable")
    body = trail.get(page_of("disable")).content.decode()
    assert f'href="/admin/plugins/{PRICING}/"' in body
    assert f'href="{LIST}?object={PRICING}"' in body
    assert f'href="{LIST}?request_id=req-1"' in body
    assert f'href="{LIST}{event.pk + 1}/"' in body
    assert f"enable {PRICING}" in body
    assert f"/{key.pk}/" in trail.get(page_of("key.revoke")).content.decode()


def test_an_event_that_was_changed_says_so(trail: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "The content is what its hash was taken of" in text(trail.get(page_of("disable")))
    monkeypatch.setattr(AuditEvent, "computed_hash", lambda event: "another")
    assert "was changed after it was written" in text(trail.get(page_of("disable")))


@pytest.mark.parametrize("number", ["99999", "9" * 30])
def test_an_event_that_is_not_there_is_404(trail: Client, number: str) -> None:
    assert trail.get(f"{LIST}{number}/").status_code == 404


def test_no_control_on_any_page_changes_the_trail(trail: Client) -> None:
    for path in (LIST, page_of("disable")):
        main = trail.get(path).content.decode().partition("<main")[2]
        posts = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', main)
        assert set(posts) <= {EXPORT}
        for method in ("post", "put", "patch", "delete"):
            assert getattr(trail, method)(path).status_code in {403, 405}


def test_stock_addresses_lead_to_the_pages(trail: Client) -> None:
    old = "/admin/plugins_app/auditevent/"
    event = AuditEvent.objects.get(action="disable")
    assert trail.get(f"{old}?object=key:ci").headers["Location"] == f"{LIST}?object=key%3Aci"
    assert trail.get(f"{old}{event.pk}/change/").headers["Location"] == f"{LIST}{event.pk}/"


@pytest.mark.parametrize("path", [LIST, f"{LIST}1/"])
def test_the_trail_takes_its_own_permission(login: Login, path: str) -> None:
    refused = login("view_metrics").get(path)
    assert refused.status_code == 403
    assert "plugins_app.view_auditevent" in text(refused)


# --- files ----------------------------------------------------------------------------------------


def exported(client: Client, wanted: str, **filters: str) -> str:
    response: Any = client.post(EXPORT, {"format": wanted, **filters})
    assert response.status_code == 200
    assert f".{wanted}" in response.headers["Content-Disposition"]
    return b"".join(response.streaming_content).decode()


def test_a_json_file_has_what_was_found_with_hashes(trail: Client) -> None:
    events = json.loads(exported(trail, "json", action="key.*"))["events"]
    assert [event["action"] for event in events] == ["key.revoke", "key.create"]
    first = AuditEvent.objects.get(action="key.create")
    assert events[1]["after"] == {"scopes": ["list", "execute"]}
    assert (events[1]["hash"], events[0]["previous"]) == (first.hash, first.hash)


def test_a_csv_file_runs_in_no_table_program(trail: Client) -> None:
    record(CLI, "reload", "=1+1", reason='@a, "b"')
    (row,) = csv.DictReader(io.StringIO(exported(trail, "csv", action="reload")))
    assert (row["object"], row["reason"]) == ("'=1+1", '\'@a, "b"')


def test_an_export_is_an_event_and_not_in_the_file(trail: Client) -> None:
    events = json.loads(exported(trail, "json"))["events"]
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.object) == ("export", "audit")
    assert event.after == {"format": "json"}
    assert (event.actor_name, event.source, event.address) == ("ayu", "admin", "127.0.0.1")
    assert event.id not in [each["id"] for each in events]


@pytest.mark.parametrize("sent", [{}, {"format": "xml"}, {"format": "csv", "since": "x"}])
def test_what_is_not_understood_is_not_exported(trail: Client, sent: dict[str, str]) -> None:
    before = AuditEvent.objects.count()
    assert trail.post(EXPORT, sent).status_code == 400
    assert AuditEvent.objects.count() == before


# --- reading changes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ({"a": 1}, {"a": 2}, [("a", "1", "2")]),
        ({}, {"timeout": 3}, [("timeout", None, "3")]),
        ({"x": {"y": [1, "b"], "z": 1}}, {"x": {"y": [], "z": 1}},
         [("x.y", "1, b", "none"), ("x.z", "1", "1")]),
        (None, "New code has an error", [("", None, "New code has an error")]),
        ({"a": None}, {"a": ""}, [("a", None, '""')]),
        (None, None, []),
        ([{"a": 1}], None, [("", '[{"a": 1}]', None)]),
    ],
)  # fmt: skip
def test_a_change_is_read_line_by_line(
    before: Any, after: Any, wanted: list[tuple[str, str | None, str | None]]
) -> None:
    assert [(line.path, line.before, line.after) for line in changes(before, after)] == wanted
