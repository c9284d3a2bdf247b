"""ExecutionJournal: the audit log and the metrics, by group commit.

Callers hand their entry to one writer thread and wait; the writer commits everything that is
waiting in one transaction, again and again. At one caller that is one commit per step, at 64
callers one commit carries 64 rows. Rows and rollups commit together, so both are right or none.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from plugins_app.core.errors import Unavailable
from plugins_app.core.execution import Execution
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.state import Transition
from plugins_app.core.waiting import ended
from plugins_app.runtime.journal_batch import RETRY_SECONDS, Act, Entry, failure
from plugins_app.runtime.journal_rows import Row, row_of
from plugins_app.runtime.journal_writer import JournalWriter, PendingRefusals
from plugins_app.runtime.rollup import tally_of

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000
FULL_SECONDS = 2.0
FULL_POLL_SECONDS = 0.01
WAIT_SECONDS = 25.0
"""Shorter than what a row's lease has beyond the deadline of its call."""
SAMPLES_PER_MINUTE = 10
"""Rows kept of refusals per plugin and code, in one process; all of them are counted."""
MINUTES_REMEMBERED = 6
"""As long as a call may take, and the one that begins."""


class ExecutionJournal:
    """`worker` names this process in the rows; `payloads=False` keeps inputs and outputs out."""

    def __init__(
        self,
        *,
        worker: str,
        payloads: bool = True,
        max_waiting: int = MAX_WAITING,
        wait_seconds: float = WAIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._worker, self._payloads = worker, payloads
        self._max_waiting, self._wait_seconds = max_waiting, wait_seconds
        self._clock, self._sleep = clock, sleep
        self._refusals = PendingRefusals()
        self._samples = _Samples()
        self._writer = JournalWriter(self._refusals, pause)

    async def accept(self, execution: Execution) -> None:
        entry = Entry(Act.ACCEPT, self._row(execution), reservation=execution.reservation)
        try:
            await self._submit(entry)
        except Unavailable:
            if entry.done:  # it may be committed all the same, or still be
                self._writer.put(Entry(Act.WITHDRAW, entry.row))
            raise

    async def finish(self, execution: Execution) -> None:
        act = Act.FINISH if execution.announced else Act.INSERT
        entry = Entry(act, self._row(execution), tally_of(execution))
        if execution.reservation:
            entry.reply = execution.reservation.reply_to(execution)
        await self._submit(entry)

    def refuse(self, execution: Execution) -> None:
        self._refusals.count(tally_of(execution))
        if self._samples.wants(execution) and self._writer.waiting < self._max_waiting:
            self._writer.put(Entry(Act.SAMPLE, self._row(execution)))
        else:
            self._writer.start()

    def breaker_moved(self, plugin: LoadedPlugin, transitions: tuple[Transition, ...]) -> None:
        for moved in transitions:
            logger.warning(
                "breaker moved",
                extra={"plugin": plugin.key, "state": str(moved.state), "reason": moved.reason},
            )
            self._writer.put(Entry(Act.EVENT, _event(plugin, moved)))

    def close(self) -> None:
        """Write what is waiting. Blocks; the next entry opens it again."""
        self._writer.close()

    def _row(self, execution: Execution) -> Row:
        return row_of(execution, worker=self._worker, payloads=self._payloads)

    async def _submit(self, entry: Entry) -> None:
        await self._until_there_is_room()
        entry.done = asyncio.get_running_loop().create_future()
        self._writer.put(entry)
        if not await ended(entry.done, self._wait_seconds):
            raise failure(entry)
        entry.done.result()

    async def _until_there_is_room(self) -> None:
        patience = self._clock() + FULL_SECONDS
        while self._writer.waiting >= self._max_waiting:
            if self._clock() >= patience:
                raise Unavailable("The execution log is overloaded", retry_after=RETRY_SECONDS)
            await self._sleep(FULL_POLL_SECONDS)


class _Samples:
    """Which refusals get a row: the first few of each plugin, code and minute."""

    def __init__(self) -> None:
        self._minutes: dict[datetime, Counter[tuple[str, str]]] = {}

    def wants(self, execution: Execution) -> bool:
        seen = self._seen(execution.started_at.replace(second=0, microsecond=0))
        key = (execution.loaded.name, execution.error.code if execution.error else "")
        seen[key] += 1
        return seen[key] <= SAMPLES_PER_MINUTE

    def _seen(self, minute: datetime) -> Counter[tuple[str, str]]:
        """Calls do not end in the order in which they began, so a minute is not over with the
        first call of the next."""
        if minute not in self._minutes:
            if len(self._minutes) >= MINUTES_REMEMBERED:
                del self._minutes[next(iter(self._minutes))]
            self._minutes[minute] = Counter()
        return self._minutes[minute]


def _event(plugin: LoadedPlugin, moved: Transition) -> Row:
    return {
        "plugin": plugin.name,
        "version": plugin.version,
        "at": datetime.now(UTC),
        "state": str(moved.state),
        "previous": str(moved.previous),
        "reason": moved.reason[:200],
    }
