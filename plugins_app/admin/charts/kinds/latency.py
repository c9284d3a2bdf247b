"""P3: how long executed calls took."""

from __future__ import annotations

from plugins_app.admin.charts import counts, words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Mark, Series, Unit
from plugins_app.services import timelines
from plugins_app.services.timelines import Counts

NOTE = "Percentiles come from histograms, and are right to within a quarter."


def draw(asked: Asked) -> Drawing:
    buckets = timelines.counters(asked.plugin, asked.window)
    series = [_line(buckets, 50, "chart-1", 0), _line(buckets, 95, "chart-2", 1), _p99(buckets)]
    if asked.compare:
        series.append(_before(asked))
    told = words.peak_and_latest("p95", series[1].values, asked.window.starts, Unit.MS)
    sentence = told or f"No call was executed {words.period(asked.window)}."
    return Drawing(Kind.LINES, series, sentence, notes=[NOTE], log_scale=True)


def _line(buckets: list[Counts], percent: int, tone: str, pattern: int) -> Series:
    values = [counts.percentile(each, percent / 100) for each in buckets]
    name = f"p{percent}"
    return Series(name, name, values, tone, pattern, Mark.LINE, Unit.MS)


def _p99(buckets: list[Counts]) -> Series:
    values = [counts.percentile(each, 0.99) for each in buckets]
    few = [0 < counts.measured(each) < counts.FEW for each in buckets]
    return Series("p99", "p99", values, "chart-4", 2, Mark.LINE, Unit.MS, few=few)


def _before(asked: Asked) -> Series:
    buckets = timelines.counters(asked.plugin, asked.window.before())
    values = [counts.percentile(each, 0.95) for each in buckets]
    label = "p95 in the period before"
    return Series("before", label, values, "control", 3, Mark.LINE, Unit.MS, previous=True)
