"""PluginExecutor: sends one execution through the middleware and turns the outcome into a value."""

from __future__ import annotations

import asyncio
import logging
import random as random_module
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from plugins_app.core.caller import SYSTEM_CALLER, Caller
from plugins_app.core.context import Context, Ports
from plugins_app.core.errors import Draining, ZantaraError
from plugins_app.core.execution import Answer, CallNext, Execution, Journal, Middleware
from plugins_app.core.hiding import hiding
from plugins_app.core.ids import new_id
from plugins_app.core.lines import speaking
from plugins_app.core.metrics import counters, summary
from plugins_app.core.middleware.admit import Admit, Limits
from plugins_app.core.middleware.authorize import Authorize
from plugins_app.core.middleware.isolation import Isolation
from plugins_app.core.middleware.output import MAX_OUTPUT_BYTES, CheckOutput
from plugins_app.core.middleware.record import Accept, Record
from plugins_app.core.middleware.resolve import Resolve
from plugins_app.core.middleware.retry import Retry
from plugins_app.core.middleware.single_flight import Followers
from plugins_app.core.middleware.timeout import Timeout
from plugins_app.core.middleware.validate import Validate
from plugins_app.core.plugin import PluginOutput
from plugins_app.core.process_pool import ProcessOptions, ProcessPool
from plugins_app.core.registry import PluginRegistry
from plugins_app.core.reservation import Reservation
from plugins_app.core.state import SharedState

MAX_TIMEOUT = 300.0
DRAIN_RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class World:
    """Time, chance and names, so that a test can hold them still. `now` is wall time, UTC."""

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random_module.random
    new_id: Callable[[], str] = new_id


@dataclass(frozen=True, slots=True)
class ExecutorOptions:
    """`max_timeout`: seconds that a whole call may take. `max_output`: bytes."""

    max_timeout: float = MAX_TIMEOUT
    max_output: int = MAX_OUTPUT_BYTES
    processes: ProcessOptions = field(default_factory=ProcessOptions)
    limits: Limits = field(default_factory=Limits)


PortsFor = Callable[[Execution], Ports]


def entrance(registry: PluginRegistry, world: World) -> Sequence[Middleware]:
    """What a call must pass before it costs anything."""
    return Resolve(registry), Authorize(), Validate(world.clock)


def standard_middleware(
    registry: PluginRegistry,
    state: SharedState,
    journal: Journal,
    make_context: Callable[[Execution], Context],
    world: World,
    limits: Limits,
    processes: ProcessPool,
) -> Sequence[Middleware]:
    """The order of a call, from the outside in."""
    return (
        Record(journal, world.clock),
        *entrance(registry, world),
        Admit(
            state,
            journal,
            limits=limits,
            clock=world.clock,
            followers=Followers(state, world.sleep),
        ),
        Accept(journal, world.clock),
        Retry(state, journal, clock=world.clock, sleep=world.sleep, random=world.random),
        Timeout(world.clock),
        Isolation(make_context, processes.run),
    )


def fold(middleware: Sequence[Middleware], innermost: CallNext) -> CallNext:
    call = innermost
    for each in reversed(middleware):
        call = partial(each, call_next=call)
    return call


class PluginExecutor:
    def __init__(
        self,
        registry: PluginRegistry,
        state: SharedState,
        journal: Journal,
        *,
        ports_for: PortsFor = lambda execution: Ports(),
        world: World | None = None,
        options: ExecutorOptions | None = None,
    ) -> None:
        self.registry, self.state = registry, state
        self._ports_for = ports_for
        self._world = world or World()
        self._options = options or ExecutorOptions()
        self.processes = ProcessPool(self._options.processes, self._options.max_output)
        self._pipeline = fold(
            standard_middleware(
                registry,
                state,
                journal,
                self._context,
                self._world,
                self._options.limits,
                self.processes,
            ),
            CheckOutput(self._options.max_output, self._world.clock),
        )
        self._entrance = fold(entrance(registry, self._world), _stop_there)
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.in_flight = 0
        self.draining = False

    async def execute(
        self,
        name: str,
        data: Any = None,
        *,
        use_cache: bool = True,
        timeout: float | None = None,
        caller: Caller = SYSTEM_CALLER,
    ) -> PluginOutput:
        """In-process call, by default as the system itself. `timeout` is in milliseconds."""
        execution = await self.run(
            name, data, caller=caller, source="system", use_cache=use_cache, timeout_ms=timeout
        )
        return to_output(execution)

    async def run(
        self,
        name: str,
        data: Any,
        *,
        caller: Caller,
        source: str,
        request_id: str = "",
        use_cache: bool = True,
        timeout_ms: float | None = None,
        reservation: Reservation | None = None,
        claimed: str | None = None,
    ) -> Execution:
        """One call, ended: with an answer or with an error, never by an exception (but by
        cancellation). `timeout_ms` is the deadline of the whole call, at most `max_timeout`.
        `claimed`: id of the queued execution that this is, whose row the caller has claimed."""
        execution = self._begin(name, data, caller, source, timeout_ms)
        execution.request_id, execution.reservation = request_id, reservation
        execution.use_cache = use_cache and not reservation
        if claimed:
            execution.id, execution.claimed = claimed, True
        try:
            await self._send(execution, self._pipeline)
        finally:
            self._count(execution)
        return execution

    async def check(
        self,
        name: str,
        data: Any,
        *,
        caller: Caller,
        source: str = "check",
        timeout_ms: float | None = None,
    ) -> Execution:
        """Whether `run` would refuse this call for its name, its caller or its input. Nothing is
        admitted, counted or written down, and of the plugin only its own `validate` runs."""
        execution = self._begin(name, data, caller, source, timeout_ms)
        await self._send(execution, self._entrance)
        return execution

    def _begin(
        self, name: str, data: Any, caller: Caller, source: str, timeout_ms: float | None
    ) -> Execution:
        limit = self._options.max_timeout
        seconds = limit if timeout_ms is None else min(limit, timeout_ms / 1000)
        started = self._world.clock()
        return Execution(
            id=self._world.new_id(),
            name=name,
            data={} if data is None else data,
            caller=caller,
            source=source,
            request_id="",
            started=started,
            started_at=self._world.now(),
            deadline=started + seconds,
        )

    async def _send(self, execution: Execution, pipeline: CallNext) -> None:
        self.in_flight += 1
        try:
            if self.draining:
                raise Draining("The server is shutting down", retry_after=DRAIN_RETRY_SECONDS)
            with hiding(execution.hidden), speaking(execution):
                execution.answer = await pipeline(execution)
        except ZantaraError as error:
            execution.error = error
        finally:
            self.in_flight -= 1

    def _count(self, execution: Execution) -> None:
        if execution.plugin:
            counts = self._counts[execution.plugin.name]
            for metric, amount in counters(execution).items():
                counts[metric] += amount

    def _context(self, execution: Execution) -> Context:
        log = _ExecutionLogger(
            logging.getLogger(f"plugins.{execution.loaded.name}"), {"execution_id": execution.id}
        )
        return Context(
            caller=execution.caller,
            execution_id=execution.id,
            deadline=execution.deadline,
            log=log,
            _open_ports=partial(self._ports_for, execution),
            _report=partial(_log_progress, log),
            _clock=self._world.clock,
        )

    async def warm_plugins(self, names: Iterable[str]) -> dict[str, int]:
        """Fill the cache from the plugins' own examples; the number of answers per plugin."""
        return {name: await self._warm(name) for name in names}

    async def _warm(self, name: str) -> int:
        metadata = self.registry.resolve(name).metadata
        if metadata.cache_ttl is None:
            return 0
        outputs = [await self.execute(name, example.input) for example in metadata.examples]
        return sum(output.success for output in outputs)

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """plugin -> counter -> amount, in this process since its start."""
        return {name: dict(counted) for name, counted in self._counts.items()}

    def get_metrics(self, name: str) -> dict[str, Any]:
        """This process's own counts since its start; the journal's hold for all processes."""
        return summary(self._counts[self.registry.resolve(name).name])


async def _stop_there(execution: Execution) -> Answer:
    return Answer(True, b"null")


class _ExecutionLogger(logging.LoggerAdapter[logging.Logger]):
    """Names the execution in every line, beside what the plugin adds to it."""

    def process(self, msg: Any, kwargs: Any) -> Any:
        return msg, {**kwargs, "extra": {**(self.extra or {}), **(kwargs.get("extra") or {})}}


def _log_progress(log: _ExecutionLogger, fraction: float | None, message: str) -> None:
    log.info("progress", extra={"fraction": fraction, "said": message})


def to_output(execution: Execution) -> PluginOutput:
    """An ended execution as a value."""
    metadata = describe(execution)
    if execution.error is not None or execution.answer is None:
        error = execution.hidden.scrub(str(execution.error))
        return PluginOutput(success=False, error=error, metadata=metadata)
    answer = execution.answer
    return PluginOutput(
        success=answer.success,
        data=orjson.loads(answer.data),
        error=answer.error,
        metadata=metadata,
    )


def describe(execution: Execution) -> dict[str, Any]:
    """The answer's metadata: the plugin's own, then ours."""
    own = execution.answer.metadata if execution.answer else {}
    plugin, error = execution.plugin, execution.error
    return {
        **own,
        **({"execution_id": execution.id} if execution.admitted else {}),
        **({"plugin": plugin.name, "plugin_version": plugin.version} if plugin else {}),
        "duration_ms": round(execution.duration * 1000),
        "execution_time": round(execution.duration, 6),
        "cached": execution.cached,
        "attempts": execution.attempts,
        **({"error_code": error.code} if error else {}),
    }


def answer_of(execution: Execution) -> Answer:
    """The answer, or the failure as an exception."""
    if execution.error is not None:
        raise execution.error
    assert execution.answer is not None
    return execution.answer
