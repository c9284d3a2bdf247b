"""What calls add to the metric tables, summed up before it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from operator import add
from typing import NamedTuple

from plugins_app.core.execution import Execution, Status
from plugins_app.core.metrics import counters

CALLER_KINDS = ("calls", "errors", "refused")
PEAKS = ("in_flight", "queued", "peak_quota")


MetricKey = tuple[str, str, datetime, str]
"""(plugin, version, beginning of the minute or hour, metric)."""


class Tally(NamedTuple):
    """What one ended call adds. `kinds` are the amounts of CALLER_KINDS; `peak` are those
    of PEAKS: calls in flight, calls that wait for another's answer, percent of the quota in use."""

    plugin: str
    version: str
    minute: datetime
    counts: dict[str, int]
    caller: str
    kinds: tuple[int, int, int]
    peak: tuple[int, int, int] = (0, 0, 0)


def tally_of(execution: Execution) -> Tally:
    plugin = execution.loaded
    return Tally(
        plugin.name,
        plugin.version,
        minute_of(execution.started_at),
        counters(execution),
        execution.caller.id,
        _kinds(execution),
        (execution.in_flight, execution.waiting, _quota_percent(execution)),
    )


def minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _kinds(execution: Execution) -> tuple[int, int, int]:
    if not execution.admitted:
        return 0, 0, 1
    return 1, int(execution.status is not Status.SUCCEEDED), 0


def _quota_percent(execution: Execution) -> int:
    rate = execution.admission and execution.admission.rate
    return round(100 * (rate.limit - rate.remaining) / rate.limit) if rate else 0


@dataclass(slots=True)
class Rollup:
    """Sums and peaks, keyed by what makes the rows of the tables unique."""

    counts: dict[tuple[str, str, datetime], dict[str, int]] = field(default_factory=dict)
    """(plugin, version, minute) -> metric -> amount."""
    callers: dict[tuple[str, str, datetime], tuple[int, ...]] = field(default_factory=dict)
    """(plugin, caller, minute) -> amounts of CALLER_KINDS."""
    peaks: dict[tuple[str, datetime], tuple[int, ...]] = field(default_factory=dict)

    def count(self, tally: Tally) -> None:
        plugin, version, minute, counts, caller, kinds, peak = tally
        self._add_counts((plugin, version, minute), counts)
        self._add_kinds((plugin, caller, minute), kinds)
        self._raise_peak((plugin, minute), peak)

    def add(self, other: Rollup) -> None:
        for key, counts in other.counts.items():
            self._add_counts(key, counts)
        for caller, kinds in other.callers.items():
            self._add_kinds(caller, kinds)
        for place, peak in other.peaks.items():
            self._raise_peak(place, peak)

    def _add_counts(self, key: tuple[str, str, datetime], counts: dict[str, int]) -> None:
        sums = self.counts.setdefault(key, {})
        for metric, amount in counts.items():
            sums[metric] = sums.get(metric, 0) + amount

    def _add_kinds(self, key: tuple[str, str, datetime], kinds: tuple[int, ...]) -> None:
        self.callers[key] = _summed(self.callers.get(key), kinds)

    def _raise_peak(self, key: tuple[str, datetime], peak: tuple[int, ...]) -> None:
        before = self.peaks.get(key)
        self.peaks[key] = tuple(map(max, before, peak)) if before else peak

    def metric_minutes(self) -> dict[MetricKey, int]:
        return {
            (plugin, version, minute, metric): amount
            for (plugin, version, minute), counts in self.counts.items()
            for metric, amount in counts.items()
        }

    @staticmethod
    def metric_hours(minutes: dict[MetricKey, int]) -> dict[MetricKey, int]:
        hours: dict[MetricKey, int] = {}
        for (plugin, version, minute, metric), amount in minutes.items():
            key = plugin, version, minute.replace(minute=0), metric
            hours[key] = hours.get(key, 0) + amount
        return hours

    def caller_hours(self) -> dict[tuple[str, datetime, str], tuple[int, ...]]:
        """(plugin, hour, caller) -> amounts of CALLER_KINDS."""
        hours: dict[tuple[str, datetime, str], tuple[int, ...]] = {}
        for (plugin, caller, minute), kinds in self.callers.items():
            key = plugin, minute.replace(minute=0), caller
            hours[key] = _summed(hours.get(key), kinds)
        return hours

    def __bool__(self) -> bool:
        return bool(self.counts or self.callers or self.peaks)


def _summed(before: tuple[int, ...] | None, more: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(add, before, more)) if before else more
