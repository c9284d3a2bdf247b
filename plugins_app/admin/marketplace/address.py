"""The whole state of the page as its address has it, so that links and the way back restore it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.core.paginator import Page
from django.http import QueryDict

from plugins_app.admin.marketplace.filters import Filters, Pairs
from plugins_app.admin.marketplace.sorting import Sort
from plugins_app.services.catalogue import PluginView

PER_PAGE = (24, 48, 96)
GRID, TABLE = "", "table"


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force; `url` is the query string that drops it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class PageLink:
    """A gap in the row of numbers has no address."""

    number: int | str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Address:
    filters: Filters = field(default_factory=Filters)
    sort: Sort = field(default_factory=Sort)
    view: str = GRID
    per_page: int = PER_PAGE[0]

    @classmethod
    def of(cls, params: QueryDict, *, metrics: bool) -> Address:
        """`metrics`: whether the reader may see them."""
        return cls(
            Filters.of(params, metrics=metrics),
            Sort.of(params.get("sort", ""), metrics=metrics),
            TABLE if params.get("view") == TABLE else GRID,
            next((n for n in PER_PAGE if str(n) == params.get("per")), PER_PAGE[0]),
        )

    @property
    def is_table(self) -> bool:
        return self.view == TABLE

    @property
    def url(self) -> str:
        """'?q=...' with only what is set; an address without anything is '?'."""
        return self._with(())

    def page_url(self, number: int) -> str:
        return self._with([("page", str(number))] if number > 1 else ())

    @property
    def cleared(self) -> str:
        """Without filters, but still so arranged."""
        return replace(self, filters=Filters()).url

    def chips(self) -> list[Chip]:
        chips = []
        if query := self.filters.query:
            without = replace(self, filters=self.filters.without_query())
            chips.append(Chip(f"Search: {query}", without.url))
        for name, value, label in self.filters.words():
            left = replace(self, filters=self.filters.without(name, value))
            chips.append(Chip(label, left.url))
        return chips

    def page_links(self, page: Page[PluginView]) -> list[PageLink]:
        links = []
        for number in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
            url = self.page_url(number) if isinstance(number, int) else ""
            links.append(PageLink(number, url, number == page.number))
        return links

    def _with(self, more: Pairs | tuple[()]) -> str:
        per = str(self.per_page) if self.per_page != PER_PAGE[0] else ""
        arranged = [("sort", self.sort.value), ("view", self.view), ("per", per)]
        pairs = [*self.filters.pairs(), *((n, v) for n, v in arranged if v), *more]
        return "?" + urlencode(pairs)
