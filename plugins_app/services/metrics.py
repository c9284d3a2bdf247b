"""What the rollups say: sums over a range, and series for charts. Never reads the log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone

from plugins_app.core.metrics import histogram_of, percentile_ms, summary
from plugins_app.models import MetricHour, MetricMinute
from plugins_app.services import timelines
from plugins_app.services.windows import (
    DEFAULT_RANGE,
    HOUR,
    MINUTE,
    RANGES,
    ceiling,
    floor,
    window_of,
)

__all__ = ["DEFAULT_RANGE", "RANGES", "Point", "forget", "series", "total", "totals"]

Metric = type[MetricMinute] | type[MetricHour]


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
    window = window_of(range_name, timezone.now(), at_most)
    return list(map(_point, window.starts, timelines.counters(plugin, window)))


# --- sums -----------------------------------------------------------------------------------------

Counts = Mapping[str, Counter[str]]
"""plugin -> metric -> amount."""


def _totals(range_name: str, plugin: str | None) -> Counts:
    """Whole hours where there are some, minutes at their beginning."""
    chosen, now = RANGES[range_name], timezone.now()
    since = now - chosen.length
    if chosen.length <= HOUR:
        return _sums(MetricMinute, plugin, since)
    whole = ceiling(since, HOUR)
    settled = max(whole, floor(now - timelines.settling(), HOUR))
    parts = [_ended_sums(MetricHour, plugin, whole, settled), _sums(MetricHour, plugin, settled)]
    if not chosen.hourly:
        parts.append(_ended_sums(MetricMinute, plugin, ceiling(since, MINUTE), whole))
    return _added(parts)


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


def _rows(
    model: Metric, plugin: str | None, since: datetime, until: datetime | None = None
) -> QuerySet[Any]:
    rows = model.objects.filter(at__gte=since).order_by()
    if until is not None:
        rows = rows.filter(at__lt=until)
    return rows.filter(plugin=plugin) if plugin else rows


def forget() -> None:
    """Read all of it anew."""
    _ended_sums.cache_clear()
    timelines.forget()


# --- series ---------------------------------------------------------------------------------------


def _point(start: datetime, counts: Counter[str]) -> Point:
    histogram = histogram_of(counts)
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
