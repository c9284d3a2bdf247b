"""What the rollups say: sums over a range, and series for charts. Never reads the log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils import timezone

from plugins_app.core.metrics import percentile_ms, summary
from plugins_app.models import MetricHour, MetricMinute

DEFAULT_RANGE = "24h"
Metric = type[MetricMinute] | type[MetricHour]
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_GIVEN_UP = timedelta(minutes=2)
"""After its deadline a call's row is given up, and the sweeper counts it."""


@dataclass(frozen=True, slots=True)
class Range:
    """`bucket` is the distance of a chart's points; minute rows are kept for 48 hours."""

    name: str
    length: timedelta
    bucket: timedelta

    @property
    def model(self) -> Metric:
        return MetricMinute if self.length <= timedelta(hours=24) else MetricHour


RANGES = {
    r.name: r
    for r in (
        Range("15m", timedelta(minutes=15), timedelta(minutes=1)),
        Range("1h", timedelta(hours=1), timedelta(minutes=1)),
        Range("6h", timedelta(hours=6), timedelta(minutes=5)),
        Range("24h", timedelta(hours=24), timedelta(minutes=15)),
        Range("7d", timedelta(days=7), timedelta(hours=2)),
        Range("30d", timedelta(days=30), timedelta(hours=8)),
    )
}


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of a chart; percentiles are None where nothing was executed."""

    at: datetime
    succeeded: int
    failed: int
    timed_out: int
    cancelled: int
    cached: int
    refused: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


def totals(range_name: str = DEFAULT_RANGE, plugin: str | None = None) -> dict[str, dict[str, Any]]:
    """plugin -> summary, of those that were called in the range. One query, and two more for the
    first who asks in an hour."""
    return {name: summary(counts) for name, counts in sorted(_totals(range_name, plugin).items())}


def total(plugin: str, range_name: str = DEFAULT_RANGE) -> dict[str, Any]:
    """The summary of one plugin, also where nobody called it."""
    return totals(range_name, plugin).get(plugin) or summary({})


def series(
    plugin: str | None, range_name: str = DEFAULT_RANGE, at_most: int | None = None
) -> list[Point]:
    """A point per bucket of the range, oldest first, empty ones too. `None`: all plugins.
    `at_most` so many points: neighbouring buckets are joined."""
    chosen, now = _coarser(RANGES[range_name], at_most), timezone.now()
    starts = list(_bucket_starts(now, chosen))
    over = [start for start in starts if start + chosen.bucket <= now - _settling()]
    ended = _ended_points(plugin, chosen, over[0], over[-1]) if over else ()
    return [*ended, *_points(plugin, chosen, starts[len(over)], starts[-1])]


# --- sums -----------------------------------------------------------------------------------------

Counts = Mapping[str, Counter[str]]
"""plugin -> metric -> amount."""


def _totals(range_name: str, plugin: str | None) -> Counts:
    """Whole hours where there are some, minutes at their beginning."""
    chosen, now = RANGES[range_name], timezone.now()
    since = now - chosen.length
    if chosen.length <= timedelta(hours=1):
        return _sums(MetricMinute, plugin, since)
    whole = _ceiling(since, _HOUR)
    settled = max(whole, _floor(now - _settling(), _HOUR))
    parts = [_ended_sums(MetricHour, plugin, whole, settled), _sums(MetricHour, plugin, settled)]
    if chosen.model is MetricMinute:
        parts.append(_ended_sums(MetricMinute, plugin, _ceiling(since, _MINUTE), whole))
    return _added(parts)


def _settling() -> timedelta:
    """A call counts in the minute in which it began. So long after a minute nothing is added to it
    any more: as long as a call may take, and until its row would be given up."""
    return timedelta(seconds=settings.ZANTARA_MAX_TIMEOUT) + _GIVEN_UP


def _sums(
    model: Metric, plugin: str | None, since: datetime, until: datetime | None = None
) -> Counts:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    rows = _rows(model, plugin, since, until).values_list("plugin", "metric")
    for name, metric, amount in rows.annotate(total=Sum("value")):
        counts[name][metric] = amount
    return counts


# What is over does not change: it is read once. A month of a hot plugin is ten thousand rows.
_ended_sums = lru_cache(maxsize=256)(_sums)


def _added(parts: Iterable[Counts]) -> Counts:
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for part in parts:
        for name, counts in part.items():
            sums[name].update(counts)
    return sums


# --- series ---------------------------------------------------------------------------------------


def _points(plugin: str | None, chosen: Range, first: datetime, last: datetime) -> list[Point]:
    """Of the buckets that start from `first` to `last`."""
    starts = [first + n * chosen.bucket for n in range((last - first) // chosen.bucket + 1)]
    buckets: dict[datetime, Counter[str]] = {start: Counter() for start in starts}
    rows = _rows(chosen.model, plugin, first, last + chosen.bucket).values_list("at", "metric")
    for at, metric, amount in rows.annotate(total=Sum("value")):
        buckets[_floor(at, chosen.bucket)][metric] += amount
    return [_point(start, counts) for start, counts in buckets.items()]


_ended_points = lru_cache(maxsize=256)(_points)


def forget() -> None:
    """Read all of it anew."""
    _ended_sums.cache_clear()
    _ended_points.cache_clear()


def _coarser(chosen: Range, at_most: int | None) -> Range:
    points = chosen.length // chosen.bucket
    joined = -(-points // at_most) if at_most else 1
    return replace(chosen, bucket=chosen.bucket * joined)


def _rows(
    model: Metric, plugin: str | None, since: datetime, until: datetime | None = None
) -> QuerySet[Any]:
    rows = model.objects.filter(at__gte=since).order_by()
    if until is not None:
        rows = rows.filter(at__lt=until)
    return rows.filter(plugin=plugin) if plugin else rows


def _bucket_starts(now: datetime, chosen: Range) -> Iterator[datetime]:
    start = _floor(now - chosen.length, chosen.bucket) + chosen.bucket
    while start <= now:
        yield start
        start += chosen.bucket


def _floor(moment: datetime, bucket: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % bucket


def _ceiling(moment: datetime, bucket: timedelta) -> datetime:
    return _floor(moment + bucket - _INSTANT, bucket)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)


def _point(start: datetime, counts: Counter[str]) -> Point:
    histogram = {
        int(metric.removeprefix("latency:")): value
        for metric, value in counts.items()
        if metric.startswith("latency:")
    }
    return Point(
        at=start,
        succeeded=counts["status:succeeded"],
        failed=counts["status:failed"] + counts["status:abandoned"],
        timed_out=counts["status:timed_out"],
        cancelled=counts["status:cancelled"],
        cached=counts["cache:hit"],
        refused=counts["status:refused"],
        p50_ms=percentile_ms(histogram, 0.50),
        p95_ms=percentile_ms(histogram, 0.95),
        p99_ms=percentile_ms(histogram, 0.99),
    )
