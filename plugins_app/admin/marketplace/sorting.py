"""In which order plugins stand. What has no value for an order stands last in it either way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugins_app.admin.cards import error_share
from plugins_app.core.quality import Tier
from plugins_app.services.catalogue import Badge, PluginView

RELEVANCE = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of all plugins beside what they are, by name."""

    metrics: Mapping[str, Mapping[str, Any]]
    changed: Mapping[str, datetime]
    used: Mapping[str, datetime]


Key = Callable[[PluginView, Known], Any]
"""None where the plugin has no such value."""


@dataclass(frozen=True, slots=True)
class Order:
    """`descending` is how it begins; `label` is how the choice of orders calls that."""

    name: str
    label: str
    key: Key
    descending: bool = True
    metrics: bool = False
    """Whether it would show figures to those who may not see them."""

    @property
    def value(self) -> str:
        """As the address has it."""
        return f"-{self.name}" if self.descending else self.name


def _metric(name: str) -> Key:
    return lambda view, known: known.metrics.get(view.name, {}).get(name)


def _count(name: str) -> Key:
    return lambda view, known: known.metrics.get(view.name, {}).get(name, 0)


def _version(view: PluginView, known: Known) -> Any:
    return view.metadata.parsed_version if view.metadata else None


def _tier(view: PluginView, known: Known) -> Any:
    return Tier[view.tier.upper()] if view.tier else None


ORDERS = (
    Order("name", "Name", lambda view, known: view.name, descending=False),
    Order("changed", "Recently changed", lambda view, known: known.changed.get(view.name)),
    Order("added", "Recently added", lambda view, known: view.row and view.row.first_seen),
    Order("calls", "Most used", _count("calls"), metrics=True),
    Order("p95", "Slowest p95", _metric("p95_ms"), metrics=True),
    Order("failures", "Most errors", _count("failures"), metrics=True),
    Order("used", "Last used", lambda view, known: known.used.get(view.name), metrics=True),
)
"""Those that the page offers; the table has more."""
_STATUSES = list(Badge)
_OF_THE_TABLE = (
    Order("status", "Status", lambda v, k: _STATUSES.index(v.status), descending=False),
    Order("version", "Version", _version),
    Order("tier", "Quality", _tier, metrics=True),
    Order("category", "Category", lambda v, k: v.category or None, descending=False),
    Order(
        "errors", "Error rate", lambda v, k: error_share(k.metrics.get(v.name, {})), metrics=True
    ),
    Order("hits", "Cache hits", _metric("cache_hit_rate"), metrics=True),
    Order("limited", "Rate-limited", _count("rate_limited"), metrics=True),
)
ORDER = {order.name: order for order in (*ORDERS, *_OF_THE_TABLE)}


@dataclass(frozen=True, slots=True)
class Sort:
    """`order` None: as the search ranks them, and by name where nothing is searched."""

    order: Order | None = None
    descending: bool = False

    @classmethod
    def of(cls, text: str, *, metrics: bool) -> Sort:
        """From an address; what nobody knows, or may not see, is no order."""
        order = ORDER.get(text.removeprefix("-"))
        if order is None or (order.metrics and not metrics):
            return cls()
        return cls(order, text.startswith("-"))

    @property
    def value(self) -> str:
        if self.order is None:
            return RELEVANCE
        return f"-{self.order.name}" if self.descending else self.order.name

    @property
    def needs(self) -> str:
        return self.order.name if self.order else ""

    def apply(self, found: Iterable[PluginView], known: Known) -> list[PluginView]:
        found = list(found)
        if self.order is None:
            return found
        found.sort(key=lambda view: view.name)
        keyed = [(self.order.key(view, known), view) for view in found]
        ranked = [pair for pair in keyed if pair[0] is not None]
        ranked.sort(key=lambda pair: pair[0], reverse=self.descending)
        return [view for _, view in ranked] + [view for key, view in keyed if key is None]
