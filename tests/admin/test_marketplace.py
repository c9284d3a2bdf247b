"""The marketplace with all its filters, orders and pages, as its address says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.services import lifecycle, sync, usage
from plugins_app.services.audit import CLI
from plugins_app.services.execute import execute_and_wait
from tests.admin._many import write_many
from tests.admin.conftest import PRICING
from tests.admin.test_pages import cards, text

MARKETPLACE = "/admin/plugins/"
LIST, SEARCH = "team.list_members", "team.search_member"
MOST_QUERIES = 10
Login = Callable[..., Client]


@pytest.fixture
def known(admin: Client) -> Client:
    """As `admin`, and all plugins are written down."""
    sync.discover(CLI)
    return admin


def call(name: str, **data: Any) -> None:
    execute_and_wait(name, data, caller=SYSTEM_CALLER, source="cli")


def rows(response: Any) -> list[str]:
    return re.findall(
        r'<th scope="row">\s*<div class="name-cell">\s*<a href="/admin/plugins/([^"/]+)/"',
        response.content.decode(),
    )


def options(response: Any, facet: str) -> dict[str, tuple[int, bool]]:
    """value -> (count, whether it can be chosen)."""
    body = response.content.decode().partition(f'id="facet-{facet}"')[2].partition("</fieldset>")[0]
    found = re.findall(
        r'value="([^"]*)"([^>]*)>\s*<span class="facet-word">[^<]*</span>\s*'
        r'<span class="facet-count">(\d+)</span>',
        body,
    )
    return {value: (int(count), "disabled" not in flags) for value, flags, count in found}


def test_values_of_one_filter_unite_and_filters_intersect(admin: Client) -> None:
    query = "?category=bali-zero&category=identity&tag=directory&tag=pricing"
    assert cards(admin.get(f"{MARKETPLACE}{query}")) != []
    assert cards(admin.get(f"{MARKETPLACE}{query}&status=disabled")) == []


def test_counts_follow_the_other_filters_and_nothing_cannot_be_chosen(admin: Client) -> None:
    lifecycle.disable([LIST], CLI)
    statuses = options(admin.get(f"{MARKETPLACE}?category=identity"), "status")
    assert statuses["enabled"] == (1, True)
    assert statuses["disabled"] == (1, True)
    assert statuses["load_error"] == (0, False)
    categories = options(admin.get(f"{MARKETPLACE}?category=identity&status=disabled"), "category")
    assert categories == {"identity": (1, True), "bali-zero": (0, False)}


def test_controls_show_what_the_address_says(admin: Client) -> None:
    body = admin.get(
        f"{MARKETPLACE}?category=identity&sort=-calls&view=table&q=team"
    ).content.decode()
    assert re.search(r'value="identity"\s+checked', body)
    assert re.search(r'<option value="-calls" selected>Most used', body)
    assert re.search(r'name="view"\s+value="table"\s+checked', body)
    assert 'value="team"' in body
    assert 'aria-label="Remove filter Category: identity"' in body


def test_the_table_says_what_the_cards_say_and_more(known: Client) -> None:
    call(PRICING, query="E33G")
    response = known.get(f"{MARKETPLACE}?view=table")
    assert rows(response) == [PRICING, LIST, SEARCH]
    shown = text(response)
    for label in (
        "Calls 24 h",
        "Errors",
        "p95",
        "Cache hits",
        "Rate-limited",
        "Last used",
        "Changed",
    ):
        assert label in shown
    assert "just now" in shown or "min ago" in shown or " s ago" in shown


def test_columns_are_put_away_remembered_and_brought_back(known: Client) -> None:
    def columns() -> list[str]:
        body = known.get(f"{MARKETPLACE}?view=table").content.decode()
        return re.findall(r'name="sort"\s+id="sort-(\w+)"', body)

    before = columns()
    offered = before[1:]
    shown = [name for name in offered if name not in ("version", "hits")]
    sent = {"offered": offered, "shown": shown, "next": f"{MARKETPLACE}?view=table"}
    assert known.post("/admin/columns/", sent)["Location"] == sent["next"]
    assert columns() == ["name", *shown]
    known.post("/admin/columns/", {"offered": offered, "shown": offered})
    assert columns() == before


def test_columns_that_were_not_offered_stay_as_they_are(login: Login) -> None:
    client = login()
    client.cookies["zantara_columns"] = "calls.version.nonsense"
    client.post("/admin/columns/", {"offered": ["version", "status"], "shown": ["version"]})
    assert client.cookies["zantara_columns"].value == "status.calls"


def test_a_heading_orders_by_its_column_and_then_the_other_way(known: Client) -> None:
    call(LIST)
    body = known.get(f"{MARKETPLACE}?view=table").content.decode()
    assert re.search(r'name="sort"\s+id="sort-calls"\s+value="-calls"', body)
    response = known.get(f"{MARKETPLACE}?view=table&sort=-calls")
    assert rows(response)[0] == LIST
    assert re.search(
        r'aria-sort="descending">\s*<div[^>]*>\s*<button[^>]+value="calls"',
        response.content.decode(),
    )
    response = known.get(f"{MARKETPLACE}?view=table&sort=calls")
    assert rows(response)[-1] == LIST
    assert response.content.decode().count("aria-sort=") == 1


def test_an_order_that_only_the_table_has_stays_chosen_in_the_grid(admin: Client) -> None:
    body = admin.get(f"{MARKETPLACE}?sort=errors").content.decode()
    assert '<option value="errors" selected>Error rate' in body


@pytest.mark.parametrize("sort", ["-used", "-calls", "-p95"])
def test_orders_by_what_was_called(known: Client, sort: str) -> None:
    assert cards(known.get(MARKETPLACE))[0] == PRICING
    call(SEARCH, query="Zero")
    assert cards(known.get(f"{MARKETPLACE}?sort={sort}"))[0] == SEARCH


def test_recently_changed_and_added_put_the_newest_first(family: Path, known: Client) -> None:
    write_many(family, 1)
    sync.discover(CLI)
    for sort in ("-changed", "-added"):
        assert cards(known.get(f"{MARKETPLACE}?sort={sort}"))[0] == "many.p0000"


def test_without_the_permission_there_are_no_figures_to_see_or_order_by(login: Login) -> None:
    response = login().get(f"{MARKETPLACE}?view=table&sort=-calls")
    body = response.content.decode()
    assert "Calls 24 h" not in body
    assert "Last used" not in body
    assert "Most used" not in body
    assert "aria-sort" not in body
    assert rows(response) == [PRICING, LIST, SEARCH]


def test_pages_have_the_length_that_was_chosen(family: Path, admin: Client) -> None:
    write_many(family, 60)
    sync.discover(CLI)
    assert len(cards(admin.get(MARKETPLACE))) == 24
    response = admin.get(f"{MARKETPLACE}?q=many&per=48&page=2")
    assert len(cards(response)) == 12
    assert "49 to 60 of 60" in text(response)
    assert 'href="?q=many&amp;per=48"' in response.content.decode()


def test_a_thousand_plugins_take_no_more_queries_than_three(family: Path, admin: Client) -> None:
    write_many(family, 1_000)
    sync.discover(CLI)
    call("many.p0007")
    for query in ("", "?view=table&sort=-used&per=96", "?q=many&sort=-changed&category=tax&tag=t1"):
        with CaptureQueriesContext(connection) as queries:
            response = admin.get(f"{MARKETPLACE}{query}")
        assert response.status_code == 200
        assert 0 < len(queries) <= MOST_QUERIES
        assert not [q for q in queries if "plugins_app_executionlog" in q["sql"]]


def test_last_used_and_changed_are_known_of_those_that_were(known: Client) -> None:
    call(PRICING, query="E33G")
    assert set(usage.last_used()) == {PRICING}
    assert usage.last_used([LIST]) == {}
    assert set(usage.last_changed([PRICING, LIST])) == {PRICING, LIST}


def test_calls_by_the_hour_end_with_the_running_one(known: Client) -> None:
    call(LIST)
    call(LIST)
    hours = usage.by_hour([LIST, PRICING])
    assert [len(each) for each in hours.values()] == [usage.HOURS] * 2
    assert sum(hours[LIST][-2:]) == 2
    assert sum(hours[PRICING]) == 0
    assert 'class="card-line"' in known.get(MARKETPLACE).content.decode()


def test_a_name_that_is_nearly_right_is_offered(admin: Client) -> None:
    assert "You may have meant team.list_members" in text(
        admin.get(f"{MARKETPLACE}?q=tem.lst_membrs")
    )
    assert "You may have meant" not in text(admin.get(f"{MARKETPLACE}?q=team&category=tax"))


def test_a_card_leads_to_trying_what_is_loaded(family: Path, admin: Client) -> None:
    (family / "broken.py").write_text("import no_such_module_at_all\n")
    sync.discover(CLI)
    body = admin.get(MARKETPLACE).content.decode()
    assert f"/admin/plugins/{PRICING}/try/" in body
    assert body.count("/try/") == 3


def test_tiers_are_on_cards_a_filter_and_a_column(known: Client) -> None:
    body = known.get(MARKETPLACE).content.decode()
    assert 'name="tier"' in body
    for value in ("gold", "silver", "bronze", "none"):
        found = cards(known.get(f"{MARKETPLACE}?tier={value}"))
        medals = known.get(f"{MARKETPLACE}?tier={value}").content.decode().count(f"medal-{value}")
        assert medals == (0 if value == "none" else len(found))
    assert "Quality" in text(known.get(f"{MARKETPLACE}?view=table&sort=-tier"))


def test_tiers_are_not_for_those_who_may_not_see_metrics(login: Login) -> None:
    client = login("view_installedplugin")
    body = client.get(f"{MARKETPLACE}?tier=gold").content.decode()
    assert 'name="tier"' not in body
    assert "medal" not in body
    assert PRICING in body
