"""P5: what the cache spared."""

from __future__ import annotations

from plugins_app.admin.charts import counts, words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Mark, Series, Unit, text
from plugins_app.services import timelines
from plugins_app.services.timelines import Counts


def draw(asked: Asked) -> Drawing:
    buckets = timelines.counters(asked.plugin, asked.window)
    series = [
        _bar(buckets, "hit", "Hits", "chart-3", 0),
        _bar(buckets, "miss", "Misses", "chart-2", 1),
        _bar(buckets, "bypass", "Without the cache", "chart-5", 2),
        _rate("hit_rate", "Hit rate", asked, "chart-1", 0),
    ]
    if asked.compare:
        series.append(_rate("before", "Hit rate in the period before", asked, "control", 1))
    return Drawing(Kind.STACKED, series, _sentence(asked, timelines.added(buckets)))


def _bar(buckets: list[Counts], name: str, label: str, tone: str, pattern: int) -> Series:
    return Series(name, label, [each[f"cache:{name}"] for each in buckets], tone, pattern)


def _rate(key: str, label: str, asked: Asked, tone: str, pattern: int) -> Series:
    before = key == "before"
    window = asked.window.before() if before else asked.window
    values = [counts.hit_rate(each) for each in timelines.counters(asked.plugin, window)]
    return Series(
        key, label, values, tone, pattern, Mark.LINE, Unit.PERCENT, right=True, previous=before
    )


def _sentence(asked: Asked, total: Counts) -> str:
    period, share = words.period(asked.window), counts.hit_rate(total)
    if share is None:
        return f"No call looked into the cache {period}."
    looked = total["cache:hit"] + total["cache:miss"]
    return (
        f"{text(share, Unit.PERCENT)} of {looked:,} calls that asked the cache {period} were hits."
    )
