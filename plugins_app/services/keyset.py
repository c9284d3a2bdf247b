"""Pages of a long table by its primary key, newest first: no page counts rows or skips over them,
and none reads more than `window` of them, however long the table and whatever is looked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max, Min, Q, QuerySet

LIMIT = 50
WINDOW = 20_000


@dataclass(frozen=True, slots=True)
class Page:
    """`older` and `newer` are the keys to go on from, or None. `partial`: no more rows were looked
    at, though there are older ones."""

    rows: list[Any]
    newer: Any = None
    older: Any = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """`base` is answered by an index that also has the order; `rest` is looked for row by row.
    `either`: rows of any of these, each with such an index of its own."""

    base: Q
    rest: Q
    before: Any = None
    after: Any = None
    either: tuple[Q, ...] = ()


def page(rows: QuerySet[Any], wanted: Wanted, *, limit: int = LIMIT, window: int = WINDOW) -> Page:
    parts = _parts(rows, wanted)
    window //= len(parts)
    if wanted.after is not None:
        above = [part.filter(pk__gt=wanted.after) for part in parts]
        newer = _newer(above, wanted.rest, limit, window)
        if newer is not None:
            return newer
        return _older(parts, wanted.rest, limit, window, first=True)
    if wanted.before is not None:
        below = [part.filter(pk__lt=wanted.before) for part in parts]
        return _older(below, wanted.rest, limit, window, first=False)
    return _older(parts, wanted.rest, limit, window, first=True)


def key_of(model: Any, text: str) -> Any:
    """A key from an address; None for what cannot be one."""
    if not text or "\0" in text:
        return None
    try:
        return model._meta.pk.to_python(text)
    except ValidationError:
        return None


def newest(
    rows: QuerySet[Any], wanted: Wanted, *, limit: int, window: int = WINDOW
) -> tuple[list[Any], bool]:
    """At most so many of what is wanted, newest first, and whether there may be more. `rows` may
    be of named values, `pk` among them."""
    parts = _parts(rows, wanted)
    found, floor = _newest(parts, wanted.rest, limit, window // len(parts))
    return found[:limit], len(found) > limit or floor is not None


def sample(rows: QuerySet[Any], wanted: Wanted, window: int = WINDOW) -> tuple[list[Any], bool]:
    """All of what is wanted among the newest rows, of which no more than `window` are read; and
    whether there are older ones. `rows` as for `newest`."""
    parts = _parts(rows, wanted)
    share = window // len(parts)
    floor = _floor(parts, share)
    seen = wanted.rest if floor is None else wanted.rest & Q(pk__gte=floor)
    return _merged(parts, seen, "-pk", share), floor is not None


def floor_of(rows: QuerySet[Any], wanted: Wanted, window: int = WINDOW) -> Any:
    """The key below which nothing would be looked at any more; None, where nothing is below."""
    parts = _parts(rows, wanted)
    return _floor(parts, window // len(parts))


def _parts(rows: QuerySet[Any], wanted: Wanted) -> list[QuerySet[Any]]:
    return [rows.filter(wanted.base, each) for each in wanted.either or (Q(),)]


def _older(
    parts: Sequence[QuerySet[Any]], rest: Q, limit: int, window: int, *, first: bool
) -> Page:
    found, floor = _newest(parts, rest, limit, window)
    shown = found[:limit]
    newer = shown[0].pk if shown and not first else None
    if len(found) > limit:
        return Page(shown, newer, shown[-1].pk)
    if floor is not None:
        return Page(shown, newer, floor, partial=True)
    return Page(shown, newer)


def _newest(
    parts: Sequence[QuerySet[Any]], rest: Q, limit: int, window: int
) -> tuple[list[Any], Any]:
    """What was found down to the key at which looking ended: None, where nothing is below."""
    floor = _floor(parts, window) if rest else None
    seen = rest if floor is None else rest & Q(pk__gte=floor)
    return _merged(parts, seen, "-pk", limit), floor


def _floor(parts: Sequence[QuerySet[Any]], window: int) -> Any:
    floors = [
        end
        for part in parts
        if (end := part.order_by("-pk")[:window].aggregate(end=Min("pk"))["end"])
        if part.filter(pk__lt=end).exists()
    ]
    return max(floors, default=None)


def _newer(parts: Sequence[QuerySet[Any]], rest: Q, limit: int, window: int) -> Page | None:
    """None where the newest page has them all."""
    ceilings = [
        end
        for part in parts
        if rest and (end := part.order_by("pk")[:window].aggregate(end=Max("pk"))["end"])
        if part.filter(pk__gt=end).exists()
    ]
    ceiling = min(ceilings, default=None)
    seen = rest if ceiling is None else rest & Q(pk__lte=ceiling)
    found = _merged(parts, seen, "pk", limit)
    if len(found) <= limit and ceiling is None:
        return None
    shown = found[:limit][::-1]
    if not shown:
        return Page([], ceiling, ceiling, partial=True)
    newer = shown[0].pk if len(found) > limit else ceiling
    return Page(shown, newer, shown[-1].pk)


def _merged(parts: Sequence[QuerySet[Any]], seen: Q, order: str, limit: int) -> list[Any]:
    """One more than the limit, which tells that there are more."""
    found = [row for part in parts for row in part.filter(seen).order_by(order)[: limit + 1]]
    key: Callable[[Any], Any] = _key
    return sorted(found, key=key, reverse=order.startswith("-"))[: limit + 1]


def _key(row: Any) -> Any:
    return row.pk
