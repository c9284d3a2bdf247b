"""The marketplace's filters as its address holds them, with counts and ways to drop them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.core.paginator import Page

from plugins_app.admin.badges import BADGES
from plugins_app.services.catalogue import Badge, PluginView

MAX_QUERY = 200


@dataclass(frozen=True, slots=True)
class Option:
    """`count` is what choosing it would show under the other filters."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force; `without` is the query string that drops it."""

    label: str
    without: str


@dataclass(frozen=True, slots=True)
class PageLink:
    """A gap in the row of numbers has no address."""

    number: int | str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Filters:
    query: str = ""
    category: str = ""
    status: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Filters:
        return cls(
            query=params.get("q", "").replace("\0", "").strip()[:MAX_QUERY],
            category=params.get("category", "")[:64],
            status=params.get("status", "")[:64],
        )

    @property
    def active(self) -> bool:
        return self != Filters()

    def query_string(self, **more: object) -> str:
        """'?q=...' with only what is set; empty filters give '?'."""
        named = {"q": self.query, "category": self.category, "status": self.status, **more}
        return "?" + urlencode({name: value for name, value in named.items() if value})

    def chips(self) -> list[Chip]:
        chips = []
        if self.query:
            chips.append(Chip(f"Search: {self.query}", replace(self, query="").query_string()))
        if self.category:
            without = replace(self, category="").query_string()
            chips.append(Chip(f"Category: {self.category}", without))
        if self.status:
            without = replace(self, status="").query_string()
            chips.append(Chip(f"Status: {status_word(self.status)}", without))
        return chips

    def apply(self, found: Iterable[PluginView]) -> list[PluginView]:
        """To what the search has found."""
        return [
            view
            for view in found
            if self.category in {"", view.category} and self.status in {"", view.status}
        ]


def status_word(status: str) -> str:
    return BADGES[Badge(status)].word if status in set(Badge) else status


def category_options(
    everything: Iterable[PluginView], found: Iterable[PluginView], filters: Filters
) -> list[Option]:
    known = {view.category for view in everything if view.category}
    others = replace(filters, category="").apply(found)
    counts = Counter(view.category for view in others)
    return _options(sorted(known | {filters.category} - {""}), counts, filters.category, str)


def status_options(found: Iterable[PluginView], filters: Filters) -> list[Option]:
    others = replace(filters, status="").apply(found)
    counts = Counter(str(view.status) for view in others)
    known = [str(badge) for badge in reversed(Badge)]
    unknown = [] if filters.status in {"", *known} else [filters.status]
    return _options([*known, *unknown], counts, filters.status, status_word)


def _options(
    values: Iterable[str], counts: Mapping[str, int], chosen: str, label: Callable[[str], str]
) -> list[Option]:
    return [Option(v, label(v), counts.get(v, 0), v == chosen) for v in values]


def page_links(page: Page[PluginView], filters: Filters) -> list[PageLink]:
    links = []
    for number in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
        url = filters.query_string(page=number) if isinstance(number, int) else ""
        links.append(PageLink(number, url, number == page.number))
    return links
