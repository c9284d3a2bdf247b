"""P9: calls that took more than one attempt, and those that took too long."""

from __future__ import annotations

from plugins_app.admin.charts import counts, words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Mark, Series, Unit, text
from plugins_app.services import timelines
from plugins_app.services.timelines import Counts

ATTEMPTS = (
    ("attempts:1", "attempts_1", "One attempt", "chart-1", 0),
    ("attempts:2", "attempts_2", "Two attempts", "chart-3", 1),
    ("attempts:3+", "attempts_3_or_more", "Three or more", "chart-4", 2),
)
TIMED_OUT = "status:timed_out"


def draw(asked: Asked) -> Drawing:
    buckets = timelines.counters(asked.plugin, asked.window)
    series = [
        Series(key, label, [each[metric] for each in buckets], tone, pattern)
        for metric, key, label, tone, pattern in ATTEMPTS
    ]
    late = [each[TIMED_OUT] for each in buckets]
    series.append(Series("timed_out", "Timed out", late, "chart-2", 1, Mark.LINE))
    return Drawing(Kind.STACKED, series, _sentence(asked, timelines.added(buckets)))


def _sentence(asked: Asked, total: Counts) -> str:
    period = words.period(asked.window)
    once, twice, more = (total[metric] for metric, *_ in ATTEMPTS)
    calls, again = once + twice + more, twice + more
    if not calls:
        return f"No call was executed {period}."
    late = f"{total[TIMED_OUT]:,} timed out"
    if not again:
        return f"Each of {calls:,} executed calls took one attempt {period}; {late}."
    share = text(counts.percent(again, calls), Unit.PERCENT)
    return (
        f"{share} of {calls:,} executed calls took more than one attempt {period}, "
        f"{more:,} of them three or more; {late}."
    )
