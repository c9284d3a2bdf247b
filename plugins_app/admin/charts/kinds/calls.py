"""P1: how many calls, and how they ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from plugins_app.admin.charts import counts, words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Mark, Series
from plugins_app.admin.formats import plural
from plugins_app.services import timelines
from plugins_app.services.timelines import Counts


class _Part(NamedTuple):
    key: str
    label: str
    tone: str
    pattern: int
    amount: Callable[[Counts], int]
    always: bool = False


PARTS = (
    _Part("succeeded", "Succeeded", "chart-1", 0, counts.succeeded, always=True),
    _Part("cached", "From the cache", "chart-3", 1, lambda c: c["cache:hit"], always=True),
    _Part("failed", "Failed", "chart-2", 2, counts.failed, always=True),
    _Part("timed_out", "Timed out", "chart-4", 3, lambda c: c["status:timed_out"], always=True),
    _Part("cancelled", "Cancelled", "chart-5", 1, lambda c: c["status:cancelled"]),
    _Part("invalid_input", "Invalid input", "chart-5", 0, lambda c: c["error:invalid_input"]),
    _Part("rate_limited", "Rate limited", "chart-5", 2, lambda c: c["error:rate_limited"]),
    _Part("circuit_open", "Circuit open", "chart-5", 3, lambda c: c["error:circuit_open"]),
    _Part("refused", "Refused otherwise", "chart-5", 4, counts.refused_otherwise),
)
"""The first four are always in the legend, the others where there are some."""


def draw(asked: Asked) -> Drawing:
    buckets = timelines.counters(asked.plugin, asked.window)
    series = [
        Series(part.key, part.label, values, part.tone, part.pattern)
        for part in PARTS
        for values in [[part.amount(each) for each in buckets]]
        if part.always or any(values)
    ]
    return Drawing(Kind.STACKED, [*series, *_before(asked)], sentence(asked, buckets))


def _before(asked: Asked) -> list[Series]:
    if not asked.compare:
        return []
    buckets = timelines.counters(asked.plugin, asked.window.before())
    values = [sum(part.amount(each) for part in PARTS) for each in buckets]
    label = "All in the period before"
    return [Series("before", label, values, "control", 1, Mark.LINE, previous=True)]


def sentence(asked: Asked, buckets: list[Counts]) -> str:
    total = timelines.added(buckets)
    period, refused = words.period(asked.window), total["status:refused"]
    turned_away = f"; {refused:,} refused before the plugin" if refused else ""
    calls = counts.calls(total)
    if not calls:
        return f"No calls {period}{turned_away}."
    ended = words.listed(
        (
            (counts.succeeded(total) + total["cache:hit"], "succeeded"),
            (counts.failed(total), "failed"),
            (total["status:timed_out"], "timed out"),
            (total["status:cancelled"], "cancelled"),
        )
    )
    cached = total["cache:hit"]
    from_cache = f"; {cached:,} came from the cache" if cached else ""
    return f"{plural(calls, 'call')} {period}: {ended}{from_cache}{turned_away}."
