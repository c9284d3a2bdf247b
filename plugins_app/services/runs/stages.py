"""Where the time of a run went: its stages, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from plugins_app.core.execution import ATTEMPT, PAUSE
from plugins_app.models import ExecutionLog
from plugins_app.runtime.ids import made_at

QUEUE = "queue"
"""Before the call itself began: a worker had to come for it."""
LEAST_QUEUED = timedelta(milliseconds=10)
"""Ids tell the moment by the millisecond, and are made a moment before the start is read."""


@dataclass(frozen=True, slots=True)
class Spent:
    """`begin` and `took` are milliseconds, from when the call was asked for. `number` counts the
    attempts; `note` is the code of the error that a pause comes after."""

    stage: str
    begin: float
    took: float
    note: str = ""
    number: int = 0


def spent(row: ExecutionLog) -> list[Spent]:
    """Empty where nothing was measured: refusals, and runs that have not ended."""
    if not row.stages or row.duration_ms is None:
        return []
    queued = queued_ms(row)
    found = [Spent(QUEUE, 0.0, queued)] if queued else []
    return [*found, *_stages(row, queued)]


def failed_attempts(row: ExecutionLog) -> dict[int, str]:
    """Attempt -> the code of its error, from 1; the last one's is the run's own."""
    stages = spent(row)
    failed = {each.number: each.note for each in stages if each.stage == PAUSE}
    last = max((each.number for each in stages), default=0)
    return failed | ({last: row.error_code} if row.error_code and last else {})


def queued_ms(row: ExecutionLog) -> float:
    """How long it waited for a worker; 0 where it was not queued."""
    waited = row.started_at - made_at(row.pk)
    return waited / timedelta(milliseconds=1) if waited >= LEAST_QUEUED else 0.0


def _stages(row: ExecutionLog, offset: float) -> Iterator[Spent]:
    """A stage ends where the next begins; the last one with the run."""
    end, attempts = row.duration_ms or 0.0, 0
    begun = [(stage, min(at / 1000, end)) for stage, at in row.stages or ()]
    for (name, at), (_, until) in pairwise([*begun, ("", end)]):
        stage, _, note = name.partition(":")
        attempts += stage == ATTEMPT
        yield Spent(stage, offset + at, until - at, note, attempts)
