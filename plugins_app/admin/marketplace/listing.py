"""What one look at the catalogue shows: found, filtered, ordered, and cut into a page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator

from plugins_app.admin.cards import Card, card
from plugins_app.admin.marketplace.address import Address
from plugins_app.admin.marketplace.filters import Group, groups
from plugins_app.admin.marketplace.sorting import Known
from plugins_app.core.caller import Caller
from plugins_app.core.metrics import summary
from plugins_app.core.search import suggestions
from plugins_app.services import catalogue, metrics, usage
from plugins_app.services.catalogue import PluginView
from plugins_app.services.favourites import with_favourites
from plugins_app.services.quality import with_tiers

NOTHING = summary({})


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks, what they may know, and the names of their favourites."""

    caller: Caller
    may_see_metrics: bool
    favourites: frozenset[str]


@dataclass(frozen=True)
class Listing:
    """`called` is None for those who may not see metrics."""

    address: Address
    everything: list[PluginView]
    found: list[PluginView]
    matching: list[PluginView]
    called: dict[str, dict[str, Any]] | None
    page: Page[PluginView]

    @cached_property
    def groups(self) -> list[Group]:
        return groups(self.everything, self.found, self.address.filters)

    @cached_property
    def cards(self) -> list[Card]:
        drawn = self.called is not None and not self.address.is_table
        hours = usage.by_hour(self._shown) if drawn else {}
        return [card(view, self._summary(view.name), hours.get(view.name)) for view in self.page]

    @cached_property
    def suggestions(self) -> list[str]:
        """Names that may have been meant, where the search finds nothing at all."""
        names = [view.name for view in self.everything]
        return [] if self.found else suggestions(names, self.address.filters.query)

    @cached_property
    def used(self) -> dict[str, datetime]:
        return usage.last_used(self._shown) if self.called is not None else {}

    @cached_property
    def changed(self) -> dict[str, datetime]:
        return usage.last_changed(self._shown)

    @property
    def _shown(self) -> Collection[str]:
        return [view.name for view in self.page]

    def _summary(self, name: str) -> dict[str, Any] | None:
        return None if self.called is None else self.called.get(name, NOTHING)


def matching(reader: Reader, address: Address) -> list[PluginView]:
    """All that the filters let through, on whichever page."""
    everything = _everything(reader)
    return address.filters.apply(_found(everything, address))


def listing(reader: Reader, address: Address, number: str | None) -> Listing:
    everything = _everything(reader)
    found = _found(everything, address)
    called = metrics.totals() if reader.may_see_metrics else None
    known = _known(address.sort.needs, called or {})
    ordered = address.sort.apply(address.filters.apply(found), known)
    page = Paginator(ordered, address.per_page).get_page(number)
    return Listing(address, everything, found, ordered, called, page)


def _everything(reader: Reader) -> list[PluginView]:
    views = with_favourites(catalogue.views(reader.caller), reader.favourites)
    return with_tiers(views) if reader.may_see_metrics else views


def _found(everything: list[PluginView], address: Address) -> list[PluginView]:
    query = address.filters.query
    return catalogue.ranked(everything, query) if query else everything


def _known(needed: str, called: dict[str, dict[str, Any]]) -> Known:
    """Only what the order asks for is read."""
    return Known(
        metrics=called,
        changed=usage.last_changed() if needed == "changed" else {},
        used=usage.last_used() if needed == "used" else {},
    )
