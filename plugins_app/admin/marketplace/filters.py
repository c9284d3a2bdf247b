"""What is looked for: words, and values of facets. AND between facets, OR inside one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.http import QueryDict

from plugins_app.admin.marketplace.facets import FACET, FACETS, Facet
from plugins_app.services.catalogue import PluginView

MAX_QUERY = 200
_MAX_VALUE = 100
_MAX_VALUES = 50
OFFERED = 60
"""Tags and authors beyond these are found by the search."""

Chosen = Mapping[str, tuple[str, ...]]
"""facet -> its chosen values, without facets that have none."""
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Filters:
    query: str = ""
    chosen: Chosen = field(default_factory=dict)

    @classmethod
    def of(cls, params: QueryDict, *, metrics: bool = True) -> Filters:
        """`metrics`: whether facets that tell of calls are for this reader."""
        facets = [facet for facet in FACETS if metrics or not facet.metrics]
        chosen = {facet.name: _values(params.getlist(facet.name)) for facet in facets}
        return cls(
            query=params.get("q", "").replace("\0", "").strip()[:MAX_QUERY].strip(),
            chosen={name: values for name, values in chosen.items() if values},
        )

    @property
    def active(self) -> bool:
        return bool(self.query or self.chosen)

    @property
    def number(self) -> int:
        """Of chosen values."""
        return sum(map(len, self.chosen.values()))

    def pairs(self) -> Pairs:
        """As the address has them; a facet comes as often as it has values."""
        query = [("q", self.query)] if self.query else []
        return query + [(name, value) for name, value in self._each()]

    def without(self, name: str, value: str) -> Filters:
        left = tuple(each for each in self.chosen[name] if each != value)
        chosen = {**self.chosen, name: left}
        return Filters(self.query, {name: values for name, values in chosen.items() if values})

    def without_query(self) -> Filters:
        return Filters("", self.chosen)

    def apply(self, found: Iterable[PluginView]) -> list[PluginView]:
        """To what the search has found."""
        return [view for view in found if not self.failed(view)]

    def failed(self, view: PluginView) -> list[str]:
        """Names of the facets that keep it out."""
        return [
            name
            for name, values in self.chosen.items()
            if not any(value in values for value in FACET[name].values(view))
        ]

    def words(self) -> list[tuple[str, str, str]]:
        """(facet, value, 'Status: Enabled') of each chosen value."""
        return [(n, v, f"{FACET[n].label}: {FACET[n].word(v)}") for n, v in self._each()]

    def _each(self) -> Pairs:
        return [
            (facet.name, value) for facet in FACETS for value in self.chosen.get(facet.name, ())
        ]


def _values(given: Iterable[str]) -> tuple[str, ...]:
    clean = (value.replace("\0", "").strip()[:_MAX_VALUE].strip() for value in given)
    return tuple(dict.fromkeys(filter(None, clean)))[:_MAX_VALUES]


# --- what could be chosen -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Option:
    """`count` is what choosing it would show under the other facets."""

    value: str
    label: str
    count: int
    chosen: bool

    @property
    def disabled(self) -> bool:
        """What is chosen can be given up, also where it finds nothing."""
        return not self.count and not self.chosen


@dataclass(frozen=True, slots=True)
class Group:
    """A facet as the form shows it; `hidden` values are too rare to be offered."""

    facet: Facet
    options: list[Option]
    hidden: int

    @property
    def name(self) -> str:
        return self.facet.name

    @property
    def chosen(self) -> int:
        return sum(option.chosen for option in self.options)


def groups(
    everything: Iterable[PluginView], found: Iterable[PluginView], filters: Filters
) -> list[Group]:
    """`everything` says which values there are, `found` by the search how many each would show."""
    known = _known(everything)
    counts = known if found is everything and not filters.chosen else _counts(found, filters)
    return [
        _group(facet, known[facet.name], counts[facet.name], filters)
        for facet in FACETS
        if known[facet.name] or not facet.metrics
    ]


def _known(everything: Iterable[PluginView]) -> dict[str, Counter[str]]:
    known: dict[str, Counter[str]] = {facet.name: Counter() for facet in FACETS}
    for view in everything:
        for facet in FACETS:
            known[facet.name].update(facet.values(view))
    return known


def _counts(found: Iterable[PluginView], filters: Filters) -> dict[str, Counter[str]]:
    """A plugin counts for a facet that no other facet keeps it out of."""
    counts: dict[str, Counter[str]] = {facet.name: Counter() for facet in FACETS}
    for view in found:
        failed = filters.failed(view)
        if len(failed) < 2:
            for name in failed or counts:
                counts[name].update(FACET[name].values(view))
    return counts


def _group(facet: Facet, known: Counter[str], counts: Counter[str], filters: Filters) -> Group:
    chosen = filters.chosen.get(facet.name, ())
    ordered = facet.ordered({**dict.fromkeys(chosen, 0), **known}.items())
    offered = [v for n, v in enumerate(ordered) if n < OFFERED or v in chosen]
    options = [Option(v, facet.word(v), counts[v], v in chosen) for v in offered]
    return Group(facet, options, len(ordered) - len(offered))
