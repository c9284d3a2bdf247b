"""P2: the share of executed calls that the plugin failed."""

from __future__ import annotations

from plugins_app.admin.charts import counts, words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Line, Mark, Series, Unit, text
from plugins_app.admin.formats import plural
from plugins_app.services import timelines

THRESHOLD = 1.0
"""Percent above which cards and figures warn."""


def draw(asked: Asked) -> Drawing:
    buckets = timelines.counters(asked.plugin, asked.window)
    rates = [counts.error_rate(each) for each in buckets]
    series = [
        Series("error_rate", "Error rate", rates, "chart-2", 0, Mark.LINE, Unit.PERCENT),
        *_before(asked),
        Series(
            "invalid_input",
            "Invalid input, calls",
            _amounts(buckets, "invalid_input"),
            "chart-5",
            1,
            right=True,
        ),
    ]
    shown = [each for each in series if not (each.right and each.empty)]
    line = Line(f"Threshold {THRESHOLD:g} %", THRESHOLD)
    return Drawing(Kind.LINES, shown, _sentence(asked, buckets, rates), lines=[line])


def _amounts(buckets: list[timelines.Counts], code: str) -> list[int]:
    return [each[f"error:{code}"] for each in buckets]


def _before(asked: Asked) -> list[Series]:
    if not asked.compare:
        return []
    buckets = timelines.counters(asked.plugin, asked.window.before())
    rates = [counts.error_rate(each) for each in buckets]
    label = "Error rate in the period before"
    return [Series("before", label, rates, "control", 1, Mark.LINE, Unit.PERCENT, previous=True)]


def _sentence(asked: Asked, buckets: list[timelines.Counts], rates: list[float | None]) -> str:
    period = words.period(asked.window)
    total = timelines.added(buckets)
    share = counts.error_rate(total)
    if share is None:
        return f"No call was executed {period}, so there is no error rate."
    if not share:
        return f"Of {plural(counts.executed(total), 'executed call')} none failed {period}."
    peak = words.peak_and_latest("the rate", rates, asked.window.starts, Unit.PERCENT)
    return f"{text(share, Unit.PERCENT)} of executed calls failed {period}; {peak}"
