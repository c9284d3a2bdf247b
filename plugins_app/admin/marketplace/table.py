"""The catalogue as a table: what its columns are called, ordered by, and say of a plugin."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from plugins_app.admin.cards import Card, error_share, error_tone
from plugins_app.admin.formats import NO_DATA, milliseconds, number, rate
from plugins_app.admin.marketplace.listing import Listing
from plugins_app.admin.marketplace.sorting import ORDER, Sort
from plugins_app.admin.tags import badge
from plugins_app.admin.values import moment


@dataclass(frozen=True, slots=True)
class Column:
    """`text` may be safe HTML. `order` names how it is ordered by; `metrics`: it takes the
    permission to see them."""

    order: str
    label: str
    text: Callable[[Listing, Card], str]
    numeric: bool = False
    metrics: bool = False
    tone: Callable[[Card], str] = lambda card: ""


@dataclass(frozen=True, slots=True)
class Head:
    """`value` is what choosing it makes the order; `state` is its aria-sort, or empty."""

    label: str
    name: str
    value: str
    state: str
    numeric: bool

    @property
    def icon(self) -> str:
        return {"ascending": "arrow-up", "descending": "arrow-down"}.get(
            self.state, "chevrons-up-down"
        )


@dataclass(frozen=True, slots=True)
class Cell:
    label: str
    text: str
    numeric: bool
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    card: Card
    cells: list[Cell]


def _last_used(page: Listing, card: Card) -> str:
    """Of what no discovery has written down it is not known."""
    return moment(page.used.get(card.name), "never" if card.view.row else NO_DATA)


COLUMNS = (
    Column("status", "Status", lambda page, card: badge(card.look, card.view.status_detail)),
    Column("version", "Version", lambda page, card: card.view.version),
    Column("tier", "Quality", lambda page, card: card.tier_word, metrics=True),
    Column("category", "Category", lambda page, card: card.view.category),
    Column("calls", "Calls 24 h", lambda page, card: number(card.calls), True, True),
    Column(
        "errors",
        "Errors",
        lambda page, card: rate(error_share(card.summary)),
        True,
        True,
        lambda card: error_tone(error_share(card.summary)),
    ),
    Column("p95", "p95", lambda page, card: milliseconds(card.summary.get("p95_ms")), True, True),
    Column(
        "hits",
        "Cache hits",
        lambda page, card: rate(card.summary.get("cache_hit_rate")),
        True,
        True,
    ),
    Column(
        "limited",
        "Rate-limited",
        lambda page, card: number(card.summary.get("rate_limited", 0)),
        True,
        True,
    ),
    Column("used", "Last used", _last_used, False, True),
    Column("changed", "Changed", lambda page, card: moment(page.changed.get(card.name), "")),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that may be put away."""

    name: str
    label: str
    shown: bool


def choices(page: Listing, hidden: Collection[str]) -> list[Choice]:
    return [Choice(each.order, each.label, each.order not in hidden) for each in _known(page)]


def heads(page: Listing, hidden: Collection[str]) -> list[Head]:
    sort = page.address.sort
    name = Head("Name", "name", _next("name", sort), _state("name", sort), False)
    return [name, *(_head(column, sort) for column in _shown(page, hidden))]


def rows(page: Listing, hidden: Collection[str]) -> list[Row]:
    columns = _shown(page, hidden)
    return [Row(card, [_cell(column, page, card) for column in columns]) for card in page.cards]


def _shown(page: Listing, hidden: Collection[str]) -> list[Column]:
    return [each for each in _known(page) if each.order not in hidden]


def _known(page: Listing) -> list[Column]:
    """To this reader."""
    return [each for each in COLUMNS if page.called is not None or not each.metrics]


def _head(column: Column, sort: Sort) -> Head:
    value, state = _next(column.order, sort), _state(column.order, sort)
    return Head(column.label, column.order, value, state, column.numeric)


def _cell(column: Column, page: Listing, card: Card) -> Cell:
    return Cell(column.label, column.text(page, card), column.numeric, column.tone(card))


def _state(name: str, sort: Sort) -> str:
    if sort.needs != name:
        return ""
    return "descending" if sort.descending else "ascending"


def _next(name: str, sort: Sort) -> str:
    """The way that an order begins; once it is in force, the other way."""
    if sort.needs == name:
        return name if sort.descending else f"-{name}"
    return ORDER[name].value
