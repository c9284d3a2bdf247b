"""SharedState: what all processes must agree on before and after a call.

The port has one step before a call (`admit`) and one after (`settle`), plus one before each
further attempt, so that Redis can answer each in one round trip. A step reads everything,
decides, then writes: a call that any check refuses leaves nothing behind. Keys are opaque
strings; times are seconds; leases end by themselves when their holder was killed. What every call
makes anew is a named tuple: it is made at half of a frozen dataclass's cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol


class RateRule(NamedTuple):
    """At most `limit` admissions in any half-open window (t - window, t]."""

    key: str
    limit: int
    window: float = 60.0


class CacheRule(NamedTuple):
    """`flight_lease`: how long the first caller of a cold key may keep the others waiting."""

    key: str
    ttl: float
    flight_lease: float


class ConcurrencyRule(NamedTuple):
    key: str
    limit: int
    lease: float


class BreakerRule(NamedTuple):
    """`lease`: seconds after which an unreported probe counts as lost."""

    key: str
    lease: float


class AdmitRequest(NamedTuple):
    """The checks run in the order of the fields. `rates[0]` is the one that answers report.

    `charged` marks the second look of a follower, whose rates were counted at the first.
    """

    execution_id: str
    rates: tuple[RateRule, ...] = ()
    cache: CacheRule | None = None
    concurrency: ConcurrencyRule | None = None
    breaker: BreakerRule | None = None
    charged: bool = False


class Verdict(StrEnum):
    ADMITTED = "admitted"
    HIT = "hit"
    FOLLOW = "follow"
    RATE_LIMITED = "rate_limited"
    CONCURRENCY_LIMITED = "concurrency_limited"
    CIRCUIT_OPEN = "circuit_open"


class RateStatus(NamedTuple):
    """`reset`: seconds until the oldest counted call leaves the window."""

    limit: int
    remaining: int
    reset: float
    window: float


class Permit(NamedTuple):
    """A breaker's leave for one attempt. A report of another generation moves nothing."""

    generation: int
    probe: bool = False


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Transition(NamedTuple):
    previous: BreakerState
    state: BreakerState
    reason: str


class Admission(NamedTuple):
    verdict: Verdict
    rate: RateStatus | None = None
    retry_after: float | None = None
    cached: bytes | None = None
    permit: Permit | None = None
    transitions: tuple[Transition, ...] = ()
    degraded: bool = False


class Sample(NamedTuple):
    """How an attempt went. `ok` is None where it says nothing about the plugin (cancelled)."""

    rule: BreakerRule
    permit: Permit
    ok: bool | None


class Settlement(NamedTuple):
    """What a finished call gives back. `answer` is cached under `cache`; without one the key's
    flight just ends. `refund` takes the call out of the rate windows again."""

    execution_id: str
    sample: Sample | None = None
    concurrency: ConcurrencyRule | None = None
    cache: CacheRule | None = None
    answer: bytes | None = None
    refund: tuple[RateRule, ...] = ()


class Flight(NamedTuple):
    """What a waiting follower may know without charging anybody."""

    cached: bool
    flying: bool


@dataclass(frozen=True, slots=True)
class BreakerStatus:
    state: BreakerState
    forced: bool = False
    retry_after: float | None = None


class SharedState(Protocol):
    async def admit(self, request: AdmitRequest) -> Admission: ...

    async def next_attempt(self, execution_id: str, sample: Sample) -> Admission:
        """Report the attempt that failed and ask for another: ADMITTED or CIRCUIT_OPEN."""
        ...

    async def settle(self, settlement: Settlement) -> tuple[Transition, ...]: ...

    async def renew(self, execution_id: str, rule: ConcurrencyRule) -> None:
        """Keep a concurrency lease whose work still runs."""
        ...

    async def flight(self, key: str) -> Flight: ...

    async def followed(self, key: str) -> bool:
        """Whether anybody waits for the flight of this key."""
        ...

    async def breakers(self, keys: Iterable[str]) -> Mapping[str, BreakerStatus]: ...

    async def force_breaker(self, key: str, state: BreakerState | None) -> Transition | None:
        """OPEN and CLOSED hold until None, which resets it to a fresh closed one."""
        ...

    async def close(self) -> None:
        """Let go of connections; the next step opens them again."""
        ...
