"""The journal when the database stumbles, is away, or does not want a row."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugins_app.core.plugin import PluginOutput
from plugins_app.core.state import BreakerState, Transition
from plugins_app.core.testing import ManualTime, memory_executor
from plugins_app.models import BreakerEvent, CallerHour, ExecutionLog, Status
from plugins_app.runtime import journal_writer
from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.journal import ExecutionJournal
from plugins_app.runtime.journal_dialect import journal_sql
from plugins_app.runtime.sweeper import _abandon, sweep
from tests.core.calls import echo, plugin
from tests.runtime._journal import Database, code, counted, row, rows, run, statuses, until
from tests.runtime.conftest import MakeExecutor, MakeJournal

LATER = timedelta(hours=1)


def noting(effects: list[str]) -> Any:
    """A plugin with a side effect."""

    async def execute(self: Any, input_data: Any, context: Any) -> PluginOutput:
        effects.append(context.execution_id)
        return PluginOutput()

    return plugin(execute)


# --- the database is away -------------------------------------------------------------------------


async def test_without_the_database_nothing_is_accepted_and_nothing_starts(
    serve: MakeExecutor, database: Database
) -> None:
    effects: list[str] = []
    executor = await serve(noting(effects))
    database.away = True
    execution = await run(executor)
    assert (code(execution), execution.admitted, effects) == ("unavailable", False, [])
    assert execution.error
    assert execution.error.retry_after


async def test_what_was_not_accepted_gives_quota_and_permit_back(
    serve: MakeExecutor, database: Database
) -> None:
    executor = await serve(plugin(echo, rate_limit=1, max_concurrency=1))
    database.away = True
    assert code(await run(executor)) == "unavailable"
    database.away = False
    assert code(await run(executor)) == ""


async def test_what_was_refused_while_the_database_was_away_is_counted_when_it_is_back(
    serve: MakeExecutor, journal: ExecutionJournal, database: Database
) -> None:
    executor = await serve(plugin(echo))
    database.away = True
    for _ in range(3):
        await run(executor)
    database.away = False
    await in_database_thread(journal.close)
    assert await statuses() == ["refused"] * 3
    counts = await counted()
    assert (counts["status:refused"], counts["error:unavailable"]) == (3, 3)


async def test_an_outcome_that_could_not_be_written_is_unknown_and_paid_later(
    serve: MakeExecutor, journal: ExecutionJournal, database: Database
) -> None:
    async def cut_off(self: Any, input_data: Any) -> PluginOutput:
        database.away = True
        return PluginOutput()

    executor = await serve(plugin(cut_off))
    execution = await run(executor)
    assert (code(execution), await statuses()) == ("outcome_unknown", ["running"])
    database.away = False
    await in_database_thread(journal.close)
    assert await statuses() == ["succeeded"]
    assert (await counted())["status:succeeded"] == 1


async def test_a_caller_wakes_only_after_what_it_left_behind_is_owed(
    serve: MakeExecutor,
    journal: ExecutionJournal,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def look_and_wake(entries: Any) -> None:
        owed.append(len(journal._writer._owed))
        wake(entries)

    owed: list[int] = []
    wake = journal_writer._wake
    monkeypatch.setattr(journal_writer, "_wake", look_and_wake)
    await _leave_running(serve, database)
    assert owed == [0, 1]


async def test_a_read_answer_that_could_not_be_written_is_withheld(
    serve: MakeExecutor, database: Database
) -> None:
    executor = await serve(plugin(echo, read_only=True))
    database.away = True
    execution = await run(executor)
    assert (code(execution), execution.answer) == ("unavailable", None)


async def test_a_short_stumble_is_repeated_and_nobody_notices(
    serve: MakeExecutor, journal: ExecutionJournal, database: Database
) -> None:
    def recover(seconds: float) -> None:
        database.away = False

    journal._writer._pause = recover
    executor = await serve(plugin(echo))
    database.away = True
    assert code(await run(executor)) == ""
    assert await statuses() == ["succeeded"]


async def test_a_full_queue_refuses_after_two_seconds(
    make_journal: MakeJournal, database: Database
) -> None:
    time = ManualTime()
    journal = make_journal(max_waiting=1, clock=time.clock, sleep=time.sleep)
    executor = await memory_executor(plugin(echo, read_only=True), journal=journal)  # type: ignore[arg-type]
    gate = database.hold()
    first = asyncio.ensure_future(run(executor))
    await until(lambda: database.committing)
    second = asyncio.ensure_future(run(executor))
    await until(lambda: journal._writer.waiting == 1)
    before = time.now
    assert code(await run(executor)) == "unavailable"
    assert time.now - before == pytest.approx(2, abs=0.1)
    gate.set()
    await asyncio.gather(first, second)


async def test_whoever_waits_too_long_is_told_so_and_its_row_is_withdrawn(
    make_journal: MakeJournal, database: Database
) -> None:
    effects: list[str] = []
    journal = make_journal(wait_seconds=0.01)
    executor = await memory_executor(noting(effects), journal=journal)  # type: ignore[arg-type]
    gate = database.hold()
    assert code(await run(executor)) == "unavailable"
    gate.set()
    await in_database_thread(journal.close)
    assert (effects, await statuses()) == ([], ["refused"])
    assert await in_database_thread(lambda: sweep(datetime.now(UTC) + LATER)) == 0
    assert (await counted())["status:refused"] == 1


# --- a COMMIT whose answer was lost ---------------------------------------------------------------


async def test_a_lost_commit_of_an_accepted_row_is_repeated_without_a_second_row(
    serve: MakeExecutor, database: Database
) -> None:
    executor = await serve(plugin(echo))
    database.lose_next_commit()
    assert code(await run(executor)) == ""
    assert (await statuses(), (await counted())["status:succeeded"]) == (["succeeded"], 1)


async def test_a_lost_commit_of_a_terminal_row_is_counted_once(
    serve: MakeExecutor, database: Database
) -> None:
    executor = await serve(plugin(echo, read_only=True))
    database.lose_next_commit()
    assert code(await run(executor)) == ""
    assert (await statuses(), (await counted())["status:succeeded"]) == (["succeeded"], 1)


async def test_a_lost_commit_of_a_finish_is_counted_once(
    serve: MakeExecutor, database: Database
) -> None:
    async def execute(self: Any, input_data: Any) -> PluginOutput:
        database.lose_next_commit()
        return PluginOutput()

    assert code(await run(await serve(plugin(execute)))) == ""
    assert (await statuses(), (await counted())["status:succeeded"]) == (["succeeded"], 1)


async def test_a_lost_commit_counts_the_refusals_and_events_beside_it_once(
    serve: MakeExecutor, journal: ExecutionJournal, database: Database
) -> None:
    executor, gate = await serve(plugin(echo, read_only=True)), database.hold()
    first = asyncio.ensure_future(run(executor))
    await until(lambda: database.committing)
    await run(executor, {"n": "x"})
    moved = Transition(BreakerState.CLOSED, BreakerState.OPEN, "")
    journal.breaker_moved(executor.registry.resolve("t"), (moved,))
    second = asyncio.ensure_future(run(executor))
    await until(lambda: journal._writer.waiting == 3)
    database.after_commit = database.lose_next_commit
    gate.set()
    await asyncio.gather(first, second)
    counts = await counted()
    assert (counts["status:refused"], counts["status:succeeded"]) == (1, 2)
    assert await in_database_thread(BreakerEvent.objects.count) == 1


async def test_a_row_whose_lost_commit_is_never_learned_of_does_not_stay_running(
    serve: MakeExecutor, journal: ExecutionJournal, database: Database
) -> None:
    def stay_away() -> None:
        database.after_commit = lambda: None
        database.away = True
        database.lose_next_commit()
        database.after_commit()

    executor = await serve(plugin(echo))
    database.after_commit = stay_away
    assert code(await run(executor)) == "unavailable"
    database.away = False
    await in_database_thread(journal.close)
    assert [each.status for each in await rows()] == ["refused"]


# --- rows that the database does not want ---------------------------------------------------------


async def test_a_bad_row_fails_only_its_own_call(
    serve: MakeExecutor, journal: ExecutionJournal, database: Database
) -> None:
    def spoil(execution: Any) -> Any:
        written = make_row(execution)
        return {**written, "attempts": object()} if execution.request_id == "bad" else written

    make_row = journal._row
    journal._row = spoil  # type: ignore[method-assign]
    executor, gate = await serve(plugin(echo, read_only=True)), database.hold()
    first = asyncio.ensure_future(run(executor))
    await until(lambda: database.committing)
    others = [asyncio.ensure_future(run(executor, request_id=r)) for r in ("a", "bad", "b", "c")]
    await until(lambda: journal._writer.waiting == 4)
    gate.set()
    ended = [code(execution) for execution in await asyncio.gather(first, *others)]
    assert ended == ["", "", "unavailable", "", ""]
    assert (len(await rows()), (await counted())["status:succeeded"]) == (4, 4)


async def test_row_and_counts_are_written_together_or_not_at_all(
    serve: MakeExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Any, rollup: Any) -> None:
        add(self, rollup)
        raise ValueError("after all statements")

    kind = type(await in_database_thread(journal_sql))
    add = kind.add
    monkeypatch.setattr(kind, "add", fail)
    assert code(await run(await serve(plugin(echo, read_only=True)))) == "unavailable"
    assert (await rows(), await counted()) == ([], {})


async def test_text_that_a_column_cannot_hold_is_escaped(serve: MakeExecutor) -> None:
    async def fail(self: Any, input_data: Any) -> PluginOutput:
        return PluginOutput.fail("a\0b\ud800c")

    await run(await serve(plugin(fail)), request_id="r\0")
    written = await row()
    assert (written.error, written.request_id) == ("a\\u0000b\\ud800c", "r\\u0000")


async def test_text_that_is_too_long_for_its_column_is_cut(serve: MakeExecutor) -> None:
    await run(await serve(plugin(echo)), request_id="r" * 1000)
    assert (await row()).request_id == "r" * 128


# --- two that end one row -------------------------------------------------------------------------


def abandon_all() -> int:
    return sweep(datetime.now(UTC) + LATER)


async def test_a_row_that_was_abandoned_meanwhile_is_not_finished_or_counted_again(
    serve: MakeExecutor,
) -> None:
    async def outlive(self: Any, input_data: Any) -> PluginOutput:
        await in_database_thread(abandon_all)
        return PluginOutput()

    execution = await run(await serve(plugin(outlive)))
    assert (code(execution), await statuses()) == ("outcome_unknown", ["abandoned"])
    counts = await counted()
    assert (counts["status:abandoned"], counts["status:succeeded"]) == (1, 0)


async def test_the_sweeper_ends_and_counts_what_nobody_will_end(
    serve: MakeExecutor, database: Database
) -> None:
    await _leave_running(serve, database)
    assert await in_database_thread(abandon_all) == 1
    written = await row()
    assert (written.status, written.error_code) == ("abandoned", "outcome_unknown")
    assert written.finished_at
    assert written.lease_until is None
    assert (await counted())["status:abandoned"] == 1
    [hour] = await in_database_thread(lambda: list(CallerHour.objects.all()))
    assert (hour.calls, hour.errors) == (1, 1)


async def test_the_sweeper_leaves_rows_alone_whose_lease_runs(
    serve: MakeExecutor, database: Database
) -> None:
    await _leave_running(serve, database)
    assert await in_database_thread(lambda: sweep(datetime.now(UTC))) == 0
    assert await statuses() == ["running"]


async def test_a_finish_between_the_sweepers_look_and_its_update_wins(
    serve: MakeExecutor, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _leave_running(serve, database)
    look = ExecutionLog.objects.filter(status=Status.RUNNING)
    stale = await in_database_thread(lambda: list(look))

    def finish_and_sweep() -> int:
        look.update(status=Status.SUCCEEDED)
        return _abandon(stale, datetime.now(UTC))

    assert await in_database_thread(finish_and_sweep) == 0
    assert (await statuses(), (await counted())["status:abandoned"]) == (["succeeded"], 0)


async def _leave_running(serve: MakeExecutor, database: Database) -> None:
    """A row whose process is gone: the journal's thread ended, and what it owed is forgotten."""

    async def cut_off(self: Any, input_data: Any) -> PluginOutput:
        database.away = True
        return PluginOutput()

    executor = await serve(plugin(cut_off))
    await run(executor)
    journal: Any = executor._pipeline.func._journal  # type: ignore[attr-defined]
    await in_database_thread(journal.close)
    journal._writer._owed.clear()
    database.away = False
