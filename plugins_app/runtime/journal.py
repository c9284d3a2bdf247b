"""ExecutionJournal: the audit log and the metrics, by group commit.

Callers hand their entry to one writer thread and wait; the writer commits everything that is
waiting in one transaction, again and again. At one caller that is one commit per call, at 64
callers one commit carries 64 rows. Rows and rollups commit together, so both are right or none.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connections, transaction

from plugins_app.core.errors import OutcomeUnknown, Unavailable, ZantaraError
from plugins_app.core.execution import Execution
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.state import Transition
from plugins_app.runtime.journal_rows import Rollup, Row, lease_until, rollup_of, row_of
from plugins_app.runtime.journal_sql import JournalSql

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000
MAX_BATCH = 1_000
FULL_SECONDS = 2.0
WAIT_SECONDS = 25.0
REPEATS = (0.05, 0.2, 0.5)
RETRY_SECONDS = 1.0
REFUSALS_FLUSH_SECONDS = 1.0
SAMPLES_PER_MINUTE = 10
"""Rows kept of refusals per plugin and code, in one process; all of them are counted."""


class _Act(Enum):
    ACCEPT = auto()
    INSERT = auto()
    FINISH = auto()
    EVENT = auto()


@dataclass(slots=True)
class _Entry:
    act: _Act
    row: Row
    rollup: Rollup | None = None
    done: asyncio.Future[None] | None = None
    loop: asyncio.AbstractEventLoop | None = None
    error: ZantaraError | None = None
    until: datetime | None = None
    """End of the row's lease."""
    repeat: bool = False
    """It was sent before, and may have been committed without our knowing."""
    given_up: bool = False
    """Its caller stopped waiting: what was not written yet is not written any more."""


@dataclass(slots=True)
class _Refusals:
    """Counted at once, written by the next batch: a flood of refusals costs no commits."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    rollup: Rollup = field(default_factory=Rollup)
    samples: Counter[tuple[str, str]] = field(default_factory=Counter)
    minute: datetime | None = None

    def add(self, execution: Execution) -> bool:
        """Count it; whether it is one of the few that get a row."""
        minute = execution.started_at.replace(second=0, microsecond=0)
        key = (execution.loaded.name, execution.error.code if execution.error else "")
        with self.lock:
            self.rollup.add(rollup_of(execution))
            if minute != self.minute:
                self.minute = minute
                self.samples.clear()
            self.samples[key] += 1
            return self.samples[key] <= SAMPLES_PER_MINUTE

    def take(self) -> Rollup:
        with self.lock:
            taken, self.rollup = self.rollup, Rollup()
            return taken


class ExecutionJournal:
    """`worker` names this process in the rows; `payloads=False` keeps inputs and outputs out."""

    def __init__(
        self, *, worker: str, payloads: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._worker, self._payloads, self._clock = worker, payloads, clock
        self._waiting: deque[_Entry] = deque()
        self._owed: list[_Entry] = []
        self._refusals = _Refusals()
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    # --- the callers' side, on the engine's loop --------------------------------------------------

    async def accept(self, execution: Execution) -> None:
        await self._submit(_Entry(_Act.ACCEPT, self._row(execution)))

    async def finish(self, execution: Execution) -> None:
        cheap = execution.cached or execution.loaded.metadata.read_only
        act = _Act.INSERT if cheap else _Act.FINISH
        await self._submit(
            _Entry(act, self._row(execution), rollup_of(execution), until=lease_until(execution))
        )

    def refuse(self, execution: Execution) -> None:
        if self._refusals.add(execution) and len(self._waiting) < MAX_WAITING:
            self._waiting.append(_Entry(_Act.INSERT, self._row(execution)))
        self.start()

    def breaker_moved(self, plugin: LoadedPlugin, transitions: tuple[Transition, ...]) -> None:
        for moved in transitions:
            logger.warning(
                "breaker moved",
                extra={"plugin": plugin.key, "state": str(moved.state), "reason": moved.reason},
            )
            event = {
                "plugin": plugin.name,
                "version": plugin.version,
                "at": datetime.now(UTC),
                "state": str(moved.state),
                "previous": str(moved.previous),
                "reason": moved.reason[:200],
            }
            self._waiting.append(_Entry(_Act.EVENT, event))
        self._wake.set()

    def _row(self, execution: Execution) -> Row:
        return row_of(execution, worker=self._worker, payloads=self._payloads)

    async def _submit(self, entry: _Entry) -> None:
        await self._until_there_is_room()
        self.start()
        entry.loop = asyncio.get_running_loop()
        entry.done = entry.loop.create_future()
        self._waiting.append(entry)
        self._wake.set()
        try:
            await asyncio.wait_for(asyncio.shield(entry.done), WAIT_SECONDS)
        except TimeoutError:
            entry.given_up = entry.act is not _Act.FINISH
            raise _failure(entry) from None

    async def _until_there_is_room(self) -> None:
        patience = self._clock() + FULL_SECONDS
        while len(self._waiting) >= MAX_WAITING:
            if self._clock() > patience:
                raise Unavailable("The execution log is overloaded", retry_after=RETRY_SECONDS)
            await asyncio.sleep(0.01)

    # --- the writer's side, on its own thread -----------------------------------------------------

    def start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._closing = False
            self._thread = threading.Thread(target=self._run, name="zantara-journal", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what is waiting, then end the thread."""
        if self._thread is not None:
            self._closing = True
            self._wake.set()
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        try:
            while True:
                self._wake.wait(REFUSALS_FLUSH_SECONDS)
                self._wake.clear()
                self._drain()
                if self._closing and not self._waiting:
                    return
        finally:
            connections.close_all()

    def _drain(self) -> None:
        self._pay_owed()
        while True:
            count = min(len(self._waiting), MAX_BATCH)
            taken = [self._waiting.popleft() for _ in range(count)]
            batch = [entry for entry in taken if not entry.given_up]
            refusals = self._refusals.take()
            if not taken and not refusals:
                return
            self._commit(batch, refusals)

    def _commit(self, batch: list[_Entry], extra: Rollup) -> None:
        """Repeat while the database stumbles, then give up on those who wait."""
        for pause in (*REPEATS, None):
            try:
                self._write(batch, extra)
                self._wake_all(batch)
                return
            except (OperationalError, InterfaceError) as error:
                logger.warning("journal write failed", extra={"error": str(error)})
                connections["default"].close()
                for entry in batch:
                    entry.repeat = True
                if pause is None:
                    self._give_up(batch, extra)
                else:
                    time.sleep(pause)
            except DatabaseError as error:
                self._bisect(batch, extra, error)
                return

    def _write(self, batch: list[_Entry], extra: Rollup) -> None:
        connection = connections["default"]
        with transaction.atomic(durable=True):
            sql = JournalSql(connection)
            total = Rollup()
            total.add(extra)
            for entry in self._write_rows(sql, batch):
                if entry.rollup:
                    total.add(entry.rollup)
            sql.add(total)

    def _write_rows(self, sql: JournalSql, batch: list[_Entry]) -> list[_Entry]:
        """The entries that really changed something, which alone are counted."""
        fresh = [e for e in batch if e.act in (_Act.ACCEPT, _Act.INSERT) and not e.repeat]
        if fresh:
            sql.insert([entry.row for entry in fresh])
        changed = list(fresh)
        for entry in batch:
            if entry.act is _Act.EVENT:
                sql.breaker_event(entry.row)
            elif entry.act is _Act.FINISH:
                changed += [entry] if self._finish(sql, entry) else []
            elif entry.repeat and sql.insert_once(entry.row):
                changed.append(entry)
        return changed

    def _finish(self, sql: JournalSql, entry: _Entry) -> bool:
        entry.error = None
        if sql.finish(entry.row):
            return True
        if not (entry.repeat and sql.status(entry.row["id"]) == entry.row["status"]):
            entry.error = OutcomeUnknown("The execution's record was closed by somebody else")
        return False

    def _bisect(self, batch: list[_Entry], extra: Rollup, error: DatabaseError) -> None:
        """A row that the database does not take fails its own call only."""
        if len(batch) > 1:
            middle = len(batch) // 2
            self._commit(batch[:middle], extra)
            self._commit(batch[middle:], Rollup())
            return
        logger.error("journal row refused", exc_info=error)
        for entry in batch:
            entry.error = _failure(entry)
        self._wake_all(batch)
        if batch and extra:
            self._commit([], extra)

    def _give_up(self, batch: list[_Entry], extra: Rollup) -> None:
        """No audit, no act. What has happened already stays owed until its lease ends."""
        for entry in batch:
            entry.error = _failure(entry)
            if entry.act is _Act.FINISH:
                self._owed.append(entry)
        self._refusals_back(extra)
        self._wake_all(batch)

    def _refusals_back(self, extra: Rollup) -> None:
        with self._refusals.lock:
            self._refusals.rollup.add(extra)

    def _pay_owed(self) -> None:
        owed, self._owed = self._owed, []
        now = datetime.now(UTC)
        owed = [entry for entry in owed if entry.until and entry.until > now]
        if not owed:
            return
        try:
            self._write(owed, Rollup())
        except DatabaseError:
            connections["default"].close()
            self._owed = owed

    def _wake_all(self, batch: list[_Entry]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[_Entry]] = {}
        for entry in batch:
            if entry.loop:
                loops.setdefault(entry.loop, []).append(entry)
        for loop, entries in loops.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, entries)


def _resolve(entries: list[_Entry]) -> None:
    for entry in entries:
        if entry.done and not entry.done.done():
            if entry.error:
                entry.done.set_exception(entry.error)
            else:
                entry.done.set_result(None)


def _failure(entry: _Entry) -> ZantaraError:
    if entry.act is _Act.FINISH:
        return OutcomeUnknown(
            f"Execution {entry.row['id']} ended, but its outcome could not be recorded"
        )
    return Unavailable("The execution log is not available", retry_after=RETRY_SECONDS)
