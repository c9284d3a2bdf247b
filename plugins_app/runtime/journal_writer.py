"""The journal's one writer: a thread with its own connection.

It commits everything that is waiting in one transaction, again and again. A batch that the
database cannot take now is repeated; one that it does not want is halved until the bad row
stands alone.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from django.db import InterfaceError, OperationalError, connections

from plugins_app.runtime.journal_batch import Act, Batch, Entry, write
from plugins_app.runtime.journal_dialect import journal_sql
from plugins_app.runtime.rollup import Rollup, Tally

logger = logging.getLogger(__name__)

MAX_BATCH = 1_000
MAX_OWED = 10_000
REPEATS = (0.05, 0.2, 0.5)
PATIENCE_SECONDS = 1.5
FLUSH_SECONDS = 1.0
"""Refusals, which nobody waits for, are written and what is owed is tried at least so often."""


class PendingRefusals:
    """Counted at once, written with the next batch: a flood of refusals costs no commits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rollup = Rollup()

    def count(self, tally: Tally) -> None:
        with self._lock:
            self._rollup.count(tally)

    def add(self, rollup: Rollup) -> None:
        with self._lock:
            self._rollup.add(rollup)

    def take(self) -> Rollup:
        with self._lock:
            taken, self._rollup = self._rollup, Rollup()
            return taken


class JournalWriter:
    """Starts its thread on first use, and again after `close`."""

    def __init__(
        self, refusals: PendingRefusals, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._refusals, self._pause = refusals, pause
        self._lock = threading.Lock()
        self._waiting: deque[Entry] = deque()
        self._owed: deque[Batch] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._away = False
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def put(self, entry: Entry) -> None:
        with self._lock:
            self._waiting.append(entry)
            self._start()
        self._wake.set()

    def start(self) -> None:
        with self._lock:
            self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._closing = False
            self._thread = threading.Thread(target=self._run, name="zantara-journal", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what is waiting, then end the thread."""
        with self._lock:
            thread, self._closing = self._thread, True
        if thread:
            self._wake.set()
            thread.join()

    def _run(self) -> None:
        try:
            while True:
                self._wake.wait(FLUSH_SECONDS)
                self._wake.clear()
                closing = self._closing
                self._write_all()
                if closing and self._ended():
                    return
        finally:
            connections.close_all()

    def _ended(self) -> bool:
        """Decided under the lock, so that an entry that comes now finds a thread."""
        with self._lock:
            if self._waiting:
                return False
            self._thread = None
            return True

    def _write_all(self) -> None:
        self._away = False
        while True:
            self._pay_owed()
            batch = self._next_batch()
            if not batch:
                return
            self._commit(batch)
            if self._away:
                return

    def _next_batch(self) -> Batch:
        count = min(len(self._waiting), MAX_BATCH)
        return Batch([self._waiting.popleft() for _ in range(count)], self._refusals.take())

    def _commit(self, batch: Batch) -> None:
        """Repeat while the database stumbles, then give up on those who wait. One that takes its
        time to fail is away, and not asked again for them."""
        end = time.monotonic() + PATIENCE_SECONDS
        for pause in (*REPEATS, 0.0):
            if self._try(batch):
                return
            if time.monotonic() > end:
                break
            self._pause(pause)
        self._give_up(batch)

    def _try(self, batch: Batch) -> bool:
        """Whether the batch is settled; else the database is away."""
        try:
            sql = journal_sql()
            with sql.transaction():
                write(batch, sql)
        except (OperationalError, InterfaceError) as error:
            logger.warning("journal write failed", extra={"error": str(error)})
            connections["default"].close()
            self._away = batch.in_doubt = True
            return False
        except Exception as error:
            self._split(batch, error)
            return True
        self._away = False
        _wake(batch.entries)
        return True

    def _split(self, batch: Batch, error: Exception) -> None:
        """A row that the database does not take fails its own call only."""
        if len(batch.entries) > 1:
            for half in batch.halves():
                self._commit(half)
            return
        logger.error("journal row refused", exc_info=error)
        for entry in batch.entries:
            entry.fail()
        _wake(batch.entries)
        if batch.entries and batch.refusals:
            self._commit(Batch([], batch.refusals))

    def _give_up(self, batch: Batch) -> None:
        """No audit, no act: nothing is accepted. What has happened already stays owed, and the
        fence decides between a late payment and the sweeper."""
        room = sum(len(owed.entries) for owed in self._owed) < MAX_OWED
        kept = [e for e in batch.entries if e.act is Act.FINISH or (room and e.act in _OWED)]
        if kept:
            self._owed.append(Batch(kept, batch.refusals, in_doubt=True))
        else:
            self._refusals.add(batch.refusals)
        for entry in batch.entries:
            entry.fail()
        _wake(batch.entries)  # last: whoever wakes finds what is owed

    def _pay_owed(self) -> None:
        while self._owed and not self._away:
            if self._try(self._owed[0]):
                self._owed.popleft()


_OWED = (Act.WITHDRAW, Act.INSERT, Act.EVENT, Act.SAMPLE)


def _wake(entries: Iterable[Entry]) -> None:
    """One call into the loop for all waiters of a batch."""
    loops: dict[asyncio.AbstractEventLoop, list[Entry]] = {}
    for entry in entries:
        if entry.done:
            loops.setdefault(entry.done.get_loop(), []).append(entry)
    for loop, waiting in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, waiting)
        except RuntimeError:
            logger.debug("the callers' loop is closed")


def _resolve(entries: list[Entry]) -> None:
    for entry in entries:
        if entry.done is None or entry.done.done():
            continue
        if entry.error:
            entry.done.set_exception(entry.error)
            entry.done.exception()  # its caller may have left; then it is nobody's
        else:
            entry.done.set_result(None)
