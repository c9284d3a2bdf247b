"""P4: how the durations of executed calls are spread."""

from __future__ import annotations

from plugins_app.admin.charts import counts, words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Line, Series
from plugins_app.admin.formats import milliseconds, seconds
from plugins_app.core.metrics import bucket_of, histogram_of, upper_bound_ms
from plugins_app.services import timelines
from plugins_app.services.registry import snapshot
from plugins_app.services.timelines import Counts


def draw(asked: Asked) -> Drawing:
    total = timelines.added(timelines.counters(asked.plugin, asked.window))
    histogram = histogram_of(total)
    buckets = range(min(histogram), max(histogram) + 1) if histogram else range(0)
    calls = Series("calls", "Executed calls", [histogram.get(each, 0) for each in buckets])
    timeout = _timeout(asked.plugin)
    return Drawing(
        Kind.BARS,
        [calls],
        _sentence(asked, total),
        labels=[f"≤ {milliseconds(upper_bound_ms(each))}" for each in buckets],
        label_title="Took at most",
        lines=_lines(timeout, buckets),
        notes=[f"A call is ended after {seconds(timeout)}."] if timeout else [],
    )


def _timeout(name: str | None) -> float | None:
    """Seconds."""
    plugin = snapshot().find(name) if name else None
    return plugin.metadata.attempt_timeout if plugin else None


def _lines(timeout: float | None, buckets: range) -> list[Line]:
    """Where a call is ended, if any came near."""
    if timeout is None or bucket_of(timeout * 1000) not in buckets:
        return []
    place = bucket_of(timeout * 1000) - buckets.start + 0.5
    return [Line(f"Timeout {seconds(timeout)}", place, upright=True)]


def _sentence(asked: Asked, total: Counts) -> str:
    period, calls = words.period(asked.window), counts.measured(total)
    if not calls:
        return f"No call was executed {period}."
    half, most, last = (milliseconds(counts.percentile(total, n)) for n in (0.5, 0.95, 1))
    return (
        f"Of {calls:,} calls executed {period} half took at most {half}, 95 % at most {most}, "
        f"and the slowest at most {last}."
    )
