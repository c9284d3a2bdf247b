"""What the marketplace's filters let through, what they count, and how addresses hold them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.admin.marketplace.address import PER_PAGE, Address
from plugins_app.admin.marketplace.facets import FACET, FACETS
from plugins_app.admin.marketplace.filters import OFFERED, Filters, groups
from plugins_app.admin.marketplace.sorting import ORDER, Known, Sort
from plugins_app.core.loaded import LoadedPlugin, build
from plugins_app.core.metadata import MODEL_FAMILIES, Deprecation, PluginCategory, PluginMetadata
from plugins_app.core.plugin import Plugin, PluginInput, PluginOutput
from plugins_app.core.state import BreakerState
from plugins_app.models import InstalledPlugin
from plugins_app.services.catalogue import Badge, PluginView

GONE = Deprecation(date=datetime.date(2027, 3, 1))
CATEGORIES = (PluginCategory.TAX, PluginCategory.MAPS, PluginCategory.IDENTITY)
TIERS = ("", "none", "bronze", "gold")
TAGS, AUTHORS = ("a", "b", "c"), ("", "Ayu", "Made")


def view(
    name: str,
    status: Badge = Badge.ENABLED,
    tier: str = "",
    favourite: bool = False,
    **metadata: Any,
) -> PluginView:
    loaded = None if status is Badge.LOAD_ERROR else plugin(name, **metadata)
    row = InstalledPlugin(name=name, category=str(metadata.get("category", "general")))
    state = BreakerState.CLOSED
    return PluginView(name, "1.0.0", status, "", True, state, loaded, None, row, tier, favourite)


def plugin(name: str, **fields: Any) -> LoadedPlugin:
    class Any_(Plugin[PluginInput, PluginOutput]):
        metadata = PluginMetadata(name=name, **fields)

        async def execute(self, input_data: PluginInput) -> PluginOutput:
            raise AssertionError

    return build(Any_, lambda name: {}, "hash")


views = st.builds(
    view,
    st.from_regex(r"[a-z]{1,6}\.[a-z]{1,6}", fullmatch=True),
    st.sampled_from(Badge),
    st.sampled_from(TIERS),
    st.booleans(),
    category=st.sampled_from(CATEGORIES),
    tags=st.sets(st.sampled_from(TAGS)).map(tuple),
    author=st.sampled_from(AUTHORS),
    allowed_models=st.sets(st.sampled_from(MODEL_FAMILIES)).map(tuple),
    requires_auth=st.booleans(),
    requires_admin=st.booleans(),
    legacy_handler_key=st.sampled_from((None, "oldKey")),
    deprecated=st.sampled_from((None, GONE)),
)
catalogues = st.lists(views, max_size=8, unique_by=lambda view: view.name)
VALUES = {
    "tier": TIERS[1:],
    "category": ("tax", "maps", "nowhere"),
    "status": tuple(map(str, Badge)),
    "favourite": ("yes",),
    "tag": TAGS,
    "author": ("Ayu", "Made", "Nobody"),
    "model": MODEL_FAMILIES,
    **dict.fromkeys(("auth", "admin", "legacy", "deprecated"), ("yes", "no")),
}
chosen = st.fixed_dictionaries(
    {}, optional={n: st.sets(st.sampled_from(v), min_size=1).map(tuple) for n, v in VALUES.items()}
)
filters = st.builds(Filters, st.just(""), chosen)


def names(found: Sequence[PluginView]) -> set[str]:
    return {each.name for each in found}


def one(facet: str, value: str) -> Filters:
    return Filters("", {facet: (value,)})


def test_every_facet_is_tried() -> None:
    assert set(VALUES) == {facet.name for facet in FACETS}


@given(catalogues, filters)
def test_facets_intersect_and_their_values_unite(found: list[PluginView], wanted: Filters) -> None:
    expected = names(found)
    for facet, values in wanted.chosen.items():
        expected &= set().union(*(names(one(facet, value).apply(found)) for value in values))
    assert names(wanted.apply(found)) == expected


@given(catalogues, filters)
def test_a_count_is_what_choosing_that_value_alone_would_show(
    found: list[PluginView], wanted: Filters
) -> None:
    for group in groups(found, found, wanted):
        for option in group.options:
            instead = Filters("", {**wanted.chosen, group.name: (option.value,)})
            assert option.count == len(instead.apply(found))


@given(catalogues, filters)
def test_no_plugin_is_without_an_option_that_finds_it(
    found: list[PluginView], wanted: Filters
) -> None:
    for group in groups(found, found, wanted):
        offered = {option.value for option in group.options}
        assert all(set(FACET[group.name].values(each)) <= offered for each in found)


@given(catalogues, filters)
def test_what_is_chosen_can_always_be_given_up(found: list[PluginView], wanted: Filters) -> None:
    for group in groups(found, [], wanted):
        of_group = [option for option in group.options if option.chosen]
        assert {option.value for option in of_group} == set(wanted.chosen.get(group.name, ()))
        assert not any(option.disabled for option in of_group)
        assert all(option.disabled for option in group.options if not option.chosen)


addresses = st.builds(
    Address,
    st.builds(Filters, st.text(max_size=20).map(lambda t: t.replace("\0", "").strip()), chosen),
    st.sampled_from([Sort(), *(Sort(o, d) for o in ORDER.values() for d in (True, False))]),
    st.sampled_from(("", "table")),
    st.sampled_from(PER_PAGE),
)


@given(addresses)
def test_an_address_restores_the_page(address: Address) -> None:
    again = Address.of(QueryDict(address.url.removeprefix("?")), metrics=True)

    assert again == address
    assert again.url == address.url


@given(addresses)
def test_each_chip_drops_its_own_filter_alone(address: Address) -> None:
    pairs = address.filters.pairs()
    left = [QueryDict(chip.url[1:]) for chip in address.chips()]

    assert len(left) == len(pairs)
    for dropped, params in zip(pairs, left, strict=True):
        remaining = [pair for pair in pairs if pair != dropped]
        assert Address.of(params, metrics=True).filters.pairs() == remaining


def test_chips_say_what_they_are() -> None:
    address = Address(Filters("pric", {"status": ("load_error",), "auth": ("yes",)}))
    assert [chip.label for chip in address.chips()] == [
        "Search: pric",
        "Status: Load error",
        "Login or API key: Required",
    ]
    assert address.chips()[1].url == "?q=pric&auth=yes"
    assert Address().url == "?"


def test_clearing_keeps_the_arrangement() -> None:
    address = Address.of(QueryDict("q=x&tag=a&sort=-calls&view=table&per=48"), metrics=True)
    assert address.cleared == "?sort=-calls&view=table&per=48"


def test_addresses_are_read_without_blanks_nul_and_repeats() -> None:
    read = Filters.of(QueryDict("q=+pri%00c+&tag=+a+&tag=a&tag=&nope=1&category=%00"))
    assert read == Filters("pric", {"tag": ("a",)})


def test_who_may_not_see_figures_cannot_order_by_them() -> None:
    assert Address.of(QueryDict("sort=-calls"), metrics=False).sort == Sort()
    assert Address.of(QueryDict("sort=-calls"), metrics=True).sort == Sort(ORDER["calls"], True)
    assert Address.of(QueryDict("sort=-nonsense&per=7&view=x"), metrics=True) == Address()


def test_common_values_come_first_and_rare_ones_are_left_to_the_search() -> None:
    many = [view(f"x.p{n}", tags=("all", f"tag-{n:03}")) for n in range(OFFERED + 5)]
    rare = f"tag-{OFFERED + 4:03}"
    shown = groups(many, many, Filters("", {"tag": (rare,)}))
    (tags,) = [group for group in shown if group.name == "tag"]
    assert [tags.options[0].value, tags.options[0].count] == ["all", OFFERED + 5]
    assert tags.hidden == 5
    assert tags.options[-1].value == rare
    assert tags.options[-1].chosen


@given(catalogues, st.sampled_from(sorted(ORDER)), st.booleans(), st.data())
def test_an_order_keeps_every_plugin_and_puts_unknown_values_last(
    found: list[PluginView], name: str, descending: bool, data: st.DataObject
) -> None:
    figures = st.fixed_dictionaries(
        {key: st.none() | st.integers(0, 3) for key in ("calls", "p95_ms", "success_rate")}
    )
    metrics = {each.name: data.draw(figures) for each in found}
    known = Known(metrics, {}, {})

    ordered = Sort(ORDER[name], descending).apply(found, known)

    keys = [ORDER[name].key(each, known) for each in ordered]
    ranked = [key for key in keys if key is not None]
    assert names(ordered) == names(found)
    assert ranked == sorted(ranked, reverse=descending)
    assert keys[: len(ranked)] == ranked


def test_without_an_order_the_search_decides() -> None:
    found = [view("z.best"), view("a.next")]
    assert Sort().apply(found, Known({}, {}, {})) == found


def test_page_links_keep_the_address_and_mark_the_page() -> None:
    page: Any = Paginator(range(100), 10).get_page(5)
    links = Address(Filters("x"), view="table").page_links(page)
    assert [link.number for link in links] == [1, "…", 4, 5, 6, "…", 10]
    assert [link.current for link in links].index(True) == 3
    assert links[0].url == "?q=x&view=table"
    assert links[2].url == "?q=x&view=table&page=4"
    assert links[1].url == ""
