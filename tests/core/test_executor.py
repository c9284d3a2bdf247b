from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from plugins_app.core import (
    Caller,
    Context,
    Plugin,
    PluginError,
    PluginInput,
    PluginMetadata,
    PluginOutput,
    Scope,
)
from plugins_app.core.errors import OutcomeUnknown, Unavailable, ZantaraError
from plugins_app.core.execution import Execution, Status
from plugins_app.core.executor import ExecutorOptions, PluginExecutor
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.middleware.admit import Limits
from plugins_app.core.snapshot import Policy
from plugins_app.core.state import BreakerState
from plugins_app.core.testing import ManualTime, MemoryJournal, memory_executor
from tests.core.calls import ADMIN, GUEST, OTHER, USER, Number, echo, plugin


async def run(
    executor: PluginExecutor,
    data: Any = None,
    *,
    caller: Caller = USER,
    name: str = "t",
    **how: Any,
) -> Execution:
    return await executor.run(name, data, caller=caller, source="test", **how)


def code(execution: Execution) -> str:
    return execution.error.code if execution.error else ""


# --- the deployment guide's names ----------------------------------------------------------------


async def test_execute_answers_with_the_data_and_what_happened() -> None:
    executor = await memory_executor(plugin(echo, version="1.2.0"))
    output = await executor.execute("t", {"n": 3}, use_cache=False, timeout=10_000)
    assert (output.success, output.ok, output.data, output.error) == (True, True, 3, None)
    assert output.metadata["plugin"] == "t"
    assert output.metadata["plugin_version"] == "1.2.0"
    assert (output.metadata["cached"], output.metadata["attempts"]) == (False, 1)
    assert len(output.metadata["execution_id"]) == 26


async def test_a_failure_is_a_value_and_not_an_exception() -> None:
    output = await (await memory_executor(plugin(echo))).execute("t", {"n": "x"})
    assert (output.success, output.metadata["error_code"]) == (False, "invalid_input")
    assert "execution_id" not in output.metadata


async def test_many_calls_are_gathered() -> None:
    executor = await memory_executor(plugin(echo))
    outputs = await asyncio.gather(*(executor.execute("t", {"n": n}) for n in range(20)))
    assert [output.data for output in outputs] == list(range(20))


async def test_the_timeout_of_execute_is_in_milliseconds() -> None:
    async def hang(self: Any, input_data: Number) -> PluginOutput:
        await asyncio.Event().wait()

    output = await (await memory_executor(plugin(hang))).execute("t", timeout=15)
    assert output.metadata["error_code"] == "timeout"
    assert 0.015 <= output.metadata["execution_time"] < 0.5


async def test_warming_runs_the_examples_into_the_cache() -> None:
    examples = ({"input": {"n": 1}}, {"input": {"n": 2}})
    warm = plugin(echo, read_only=True, cache_ttl=60, cache_scope="public", examples=examples)
    executor = await memory_executor(warm, plugin(echo, name="cold", examples=examples))
    assert await executor.warm_plugins(["t", "cold"]) == {"t": 2, "cold": 0}
    assert (await run(executor, {"n": 2})).cached


async def test_metrics_are_counted_under_the_canonical_name() -> None:
    executor = await memory_executor(plugin(echo, aliases=("old-t",)))
    await executor.execute("old-t", {"n": 1})
    await executor.execute("t", {"n": "x"})
    metrics = executor.get_metrics("t")
    assert (metrics["calls"], metrics["successes"], metrics["refused"]) == (1, 1, 1)
    assert metrics["errors"] == {"invalid_input": 1}
    assert executor.counts()["t"]["status:succeeded"] == 1


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "caller", "expected"),
    [
        ({}, GUEST, ""),
        ({}, replace(GUEST, scopes=frozenset()), "unauthenticated"),
        ({}, replace(USER, scopes=frozenset([Scope.LIST])), "forbidden"),
        ({}, replace(USER, scopes=frozenset([Scope.ADMIN])), "forbidden"),
        ({"requires_auth": True}, GUEST, "plugin_not_found"),
        ({"requires_auth": True}, USER, ""),
        ({"requires_admin": True}, GUEST, "plugin_not_found"),
        ({"requires_admin": True}, USER, "forbidden"),
        ({"requires_admin": True}, ADMIN, ""),
        ({}, replace(USER, plugins=("team.*",)), "plugin_not_found"),
        ({}, replace(USER, plugins=("team.*", "t")), ""),
        ({"allowed_models": ("haiku",)}, USER, ""),
        ({"allowed_models": ("haiku",)}, replace(USER, model="claude-3-5-haiku"), ""),
        ({"allowed_models": ("haiku",)}, replace(USER, model="opus"), "model_not_allowed"),
        ({}, replace(USER, model="gpt-5"), "model_not_allowed"),
        ({}, replace(USER, model="haikuish"), "model_not_allowed"),
    ],
)
async def test_only_who_may_is_let_through(
    metadata: dict[str, Any], caller: Caller, expected: str
) -> None:
    executor = await memory_executor(plugin(echo, **metadata))
    assert code(await run(executor, caller=caller)) == expected


@pytest.mark.parametrize(
    ("visibility", "caller", "seen"),
    [
        ("public", GUEST, True),
        ("authenticated", GUEST, False),
        ("authenticated", USER, True),
        ("staff", USER, False),
        ("staff", replace(USER, is_staff=True), True),
        ("staff", ADMIN, True),
    ],
)
async def test_an_invisible_plugin_does_not_exist(
    visibility: str, caller: Caller, *, seen: bool
) -> None:
    from plugins_app.core.metadata import PluginOverrides

    executor = await memory_executor(plugin(echo, name="secret.thing"))
    overrides = PluginOverrides(visibility=visibility)
    executor.registry.apply_policies({"secret.thing": Policy(overrides=overrides)})
    hidden = await run(executor, caller=caller, name="secret.thing")
    missing = await run(executor, caller=caller, name="secret.thinh")
    assert (code(hidden) == "") is seen
    assert ("secret.thing" in missing.error.suggestions) is seen  # type: ignore[union-attr]
    if not seen:
        assert str(hidden.error) == "Plugin 'secret.thing' not found."


async def test_a_disabled_plugin_refuses() -> None:
    executor = await memory_executor(plugin(echo))
    executor.registry.apply_policies({"t": Policy(enabled=False)})
    assert code(await run(executor)) == "plugin_disabled"


# --- what they say -------------------------------------------------------------------------------


class Street(BaseModel):
    number: int


class Deep(PluginInput):
    model_config = {"extra": "forbid"}
    streets: list[Street] = []
    either: int | Street | None = None
    by_key: dict[str, int] = {}
    kind: Literal["a"] = "a"


@pytest.mark.parametrize(
    ("data", "pointers"),
    [
        ({"streets": [{"number": 1}, {"number": "x"}]}, ["/streets/1/number"]),
        ({"streets": [{}]}, ["/streets/0/number"]),
        ({"streets": 5}, ["/streets"]),
        ({"either": "x"}, ["/either", "/either"]),
        ({"either": {"number": "x"}}, ["/either", "/either/number"]),
        ({"either": {}}, ["/either", "/either/number"]),
        ({"by_key": {"a/b~c": "x"}}, ["/by_key/a~1b~0c"]),
        ({"unknown": 1, "kind": "b"}, ["/kind", "/unknown"]),
        ([1], [""]),
        ("text", [""]),
    ],
)
async def test_errors_point_into_the_callers_json(data: Any, pointers: list[str]) -> None:
    execution = await run(await memory_executor(plugin(echo, input=Deep)), data)
    assert sorted(f.pointer for f in execution.error.fields) == pointers  # type: ignore[union-attr]


class Secrets(PluginInput):
    token: SecretStr | None = None
    pin: str = Field("", json_schema_extra={"x-sensitive": True})
    plain: str = ""

    @field_validator("token", "pin", "plain", mode="before")
    @classmethod
    def quote(cls, value: object) -> object:
        raise ValueError(f"bad: {value}")


class WholeSecret(PluginInput):
    pin: str = Field("", json_schema_extra={"x-sensitive": True})

    @model_validator(mode="after")
    def quote(self) -> WholeSecret:
        raise ValueError(f"bad: {self.pin}")


@pytest.mark.parametrize(
    ("model", "data", "echoed"),
    [
        (Secrets, {"token": "hunter2"}, False),
        (Secrets, {"pin": "hunter2"}, False),
        (Secrets, {"plain": "hunter2"}, True),
        (WholeSecret, {"pin": "hunter2"}, False),
    ],
)
async def test_secrets_are_never_echoed(
    model: type[PluginInput], data: dict[str, str], *, echoed: bool
) -> None:
    """The plain field is the control: without the mask the message does quote the value."""
    execution = await run(await memory_executor(plugin(echo, input=model)), data)
    assert ("hunter2" in str(execution.error)) is echoed
    assert ("hunter2" in repr(execution.error.fields)) is echoed  # type: ignore[union-attr]


async def test_unknown_and_missing_fields_are_explained_even_beside_secrets() -> None:
    execution = await run(await memory_executor(plugin(echo, input=Secrets)), {"tokn": "x"})
    assert "Extra inputs are not permitted" in str(execution.error)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [("return True", ""), ("return None", ""), ("return False", "invalid_input")]
    + [("raise ValueError('no')", "invalid_input"), ("raise PluginError('no')", "plugin_error")],
)
@pytest.mark.parametrize("keyword", ["def", "async def"])
async def test_the_plugins_own_check_may_object(keyword: str, verdict: str, expected: str) -> None:
    space: dict[str, Any] = {"PluginError": PluginError}
    exec(f"{keyword} validate(self, input_data): {verdict}", space)
    made = plugin(echo)
    made.validate = space["validate"]
    journal = MemoryJournal()
    execution = await run(await memory_executor(made, journal=journal))
    assert code(execution) == expected
    assert journal.accepted == ([] if expected else [execution.id])


# --- the order of a call -------------------------------------------------------------------------


async def test_refusals_before_admission_cost_no_quota() -> None:
    executor = await memory_executor(plugin(echo, rate_limit=2, requires_admin=True))
    for _ in range(5):
        assert code(await run(executor)) == "forbidden"
        assert code(await run(executor, {"n": "x"}, caller=ADMIN)) == "invalid_input"
    codes = [code(await run(executor, caller=ADMIN)) for _ in range(3)]
    assert codes == ["", "", "rate_limited"]


async def test_a_rate_limited_caller_learns_when_to_come_back_and_others_are_free() -> None:
    time = ManualTime()
    state = MemoryState(clock=time.clock)
    executor = await memory_executor(plugin(echo, rate_limit=1), state=state, world=time.world())
    await run(executor)
    time.now += 20
    refused = await run(executor)
    assert (code(refused), refused.error.retry_after) == ("rate_limited", 40)  # type: ignore[union-attr]
    assert refused.admission.rate.remaining == 0  # type: ignore[union-attr]
    assert code(await run(executor, caller=OTHER)) == ""


@pytest.mark.parametrize(
    ("caller", "limit"), [(GUEST, 2), (replace(USER, rate_limit=3), 3), (USER, 5)]
)
async def test_callers_have_limits_over_all_plugins(caller: Caller, limit: int) -> None:
    options = ExecutorOptions(limits=Limits(anonymous_rate=2))
    executor = await memory_executor(plugin(echo), plugin(echo, name="u"), options=options)
    codes = [code(await run(executor, caller=caller, name="tu"[n % 2])) for n in range(5)]
    assert codes.count("") == limit


async def test_at_most_max_concurrency_calls_run_at_once() -> None:
    gate = asyncio.Event()

    async def wait(self: Any, input_data: Number) -> PluginOutput:
        await gate.wait()
        return PluginOutput()

    executor = await memory_executor(plugin(wait, max_concurrency=2))
    calls = [asyncio.create_task(run(executor)) for _ in range(3)]
    await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    gate.set()
    codes = sorted([code(await call) for call in calls])
    assert codes == ["", "", "concurrency_limited"]
    assert code(await run(executor)) == ""


async def test_ten_failures_open_the_circuit_and_the_plugin_rests() -> None:
    runs: list[int] = []

    async def fail(self: Any, input_data: Number) -> PluginOutput:
        runs.append(1)
        raise PluginError("down")

    journal = MemoryJournal()
    executor = await memory_executor(plugin(fail), journal=journal)
    codes = [code(await run(executor)) for _ in range(12)]
    assert codes == ["plugin_error"] * 10 + ["circuit_open"] * 2
    assert len(runs) == 10
    assert [t.state for t in journal.transitions] == [BreakerState.OPEN]


@pytest.mark.parametrize("harmless", ["refused input", "own failure", "cancelled", "hasty caller"])
async def test_what_is_not_the_plugins_fault_does_not_open_the_circuit(harmless: str) -> None:
    async def execute(self: Any, input_data: Number) -> PluginOutput:
        if harmless in ("cancelled", "hasty caller"):
            await asyncio.Event().wait()
        return PluginOutput.fail("nothing found")

    executor = await memory_executor(plugin(execute))
    for _ in range(12):
        if harmless == "cancelled":
            call = asyncio.create_task(run(executor))
            await asyncio.sleep(0)
            call.cancel()
            await asyncio.wait({call})
        else:
            data = {"n": "x"} if harmless == "refused input" else {}
            await run(executor, data, timeout_ms=1 if harmless == "hasty caller" else None)
    breakers = await executor.state.breakers(["breaker:t@1.0.0"])
    assert breakers["breaker:t@1.0.0"].state is BreakerState.CLOSED


async def test_timeouts_that_the_plugin_itself_is_given_open_the_circuit() -> None:
    async def hang(self: Any, input_data: Number) -> PluginOutput:
        await asyncio.Event().wait()

    executor = await memory_executor(plugin(hang, timeout=0.001))
    codes = [code(await run(executor)) for _ in range(11)]
    assert codes == ["timeout"] * 10 + ["circuit_open"]


async def test_a_plugins_own_failure_is_an_answer_that_counts_as_failed() -> None:
    async def execute(self: Any, input_data: Number) -> PluginOutput:
        return PluginOutput.fail("nothing found", hint=1)

    execution = await run(await memory_executor(plugin(execute)))
    assert (execution.error, execution.status) == (None, Status.FAILED)
    assert execution.answer.error == "nothing found"  # type: ignore[union-attr]


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raised", [ValueError("pw=hunter2"), SystemExit("pw=hunter2"), BaseException("pw=hunter2")]
)
@pytest.mark.parametrize("isolation", ["inline", "thread"])
async def test_an_unexpected_exceptions_text_never_reaches_the_caller(
    raised: BaseException, isolation: str
) -> None:
    async def execute(self: Any, input_data: Number) -> PluginOutput:
        raise raised

    execution = await run(await memory_executor(plugin(execute, isolation=isolation)))
    assert (code(execution), str(execution.error)) == ("plugin_error", "Plugin 't' failed")
    assert execution.error.__cause__ is not None


async def test_a_plugin_error_is_told_as_it_is() -> None:
    async def execute(self: Any, input_data: Number) -> PluginOutput:
        raise PluginError("The office is closed")

    execution = await run(await memory_executor(plugin(execute)))
    assert (code(execution), str(execution.error)) == ("plugin_error", "The office is closed")


async def test_a_plugin_that_lets_a_cancellation_escape_does_not_cancel_its_caller() -> None:
    async def execute(self: Any, input_data: Number) -> PluginOutput:
        raise asyncio.CancelledError

    execution = await run(await memory_executor(plugin(execute)))
    assert (code(execution), execution.status) == ("plugin_error", Status.FAILED)


async def test_a_call_whose_caller_leaves_is_recorded_as_cancelled() -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    journal = MemoryJournal()
    executor = await memory_executor(plugin(execute, max_concurrency=1), journal=journal)
    call = asyncio.create_task(run(executor))
    await started.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.sleep(0)
    assert ended.is_set()
    assert [status for _, status in journal.finished] == [Status.CANCELLED]
    assert not executor.state._leases["concurrency:t"]
    assert (executor.in_flight, executor.registry.resolve("t").calls.count) == (0, 0)
    assert executor.get_metrics("t")["calls"] == 1


async def test_a_draining_executor_refuses_new_calls_and_finishes_old_ones() -> None:
    gate = asyncio.Event()

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        await gate.wait()
        return PluginOutput()

    executor = await memory_executor(plugin(execute))
    old = asyncio.create_task(run(executor))
    await asyncio.sleep(0)
    executor.draining = True
    refused = await run(executor)
    assert (code(refused), refused.error.retry_after) == ("draining", 5)  # type: ignore[union-attr]
    gate.set()
    assert code(await old) == ""


class BrokenJournal(MemoryJournal):
    accept_error: ZantaraError | None = None
    finish_error: Exception | None = None

    async def accept(self, execution: Execution) -> None:
        if self.accept_error:
            raise self.accept_error

    async def finish(self, execution: Execution) -> None:
        if self.finish_error:
            raise self.finish_error


async def test_without_a_durable_row_the_plugin_does_not_start_and_the_quota_comes_back() -> None:
    runs: list[int] = []

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        runs.append(1)
        return PluginOutput()

    journal = BrokenJournal()
    journal.accept_error = Unavailable("The database is away", retry_after=1)
    made = plugin(execute, rate_limit=1, max_concurrency=1)
    executor = await memory_executor(made, journal=journal)
    refused = [await run(executor) for _ in range(3)]
    assert [(code(r), r.status) for r in refused] == [("unavailable", Status.REFUSED)] * 3
    assert runs == []
    journal.accept_error = None
    assert code(await run(executor)) == ""


async def test_read_only_plugins_need_no_row_before_they_start() -> None:
    journal = BrokenJournal()
    journal.accept_error = Unavailable("away")
    executor = await memory_executor(plugin(echo, read_only=True), journal=journal)
    assert code(await run(executor)) == ""


@pytest.mark.parametrize("error", [OutcomeUnknown("not recorded"), RuntimeError("hunter2")])
async def test_an_answer_that_was_not_recorded_is_not_given(error: Exception) -> None:
    journal = BrokenJournal()
    journal.finish_error = error
    execution = await run(await memory_executor(plugin(echo), journal=journal))
    assert (code(execution), execution.answer) == ("outcome_unknown", None)
    assert "hunter2" not in str(execution.error)


async def test_every_admitted_call_is_finished_once_and_every_refusal_counted() -> None:
    journal = MemoryJournal()
    executor = await memory_executor(plugin(echo, rate_limit=1), journal=journal)
    first = await run(executor)
    await run(executor)
    await run(executor, {"n": "x"})
    await run(executor, name="nobody")
    assert journal.finished == [(first.id, Status.SUCCEEDED)]
    assert journal.refused == ["rate_limited", "invalid_input"]


async def test_a_plugins_log_lines_carry_the_execution_id(caplog: pytest.LogCaptureFixture) -> None:
    class Logs(Plugin[Number, PluginOutput]):
        metadata = plugin(echo).metadata

        async def execute(self, input_data: Number, context: Any) -> PluginOutput:
            context.log.warning("hello")
            return PluginOutput()

    with caplog.at_level(logging.WARNING):
        execution = await run(await memory_executor(Logs))
    assert caplog.records[-1].execution_id == execution.id  # type: ignore[attr-defined]
    assert caplog.records[-1].name == "plugins.t"


async def test_a_replaced_object_is_unloaded_after_its_last_call() -> None:
    gate, unloaded = asyncio.Event(), asyncio.Event()

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        await gate.wait()
        assert not unloaded.is_set()
        return PluginOutput()

    made = plugin(execute)
    made.on_unload = lambda self: loop.call_soon_threadsafe(unloaded.set)  # type: ignore[method-assign]
    loop = asyncio.get_running_loop()
    executor = await memory_executor(made)
    call = asyncio.create_task(run(executor))
    await asyncio.sleep(0)
    await executor.registry.reload("t")
    gate.set()
    assert code(await call) == ""
    await asyncio.wait_for(unloaded.wait(), 1)


async def test_progress_is_logged_with_the_execution(caplog: pytest.LogCaptureFixture) -> None:
    class Slow(Plugin[PluginInput, PluginOutput]):
        metadata = PluginMetadata(name="t.slow")

        async def execute(self, input_data: PluginInput, context: Context) -> PluginOutput:
            context.progress(0.5, "half of it")
            return PluginOutput()

    caplog.set_level("INFO", "plugins.t.slow")
    executor = await memory_executor(Slow)
    output = await executor.execute("t.slow")

    line = next(record for record in caplog.records if record.message == "progress")
    assert (line.fraction, line.said) == (0.5, "half of it")
    assert line.execution_id == output.metadata["execution_id"]
