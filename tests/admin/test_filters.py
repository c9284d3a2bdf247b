from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator

from plugins_app.admin.filters import Filters, category_options, page_links, status_options
from plugins_app.core.metadata import PluginCategory
from plugins_app.core.state import BreakerState
from plugins_app.models import InstalledPlugin
from plugins_app.services.catalogue import Badge, PluginView


def view(name: str, category: PluginCategory, status: Badge = Badge.ENABLED) -> PluginView:
    row = InstalledPlugin(name=name, category=str(category))
    return PluginView(name, "1.0.0", status, "", True, BreakerState.CLOSED, None, None, row)


PRICING = view("bali_zero.pricing", PluginCategory.BALI_ZERO)
TEAM = view("team.list", PluginCategory.IDENTITY, Badge.DISABLED)
SEARCH = view("team.search", PluginCategory.IDENTITY)
ALL = [PRICING, TEAM, SEARCH]


def test_the_address_holds_only_filters_that_are_set() -> None:
    assert Filters().query_string() == "?"
    assert Filters("a b", status="disabled").query_string() == "?q=a+b&status=disabled"


def test_filters_are_read_without_blanks_and_nul() -> None:
    found = Filters.of({"q": " pri\0c ", "category": "tax"})
    assert found == Filters("pric", "tax", "")


def test_filters_must_all_hold() -> None:
    assert Filters(category="identity", status="enabled").apply(ALL) == [SEARCH]


def test_each_chip_drops_its_own_filter_alone() -> None:
    chips = Filters("pric", "identity", "load_error").chips()
    assert [chip.label for chip in chips] == [
        "Search: pric",
        "Category: identity",
        "Status: Load error",
    ]
    assert chips[1].without == "?q=pric&status=load_error"


def test_a_count_is_what_choosing_would_show_under_the_other_filters() -> None:
    options = category_options(ALL, ALL, Filters(category="bali-zero", status="disabled"))
    assert [(o.value, o.count, o.chosen) for o in options] == [
        ("bali-zero", 0, True),
        ("identity", 1, False),
    ]


def test_statuses_are_all_offered_also_without_plugins() -> None:
    counts = {option.value: option.count for option in status_options(ALL, Filters())}
    assert counts["enabled"] == 2
    assert counts["circuit_open"] == 0
    assert len(counts) == len(Badge)


def test_a_filter_nobody_knows_stays_chosen_and_finds_nothing() -> None:
    filters = Filters(category="nope", status="odd")
    assert filters.apply(ALL) == []
    assert [o.value for o in category_options(ALL, ALL, filters) if o.chosen] == ["nope"]
    assert [o.value for o in status_options(ALL, filters) if o.chosen] == ["odd"]


def test_page_links_keep_the_filters_and_mark_the_page() -> None:
    page: Any = Paginator(range(100), 10).get_page(5)
    links = page_links(page, Filters("x"))
    assert [link.number for link in links] == [1, "…", 4, 5, 6, "…", 10]
    assert [link.current for link in links].index(True) == 3
    assert links[0].url == "?q=x&page=1"
    assert links[1].url == ""
