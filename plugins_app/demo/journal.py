"""The journal of a past: rows and counters as the real one writes them, many in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from math import ceil

from django.db import transaction

from plugins_app.core.execution import ATTEMPT, Execution
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.state import Transition
from plugins_app.runtime.journal_batch import Act, Batch, Entry, write
from plugins_app.runtime.journal_dialect import journal_sql
from plugins_app.runtime.journal_rows import row_of
from plugins_app.runtime.rollup import tally_of

WORKER = "demo"
BATCH = 2_000
SAMPLED = 5
"""Every so many refusals get a row."""


class PastJournal:
    """`now` is the time that it is told is now."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._batch = Batch([])
        self._refused = 0

    async def accept(self, execution: Execution) -> None:
        """Nobody looks before it has ended."""

    async def finish(self, execution: Execution) -> None:
        _move_lines(execution)
        row = row_of(execution, worker=WORKER, payloads=True)
        self._batch.entries.append(Entry(Act.INSERT, row, tally_of(execution)))

    def refuse(self, execution: Execution) -> None:
        self._batch.refusals.count(tally_of(execution))
        self._refused += 1
        if self._refused % SAMPLED == 1:
            row = row_of(execution, worker=WORKER, payloads=True)
            self._batch.entries.append(Entry(Act.SAMPLE, row))

    def breaker_moved(self, plugin: LoadedPlugin, transitions: tuple[Transition, ...]) -> None:
        for moved in transitions:
            row = {
                "plugin": plugin.name,
                "version": plugin.version,
                "at": self._now(),
                "state": str(moved.state),
                "previous": str(moved.previous),
                "reason": moved.reason[:200],
            }
            self._batch.entries.append(Entry(Act.EVENT, row))

    @property
    def full(self) -> bool:
        return len(self._batch.entries) >= BATCH

    def flush(self) -> None:
        batch, self._batch = self._batch, Batch([])
        with transaction.atomic():
            write(batch, journal_sql())


def _move_lines(execution: Execution) -> None:
    """Into the attempts that wrote them, all of which happened today."""
    if execution.lines is None:
        return
    lines, attempts = execution.lines.first, list(_attempts(execution))
    start, each = execution.started_at.timestamp(), ceil(len(lines) / len(attempts))
    for number, line in enumerate(lines):
        (begin, took), at = attempts[number // each], number % each / each
        lines[number] = line._replace(at=start + begin + took * at)


def _attempts(execution: Execution) -> Iterator[tuple[float, float]]:
    """When each began, from the start on, and how long it took."""
    stages, moments = execution.marks[::2], execution.marks[1::2]
    begun = [moment - execution.started for moment in moments]
    for stage, begin, end in zip(stages, begun, [*begun[1:], execution.duration], strict=True):
        if stage == ATTEMPT:
            yield begin, end - begin
