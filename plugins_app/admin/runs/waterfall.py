"""Where the time of a run went, as bars below each other on one axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plugins_app.admin.formats import milliseconds
from plugins_app.core import execution
from plugins_app.models import ExecutionLog
from plugins_app.services.runs.stages import QUEUE, Spent, spent

WIDTH = 1_000.0
LEAST = 3.0
"""So wide is what took almost nothing."""
PLUGIN, WAITING, PLATFORM = "plugin", "waiting", "platform"
_WORDS = {
    QUEUE: ("Waited for a worker", WAITING),
    execution.CHECK: ("Name, rights and input checked", PLATFORM),
    execution.ADMIT: ("Limits, cache and breaker asked", PLATFORM),
    execution.FOLLOW: ("Waited for the same call of another", WAITING),
    execution.ACCEPT: ("Written to the log before it ran", PLATFORM),
    execution.ATTEMPT: ("Ran", PLUGIN),
    execution.PAUSE: ("Paused after a failure", WAITING),
    execution.OUTPUT: ("Answer checked", PLATFORM),
    execution.SETTLE: ("Breaker, cache and permits told", PLATFORM),
}


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    kind: str
    took: str
    x: float
    width: float
    note: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    """`totals`: kind -> its time in words."""

    bars: list[Bar]
    totals: list[tuple[str, str]]
    whole: str
    width: float = WIDTH


def waterfall(row: ExecutionLog) -> Waterfall | None:
    """None where nothing was measured."""
    if not (stages := spent(row)):
        return None
    whole = stages[-1].begin + stages[-1].took
    several = sum(each.stage == execution.ATTEMPT for each in stages) > 1
    bars = [_bar(each, whole, several) for each in stages]
    return Waterfall(bars, list(_totals(stages)), milliseconds(whole))


def _bar(each: Spent, whole: float, several: bool) -> Bar:
    label, kind = _WORDS.get(each.stage, (each.stage, PLATFORM))
    if each.stage == execution.ATTEMPT and several:
        label = f"Attempt {each.number}"
    scale = (WIDTH - LEAST) / whole if whole else 0.0
    x, width = round(each.begin * scale, 1), max(LEAST, round(each.took * scale, 1))
    return Bar(label, kind, milliseconds(each.took), x, width, each.note)


def _totals(stages: list[Spent]) -> Iterator[tuple[str, str]]:
    for kind in (PLUGIN, WAITING, PLATFORM):
        parts = [each.took for each in stages if _WORDS.get(each.stage, ("", PLATFORM))[1] == kind]
        if parts:
            yield kind, milliseconds(sum(parts))
