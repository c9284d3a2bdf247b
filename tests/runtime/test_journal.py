"""What is written of a call, and when."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from plugins_app.core.errors import CallTimeout, PluginError
from plugins_app.core.plugin import PluginOutput
from plugins_app.core.state import BreakerState, Transition
from plugins_app.core.testing import ManualTime, memory_executor
from plugins_app.models import BreakerEvent, CallerHour, GaugeMinute, MetricHour
from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.journal import ExecutionJournal
from tests.core.calls import GUEST, OTHER, USER, echo, plugin
from tests.runtime._journal import Database, code, counted, row, rows, run, statuses, until
from tests.runtime.conftest import MakeExecutor, MakeJournal


async def fails(self: Any, input_data: Any) -> PluginOutput:
    raise PluginError("no such luck")


# --- rows -----------------------------------------------------------------------------------------


async def test_an_answer_has_one_terminal_row(serve: MakeExecutor) -> None:
    execution = await run(await serve(plugin(echo, version="1.2.0")), {"n": 3}, request_id="r-1")
    written = await row(id=execution.id)
    assert (written.plugin, written.version, written.status) == ("t", "1.2.0", "succeeded")
    assert (written.caller, written.source, written.request_id) == (USER.id, "test", "r-1")
    assert (written.input, written.output, written.worker) == ('{"n":3}', "3", "here")
    assert written.finished_at
    assert written.finished_at >= written.started_at
    assert (written.attempts, written.cached, written.lease_until) == (1, False, None)


async def test_a_plugin_that_may_change_something_sees_its_own_running_row(
    serve: MakeExecutor,
) -> None:
    async def look(self: Any, input_data: Any) -> PluginOutput:
        written = await row()
        return PluginOutput(data=[written.id, written.status, written.lease_until is not None])

    execution = await run(await serve(plugin(look)))
    assert execution.answer
    assert execution.answer.data == f'["{execution.id}","running",true]'.encode()


async def test_a_read_only_plugin_costs_one_commit(serve: MakeExecutor, database: Database) -> None:
    async def look(self: Any, input_data: Any) -> PluginOutput:
        return PluginOutput(data=len(await rows()))

    execution = await run(await serve(plugin(look, read_only=True)))
    assert execution.answer
    assert (execution.answer.data, await statuses()) == (b"0", ["succeeded"])
    assert database.commits == 1


async def test_a_hit_has_a_row_of_its_own(serve: MakeExecutor) -> None:
    executor = await serve(plugin(echo, read_only=True, cache_ttl=60))
    ids = [(await run(executor, {"n": 1})).id for _ in range(2)]
    assert [(each.id, each.cached) for each in reversed(await rows())] == list(
        zip(ids, [False, True], strict=True)
    )


async def test_a_failure_is_told_and_traced(serve: MakeExecutor) -> None:
    async def crash(self: Any, input_data: Any) -> PluginOutput:
        raise ValueError("secret detail")

    execution = await run(await serve(plugin(crash)))
    written = await row(id=execution.id)
    assert (written.status, written.error_code) == ("failed", "plugin_error")
    assert "secret detail" not in written.error
    assert "ValueError: secret detail" in written.traceback


async def test_a_plugin_that_answers_failure_is_failed(serve: MakeExecutor) -> None:
    async def decline(self: Any, input_data: Any) -> PluginOutput:
        return PluginOutput.fail("closed today")

    await run(await serve(plugin(decline)))
    written = await row()
    assert (written.status, written.error, written.error_code) == ("failed", "closed today", "")


async def test_a_timeout_is_timed_out(serve: MakeExecutor) -> None:
    async def late(self: Any, input_data: Any) -> PluginOutput:
        raise CallTimeout("too slow")

    await run(await serve(plugin(late)))
    assert await statuses() == ["timed_out"]


async def test_a_caller_that_leaves_is_recorded_as_cancelled(
    serve: MakeExecutor, journal: ExecutionJournal
) -> None:
    started = asyncio.Event()

    async def hang(self: Any, input_data: Any) -> PluginOutput:
        started.set()
        return await asyncio.Event().wait()  # type: ignore[return-value]

    call = asyncio.create_task(run(await serve(plugin(hang))))
    await started.wait()
    call.cancel()
    await asyncio.wait({call})
    await in_database_thread(journal.close)
    assert await statuses() == ["cancelled"]


async def test_a_caller_that_leaves_while_its_row_is_accepted_gets_a_terminal_row(
    serve: MakeExecutor, journal: ExecutionJournal, database: Database
) -> None:
    executor, gate = await serve(plugin(echo)), database.hold()
    call = asyncio.create_task(run(executor))
    await until(lambda: journal._writer._thread is not None)
    call.cancel()
    await asyncio.wait({call})
    gate.set()
    await in_database_thread(journal.close)
    assert await statuses() == ["cancelled"]
    assert (await counted())["status:cancelled"] == 1


# --- commits --------------------------------------------------------------------------------------


async def test_64_callers_share_few_commits(serve: MakeExecutor, database: Database) -> None:
    executor = await serve(plugin(echo, read_only=True))
    await asyncio.gather(*(run(executor, {"n": n}) for n in range(64)))
    assert len(await rows(status="succeeded")) == 64
    assert database.commits <= 8


async def test_all_that_waited_while_a_commit_ran_goes_into_the_next(
    serve: MakeExecutor, journal: ExecutionJournal, database: Database
) -> None:
    executor, gate = await serve(plugin(echo, read_only=True)), database.hold()
    first = asyncio.ensure_future(run(executor))
    await until(lambda: database.committing)
    calls = asyncio.gather(first, *(run(executor) for _ in range(99)))
    await until(lambda: journal._writer.waiting == 99)
    gate.set()
    await calls
    assert (len(await rows()), database.commits) == (100, 2)


async def test_closing_writes_what_is_waiting(
    serve: MakeExecutor, journal: ExecutionJournal
) -> None:
    executor = await serve(plugin(echo))
    for _ in range(3):
        await run(executor, {"n": "no number"})
    await in_database_thread(journal.close)
    assert (await counted())["status:refused"] == 3


async def test_a_closed_journal_opens_again(serve: MakeExecutor, journal: ExecutionJournal) -> None:
    executor = await serve(plugin(echo))
    await run(executor)
    await in_database_thread(journal.close)
    await run(executor)
    assert await statuses() == ["succeeded", "succeeded"]


# --- what is counted ------------------------------------------------------------------------------


async def test_minutes_and_hours_count_the_same(serve: MakeExecutor) -> None:
    executor = await serve(plugin(echo, read_only=True, cache_ttl=60))
    await run(executor)
    await run(executor)
    minutes = await counted()
    assert (minutes["status:succeeded"], minutes["cache:hit"], minutes["cache:miss"]) == (2, 1, 1)
    assert minutes["attempts:1"] == sum(minutes[m] for m in minutes if m.startswith("latency:"))
    assert minutes == await counted(MetricHour)


async def test_every_caller_is_counted_by_the_hour(serve: MakeExecutor) -> None:
    executor = await serve(plugin(fails), plugin(echo, name="u"))
    await run(executor)
    await run(executor, name="u")
    await run(executor, name="u", caller=OTHER)
    await run(executor, {"n": "x"}, name="u", caller=OTHER)
    await run(executor, name="u", caller=OTHER)
    found = CallerHour.objects.values_list("caller", "plugin", "calls", "errors", "refused")
    assert sorted(await in_database_thread(lambda: list(found))) == [
        (USER.id, "t", 1, 1, 0),
        (USER.id, "u", 1, 0, 0),
        (OTHER.id, "u", 2, 0, 1),
    ]


async def test_the_peaks_of_a_minute_are_kept(
    serve: MakeExecutor, journal: ExecutionJournal
) -> None:
    gate = asyncio.Event()

    async def wait(self: Any, input_data: Any) -> PluginOutput:
        await gate.wait()
        return PluginOutput()

    executor = await serve(plugin(wait, read_only=True, rate_limit=10))
    calls = asyncio.gather(*(run(executor) for _ in range(3)))
    await until(lambda: executor.in_flight == 3)
    gate.set()
    await calls
    await run(executor, caller=OTHER)
    [peak] = await in_database_thread(lambda: list(GaugeMinute.objects.all()))
    assert (peak.in_flight, peak.queued, peak.peak_quota) == (3, 0, 30)


async def test_a_moved_breaker_is_written_down(
    serve: MakeExecutor, journal: ExecutionJournal
) -> None:
    executor = await serve(plugin(echo))
    moved = Transition(BreakerState.CLOSED, BreakerState.OPEN, "10 of 10 failed")
    journal.breaker_moved(executor.registry.resolve("t"), (moved,))
    await run(executor)
    [event] = await in_database_thread(lambda: list(BreakerEvent.objects.all()))
    assert (event.plugin, event.previous, event.state) == ("t", "closed", "open")
    assert event.reason == "10 of 10 failed"


async def test_a_flood_of_refusals_is_counted_exactly_and_sampled(
    serve: MakeExecutor, journal: ExecutionJournal, database: Database
) -> None:
    executor = await serve(plugin(echo), plugin(echo, name="u", requires_admin=True))
    for n in range(50):
        assert code(await run(executor, {"n": str(n) + "x"}, caller=GUEST)) == "invalid_input"
    for _ in range(3):
        assert code(await run(executor, name="u")) == "forbidden"
    await in_database_thread(journal.close)
    counts = await counted()
    assert (counts["status:refused"], counts["error:invalid_input"]) == (53, 50)
    assert [len(await rows(plugin="t")), len(await rows(plugin="u"))] == [10, 3]
    assert {each.status for each in await rows()} == {"refused"}


async def test_a_refusal_never_waits_for_the_database(
    serve: MakeExecutor, database: Database
) -> None:
    executor, gate = await serve(plugin(echo)), database.hold()
    refused = [await run(executor, {"n": "x"}) for _ in range(20)]
    gate.set()
    assert {code(execution) for execution in refused} == {"invalid_input"}


async def test_samples_start_anew_every_minute(make_journal: MakeJournal) -> None:
    assert await _rows_of_refusals_at(make_journal, [0] * 15 + [60] * 15) == 20


async def test_calls_on_both_sides_of_a_minutes_edge_share_their_minutes_samples(
    make_journal: MakeJournal,
) -> None:
    assert await _rows_of_refusals_at(make_journal, [59, 60] * 15) == 20


async def test_samples_hold_when_the_clock_is_set_back(make_journal: MakeJournal) -> None:
    later = [600 + 60 * minute for minute in range(10)]
    assert await _rows_of_refusals_at(make_journal, later + [0] * 15) == 20


async def _rows_of_refusals_at(make_journal: MakeJournal, seconds: list[int]) -> int:
    time = ManualTime()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    world = replace(time.world(), now=lambda: start + timedelta(seconds=time.now))
    journal = make_journal()
    executor = await memory_executor(plugin(echo), journal=journal, world=world)  # type: ignore[arg-type]
    for time.now in seconds:
        await run(executor, {"n": "x"})
    await in_database_thread(journal.close)
    return len(await rows())
