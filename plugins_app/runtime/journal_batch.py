"""What the journal commits together, and how it is written: all of it or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum, auto

from plugins_app.core.errors import KeyInUse, OutcomeUnknown, Unavailable, ZantaraError
from plugins_app.core.reservation import KeptReply, Reservation
from plugins_app.runtime import idempotency
from plugins_app.runtime.journal_rows import Row
from plugins_app.runtime.journal_sql import JournalSql
from plugins_app.runtime.rollup import Rollup, Tally

RETRY_SECONDS = 1.0


class Act(Enum):
    ACCEPT = auto()
    """A running row, before the plugin starts."""
    WITHDRAW = auto()
    """The running row away again: its caller was told that the plugin did not start."""
    INSERT = auto()
    """A terminal row at once."""
    FINISH = auto()
    """The running row becomes terminal, if it still runs."""
    SAMPLE = auto()
    """A refusal that gets a row; it is counted elsewhere."""
    EVENT = auto()
    """A breaker moved."""


@dataclass(slots=True)
class Entry:
    act: Act
    row: Row
    tally: Tally | None = None
    done: asyncio.Future[None] | None = None
    error: ZantaraError | None = None
    reservation: Reservation | None = None
    """Of an accepted call: its key is taken with its row, or neither is."""
    reply: KeptReply | None = None
    """Of a finished call with a reservation."""

    @property
    def inserted(self) -> bool:
        """Whether its row is written together with the others'."""
        return self.act in _INSERTED and self.reservation is None

    def fail(self) -> None:
        self.error = failure(self)


@dataclass(slots=True)
class Batch:
    entries: list[Entry]
    refusals: Rollup = field(default_factory=Rollup)
    in_doubt: bool = False
    """It was sent before, and may have been committed without our knowing."""

    def __bool__(self) -> bool:
        return bool(self.entries or self.refusals)

    def halves(self) -> tuple[Batch, Batch]:
        middle = len(self.entries) // 2
        return (
            Batch(self.entries[:middle], self.refusals, self.in_doubt),
            Batch(self.entries[middle:], in_doubt=self.in_doubt),
        )


class _Effect(Enum):
    CHANGED = auto()
    FOUND = auto()
    """Our own earlier attempt has written it."""
    NONE = auto()


def write(batch: Batch, sql: JournalSql) -> None:
    """Inside a transaction. Only what really changed is counted. Refusals and breaker events have
    no row that tells whether they were committed before; the batch's other entries say it for
    them. (A batch in doubt that holds nothing else may count its refusals twice.)"""
    if not batch.in_doubt:
        sql.insert([e.row for e in batch.entries if e.inserted])
    finished = sql.finish([e.row for e in batch.entries if e.act is Act.FINISH])
    total, found = Rollup(), False
    for entry in batch.entries:
        entry.error = None
        effect = _write_entry(entry, sql, finished, in_doubt=batch.in_doubt)
        found = found or effect is _Effect.FOUND
        if effect is _Effect.CHANGED and entry.tally:
            total.count(entry.tally)
    if not found:
        total.add(batch.refusals)
        for entry in batch.entries:
            if entry.act is Act.EVENT:
                sql.breaker_event(entry.row)
    sql.add(total)


_INSERTED = (Act.ACCEPT, Act.INSERT)


def _write_entry(
    entry: Entry, sql: JournalSql, finished: Collection[str], *, in_doubt: bool
) -> _Effect:
    if entry.act is Act.FINISH:
        return _finish(entry, sql, changed=entry.row["id"] in finished, in_doubt=in_doubt)
    if entry.inserted and not in_doubt:
        return _Effect.CHANGED
    if entry.reservation and not idempotency.reserve(sql, entry.row, entry.reservation):
        entry.error = KeyInUse("Another call with this Idempotency-Key was first")
        return _Effect.NONE
    if entry.act in _INSERTED or entry.act is Act.SAMPLE:
        if sql.insert_once(entry.row):
            return _Effect.CHANGED
        return _Effect.FOUND if _is_there(entry, sql) else _Effect.NONE
    if entry.act is Act.WITHDRAW:
        sql.withdraw(entry.row["id"])
        idempotency.release(sql, entry.row["id"])
    return _Effect.NONE


def _finish(entry: Entry, sql: JournalSql, *, changed: bool, in_doubt: bool) -> _Effect:
    if changed:
        if entry.reply:
            idempotency.keep(sql, entry.row["id"], entry.reply)
        return _Effect.CHANGED
    if in_doubt and _is_there(entry, sql):
        return _Effect.FOUND
    entry.error = OutcomeUnknown("The execution's record was closed by somebody else")
    return _Effect.NONE


def _is_there(entry: Entry, sql: JournalSql) -> bool:
    return bool(sql.status(entry.row["id"]) == entry.row["status"])


def failure(entry: Entry) -> ZantaraError:
    """What a caller is told whose entry could not be written."""
    if entry.act is Act.FINISH:
        return OutcomeUnknown(
            f"Execution {entry.row['id']} ended, but its outcome could not be recorded"
        )
    return Unavailable("The execution log is not available", retry_after=RETRY_SECONDS)
