"""Pages of a long table by its primary key, newest first: no page counts rows or skips over them,
and none reads more than `window` of them, however long the table and whatever is looked for."""

from __future__ import annotations

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
    """`base` is answered by an index that also has the order; `rest` is looked for row by row."""

    base: Q
    rest: Q
    before: Any = None
    after: Any = None


def page(rows: QuerySet[Any], wanted: Wanted, *, limit: int = LIMIT, window: int = WINDOW) -> Page:
    rows = rows.filter(wanted.base)
    if wanted.after is not None:
        newer = _newer(rows.filter(pk__gt=wanted.after), wanted.rest, limit, window)
        if newer is not None:
            return newer
        return _older(rows, wanted.rest, limit, window, first=True)
    if wanted.before is not None:
        return _older(rows.filter(pk__lt=wanted.before), wanted.rest, limit, window, first=False)
    return _older(rows, wanted.rest, limit, window, first=True)


def key_of(model: Any, text: str) -> Any:
    """A key from an address; None for what cannot be one."""
    if not text or "\0" in text:
        return None
    try:
        return model._meta.pk.to_python(text)
    except ValidationError:
        return None


def _older(rows: QuerySet[Any], rest: Q, limit: int, window: int, *, first: bool) -> Page:
    rows = rows.order_by("-pk")
    floor = rows[:window].aggregate(end=Min("pk"))["end"] if rest else None
    seen = rows if floor is None else rows.filter(rest, pk__gte=floor)
    found = list(seen[: limit + 1])
    shown = found[:limit]
    newer = shown[0].pk if shown and not first else None
    if len(found) > limit:
        return Page(shown, newer, shown[-1].pk)
    if floor is not None and rows.filter(pk__lt=floor).exists():
        return Page(shown, newer, floor, partial=True)
    return Page(shown, newer)


def _newer(rows: QuerySet[Any], rest: Q, limit: int, window: int) -> Page | None:
    """None where the newest page has them all."""
    rows = rows.order_by("pk")
    ceiling = rows[:window].aggregate(end=Max("pk"))["end"] if rest else None
    seen = rows if ceiling is None else rows.filter(rest, pk__lte=ceiling)
    found = list(seen[: limit + 1])
    if len(found) <= limit and (ceiling is None or not rows.filter(pk__gt=ceiling).exists()):
        return None
    shown = found[:limit][::-1]
    if not shown:
        return Page([], ceiling, ceiling, partial=True)
    newer = shown[0].pk if len(found) > limit else ceiling
    return Page(shown, newer, shown[-1].pk)
