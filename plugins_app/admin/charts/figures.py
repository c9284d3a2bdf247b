"""The figures above a page's charts, and how they moved since the period before."""

from __future__ import annotations

from dataclasses import dataclass

from plugins_app.admin.cards import Figure, success_tone
from plugins_app.admin.charts import counts, words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Unit, Value, text
from plugins_app.admin.formats import plural
from plugins_app.services import timelines
from plugins_app.services.timelines import Counts
from plugins_app.services.windows import Window


@dataclass(frozen=True, slots=True)
class _Made:
    """A figure's value in both periods, and what is said where they cannot be compared."""

    label: str
    unit: Unit
    now: Value
    before: Value
    note: str
    tone: str = ""

    @property
    def figure(self) -> Figure:
        moved = words.moved(self.now, self.before, self.unit)
        return Figure(self.label, text(self.now, self.unit), moved or self.note, self.tone)


def figures(asked: Asked) -> list[Figure]:
    """Over the buckets that the charts show; with `compare` beside those before."""
    before = _total(asked, asked.window.before()) if asked.compare else None
    return [made.figure for made in _made(_total(asked, asked.window), before)]


def nothing(asked: Asked) -> bool:
    """Whether nobody as much as tried to call."""
    return not _total(asked, asked.window)


def _total(asked: Asked, window: Window) -> Counts:
    return timelines.added(timelines.counters(asked.plugin, window))


def _made(now: Counts, before: Counts | None) -> list[_Made]:
    def was(value: Value) -> Value:
        return value if before is not None else None

    then = before if before is not None else now
    success, few = _success(now), 0 < counts.measured(now) < counts.FEW
    refused = f"{now['status:refused']:,} refused"
    failures = plural(counts.failed(now) + now["status:timed_out"], "failure")
    return [
        _Made("Calls", Unit.COUNT, counts.calls(now), was(counts.calls(then)), refused),
        _Made(
            "Success",
            Unit.PERCENT,
            success,
            was(_success(then)),
            failures,
            success_tone(None if success is None else success / 100),
        ),
        _latency("p50", 0.50, now, before, "median"),
        _latency("p95", 0.95, now, before, "slowest 5 %"),
        _latency("p99", 0.99, now, before, "few samples" if few else "slowest 1 %"),
        _Made(
            "Cache hits",
            Unit.PERCENT,
            counts.hit_rate(now),
            was(counts.hit_rate(then)),
            plural(now["cache:hit"], "hit"),
        ),
    ]


def _latency(label: str, share: float, now: Counts, before: Counts | None, note: str) -> _Made:
    then = None if before is None else counts.percentile(before, share)
    return _Made(label, Unit.MS, counts.percentile(now, share), then, note)


def _success(total: Counts) -> float | None:
    return counts.percent(total["status:succeeded"], counts.calls(total))
