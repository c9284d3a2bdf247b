"""The circuit breaker's rules, on one breaker's state. Time and randomness are handed in.

A window of the last 20 attempts opens the circuit at 50 % failures (10 attempts at least).
Open lasts 30 s, doubling up to 300 s while probing fails. Half-open hands out 3 probes and
decides when all three have reported, by the same share of failures.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from plugins_app.core.state import BreakerState, BreakerStatus, Permit, Transition

WINDOW = 20
MINIMUM = 10
FAILURE_SHARE = 0.5
OPEN_SECONDS = 30.0
MAX_OPEN_SECONDS = 300.0
JITTER = 0.1
PROBES = 3
FORCED_RETRY_SECONDS = 30.0


@dataclass(slots=True)
class Breaker:
    state: BreakerState = BreakerState.CLOSED
    forced: bool = False
    generation: int = 0
    open_seconds: float = OPEN_SECONDS
    retry_at: float = 0.0
    window: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    probes: dict[str, float] = field(default_factory=dict)
    reports: list[bool] = field(default_factory=list)

    def wait(self, now: float) -> float | None:
        """Seconds to stay away, or None where an attempt may be permitted. Changes nothing."""
        if self.state is BreakerState.CLOSED:
            return None
        if self.forced:
            return FORCED_RETRY_SECONDS
        if self.state is BreakerState.OPEN:
            return self.retry_at - now if now < self.retry_at else None
        alive = [end for end in self.probes.values() if end > now]
        if len(alive) + len(self.reports) < PROBES:
            return None
        return max(min(alive, default=now) - now, 0.0)

    def permit(
        self, now: float, execution_id: str, lease: float
    ) -> tuple[Permit, Transition | None]:
        """Take the leave that `wait` offered."""
        transition = None
        if self.state is BreakerState.OPEN:
            transition = self._move(BreakerState.HALF_OPEN, "open time is over")
        if self.state is BreakerState.CLOSED:
            return Permit(self.generation), transition
        self.probes = {holder: end for holder, end in self.probes.items() if end > now}
        self.probes[execution_id] = now + lease
        return Permit(self.generation, probe=True), transition

    def report(
        self, now: float, execution_id: str, permit: Permit, ok: bool | None, random: float
    ) -> Transition | None:
        """`random` in [0, 1) spreads the open time. Reports of lost probes move nothing."""
        if self.forced or permit.generation != self.generation:
            return None
        if permit.probe:
            return self._report_probe(now, execution_id, ok, random)
        if ok is not None:
            self.window.append(ok)
        if len(self.window) >= MINIMUM and _too_many(self.window):
            failed = self.window.count(False)
            return self._open(
                now, OPEN_SECONDS, random, f"{failed} of {len(self.window)} attempts failed"
            )
        return None

    def _report_probe(
        self, now: float, execution_id: str, ok: bool | None, random: float
    ) -> Transition | None:
        end = self.probes.pop(execution_id, None)
        if end is None or end <= now or ok is None:
            return None
        self.reports.append(ok)
        if len(self.reports) < PROBES:
            return None
        if _too_many(self.reports):
            doubled = min(MAX_OPEN_SECONDS, 2 * self.open_seconds)
            return self._open(now, doubled, random, "probes failed")
        return self._move(BreakerState.CLOSED, "probes succeeded")

    def _open(self, now: float, seconds: float, random: float, reason: str) -> Transition:
        transition = self._move(BreakerState.OPEN, reason)
        self.open_seconds = seconds
        self.retry_at = now + seconds * (1 + JITTER * (2 * random - 1))
        return transition

    def _move(self, state: BreakerState, reason: str) -> Transition:
        transition = Transition(self.state, state, reason)
        self.state = state
        self.generation += 1
        self.window.clear()
        self.probes.clear()
        self.reports.clear()
        return transition

    def force(self, state: BreakerState | None) -> Transition:
        reason = "reset by an operator" if state is None else f"forced {state} by an operator"
        self.forced = state is not None
        return self._move(state or BreakerState.CLOSED, reason)

    def status(self, now: float) -> BreakerStatus:
        return BreakerStatus(self.state, self.forced, self.wait(now))


def _too_many(outcomes: deque[bool] | list[bool]) -> bool:
    return outcomes.count(False) >= FAILURE_SHARE * len(outcomes)
