"""One call on its way through the middleware, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from plugins_app.core.errors import ZantaraError
from plugins_app.core.hiding import Hidden
from plugins_app.core.lines import Lines
from plugins_app.core.state import Admission, Permit, Transition

if TYPE_CHECKING:
    from asyncio import Future

    from plugins_app.core.caller import Caller
    from plugins_app.core.loaded import LoadedPlugin
    from plugins_app.core.plugin import PluginInput
    from plugins_app.core.reservation import Reservation


class Status(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"
    REFUSED = "refused"


# What the time of a call goes into, in this order; a pause leads back to an attempt. Plain texts:
# a member of an enumeration costs a call twice as much as its mark.
CHECK = "check"
"""Name, rights and input."""
ADMIT = "admit"
"""Limits, cache and breaker; for a cached answer the last stage."""
FOLLOW = "follow"
"""Another call is making the same answer."""
ACCEPT = "accept"
"""The row is written before the plugin starts."""
ATTEMPT = "attempt"
PAUSE = "pause"
"""After an attempt that failed: 'pause:' and the code of its error."""
OUTPUT = "output"
"""What the plugin returned is checked and serialised."""
SETTLE = "settle"
"""Breaker, cache and permits learn how it ended."""


TERMINAL = frozenset(Status) - {Status.QUEUED, Status.RUNNING}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the plugin answered, checked and serialised: `data` is JSON."""

    success: bool
    data: bytes
    error: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    def to_cache(self) -> bytes:
        """The metadata on one line, then the data as it is."""
        return orjson.dumps(self.metadata) + b"\n" + self.data

    @classmethod
    def from_cache(cls, entry: bytes) -> Answer | None:
        """None where the entry is damaged."""
        try:
            head, _, data = entry.partition(b"\n")
            orjson.loads(data)
            return cls(True, data, metadata=dict(orjson.loads(head)))
        except (ValueError, TypeError):
            return None


@dataclass(slots=True)
class Execution:
    """The first block is what the door asked for; the rest is learned on the way.

    `started` and `deadline` are on the executor's monotonic clock, in seconds.
    """

    id: str
    name: str
    data: Any
    caller: Caller
    source: str
    request_id: str
    started: float
    started_at: datetime
    deadline: float
    use_cache: bool = True
    reservation: Reservation | None = None
    claimed: bool = False
    """Its row was written when it was queued, and is this process's to end."""

    plugin: LoadedPlugin | None = None
    input: PluginInput | None = None
    admission: Admission | None = None
    admitted: bool = False
    permit: Permit | None = None
    attempts: int = 0
    cached: bool = False
    in_flight: int = 0
    waiting: int = 0
    detached: Future[Any] | None = None
    """The run, where its own caller left and others still wait for the answer."""
    lingering: Future[Any] | None = None
    """Work that still runs although the caller was answered."""
    output: Any = None
    """What `execute` returned, not checked yet."""
    answer: Answer | None = None
    error: ZantaraError | None = None
    duration: float = 0.0
    hidden: Hidden = field(default_factory=Hidden)
    marks: list[Any] = field(default_factory=list)
    """A stage, when it began, the next stage, and so on; CHECK began at `started`."""
    lines: Lines | None = None
    """What was logged while it ran."""

    @property
    def loaded(self) -> LoadedPlugin:
        """The plugin, where resolve came before."""
        if self.plugin is None:
            raise RuntimeError("the execution has not been resolved yet")
        return self.plugin

    @property
    def announced(self) -> bool:
        """Whether its row is written before the plugin starts."""
        if self.claimed:
            return True
        if self.cached:
            return False
        return self.reservation is not None or not self.loaded.metadata.read_only

    @property
    def unfinished(self) -> Future[Any] | None:
        """What still uses the plugin although the call ended."""
        rest = (self.detached, self.lingering)
        return next((work for work in rest if work and not work.done()), None)

    @property
    def status(self) -> Status:
        """Where the call stands, from what it has so far."""
        if self.error is not None:
            if not self.admitted:
                return Status.REFUSED
            return _STATUS_OF_CODE.get(self.error.code, Status.FAILED)
        if self.answer is None:
            return Status.RUNNING
        return Status.SUCCEEDED if self.answer.success else Status.FAILED


_STATUS_OF_CODE = {"timeout": Status.TIMED_OUT, "cancelled": Status.CANCELLED}

Answering = Coroutine[Any, Any, Answer]
CallNext = Callable[[Execution], Answering]


class Middleware(Protocol):
    """One concern around a call. Failures are exceptions of errors.py. What has nothing to do
    afterwards need not be a coroutine of its own: it gives the next one's."""

    def __call__(self, execution: Execution, call_next: CallNext) -> Answering: ...


class Journal(Protocol):
    """Where executions are written down. `accept` and `finish` return when the row is durable."""

    async def accept(self, execution: Execution) -> None:
        """Raises one of NOT_ACCEPTED; then the plugin must not start."""
        ...

    async def finish(self, execution: Execution) -> None:
        """Raises Unavailable, or OutcomeUnknown where the plugin may have changed something."""
        ...

    def refuse(self, execution: Execution) -> None:
        """Count a refusal; never blocks, never fails."""
        ...

    def breaker_moved(self, plugin: LoadedPlugin, transitions: tuple[Transition, ...]) -> None: ...
