"""What the rollups say: sums over a range, and series for charts. Never reads the log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone

from plugins_app.core.metrics import percentile_ms, summary
from plugins_app.models import MetricHour, MetricMinute

DEFAULT_RANGE = "24h"


@dataclass(frozen=True, slots=True)
class Range:
    """`bucket` is the distance of a chart's points; minute rows are kept for 48 hours."""

    name: str
    length: timedelta
    bucket: timedelta

    @property
    def model(self) -> type[MetricMinute] | type[MetricHour]:
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
    """plugin -> summary, of those that were called in the range. One query."""
    chosen = RANGES[range_name]
    rows = _rows(chosen.model, timezone.now() - chosen.length, plugin)
    summed = rows.values_list("plugin", "metric").annotate(total=Sum("value"))
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, metric, total in summed:
        counts[name][metric] += total
    return {name: summary(count) for name, count in sorted(counts.items())}


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
    buckets: dict[datetime, Counter[str]] = {start: Counter() for start in starts}
    rows = _rows(chosen.model, starts[0], plugin)
    for at, metric, value in rows.values_list("at", "metric").annotate(total=Sum("value")):
        start = _floor(at, chosen.bucket)
        if start in buckets:
            buckets[start][metric] += value
    return [_point(start, counts) for start, counts in buckets.items()]


def _coarser(chosen: Range, at_most: int | None) -> Range:
    points = chosen.length // chosen.bucket
    joined = -(-points // at_most) if at_most else 1
    return replace(chosen, bucket=chosen.bucket * joined)


def _rows(
    model: type[MetricMinute] | type[MetricHour], since: datetime, plugin: str | None
) -> QuerySet[Any]:
    rows = model.objects.filter(at__gte=since).order_by()
    return rows.filter(plugin=plugin) if plugin else rows


def _bucket_starts(now: datetime, chosen: Range) -> Iterator[datetime]:
    start = _floor(now - chosen.length, chosen.bucket) + chosen.bucket
    while start <= now:
        yield start
        start += chosen.bucket


def _floor(moment: datetime, bucket: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % bucket


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
