"""Runs over time: from the rollups where they know what is asked for, else from ids, whose first
characters are a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from plugins_app.core.caller import Caller
from plugins_app.models import Status
from plugins_app.services import keyset, timelines, windows
from plugins_app.services.executions import sees_all, visible
from plugins_app.services.runs.search import Search, Span
from plugins_app.services.windows import BadWindow, Window

BARS = 48
READ = 20_000
_GOOD = frozenset({Status.SUCCEEDED, Status.RUNNING, Status.QUEUED})


@dataclass(frozen=True, slots=True)
class Bar:
    since: datetime
    until: datetime
    good: int
    bad: int
    refused: int

    @property
    def total(self) -> int:
        return self.good + self.bad + self.refused


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counted_since`: older runs are not in it."""

    bars: list[Bar]
    counted_since: datetime | None = None

    @property
    def good(self) -> int:
        return sum(each.good for each in self.bars)

    @property
    def bad(self) -> int:
        return sum(each.bad for each in self.bars)

    @property
    def refused(self) -> int:
        return sum(each.refused for each in self.bars)

    @property
    def total(self) -> int:
        return self.good + self.bad + self.refused

    @property
    def peak(self) -> int:
        return max((each.total for each in self.bars), default=0)


def histogram(caller: Caller, search: Search, span: Span) -> Histogram | None:
    """None where the span has no beginning, or is longer than anything is kept."""
    now = timezone.now()
    window = _window(span.within(search), now)
    if window is None:
        return None
    if search.countable and sees_all(caller):
        return _from_rollups(search, window)
    return _from_ids(caller, search, span, window)


def _window(span: Span, now: datetime) -> Window | None:
    until = min(span.until or now, now)
    if span.since is None or span.since >= until:
        return None
    try:
        fine = windows.custom_window(span.since, until, now)
    except BadWindow:
        return None
    joined = -(-len(fine.starts) // BARS)
    bucket = fine.bucket * joined
    return Window(
        fine.name,
        windows.floor(fine.since, bucket),
        windows.ceiling(fine.until, bucket),
        bucket,
        fine.hourly,
    )


def _from_rollups(search: Search, window: Window) -> Histogram:
    wanted = set(Status.values) if search.statuses is None else search.statuses
    counts = timelines.counters(search.plugin or None, window)
    ends = [start + window.bucket for start in window.starts]
    bars = [
        _bar(start, end, Counter({each: found[f"status:{each}"] for each in wanted}))
        for start, end, found in zip(window.starts, ends, counts, strict=True)
    ]
    return Histogram(bars)


def _from_ids(caller: Caller, search: Search, span: Span, window: Window) -> Histogram:
    wanted = search.wanted(span.within(search))
    rows = visible(caller).values_list("pk", "status", "started_at", named=True)
    found, partial = keyset.sample(rows, wanted, READ)
    counts: list[Counter[str]] = [Counter() for _ in window.starts]
    for row in found:
        counts[min(max(window.index(row.started_at), 0), len(counts) - 1)][row.status] += 1
    bars = [
        _bar(start, start + window.bucket, each)
        for start, each in zip(window.starts, counts, strict=True)
    ]
    return Histogram(bars, found[-1].started_at if partial and found else None)


def _bar(since: datetime, until: datetime, counts: Counter[str]) -> Bar:
    good = sum(amount for status, amount in counts.items() if status in _GOOD)
    refused = counts[Status.REFUSED]
    return Bar(since, until, good, sum(counts.values()) - good - refused, refused)
