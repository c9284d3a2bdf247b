from __future__ import annotations

import asyncio
import random as random_module
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from plugins_app.core.errors import CallTimeout, PluginCrashed, TransientError, ZantaraError
from plugins_app.core.execution import ATTEMPT, PAUSE, Answer, CallNext, Execution, Journal
from plugins_app.core.metadata import LONGEST_PAUSE
from plugins_app.core.state import Sample, SharedState, Verdict

FIRST_DELAY = 0.2
LEAST_BUDGET = 3
BUDGET_SHARE = 0.2


@dataclass(slots=True)
class Budget:
    """Retries in flight never exceed a fifth of the calls in flight, or three."""

    calls: int = 0
    retries: int = 0

    @property
    def spent(self) -> bool:
        return self.retries + 1 > max(LEAST_BUDGET, BUDGET_SHARE * self.calls)


class Retry:
    """Repeats what a repeat may cure, with full jitter, within deadline, budget and breaker."""

    def __init__(
        self,
        state: SharedState,
        journal: Journal,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._state, self._journal = state, journal
        self._clock, self._sleep, self._random = clock, sleep, random
        self._budget = Budget()

    async def __call__(self, execution: Execution, call_next: CallNext) -> Answer:
        self._budget.calls += 1
        retrying = False
        try:
            while True:
                execution.attempts += 1
                execution.marks += (ATTEMPT, self._clock())
                try:
                    return await call_next(execution)
                except ZantaraError as error:
                    delay = self._delay(execution, error, retrying)
                    if delay is None:
                        raise
                    if not retrying:
                        retrying = True
                        self._budget.retries += 1
                    execution.marks += (f"{PAUSE}:{error.code}", self._clock())
                    await self._sleep(delay)
                    if not await self._permitted(execution):
                        raise
        finally:
            self._budget.calls -= 1
            self._budget.retries -= retrying

    def _delay(self, execution: Execution, error: ZantaraError, retrying: bool) -> float | None:
        """Seconds to wait before the next attempt, or None where there must be none."""
        metadata = execution.loaded.metadata
        if (
            execution.attempts >= metadata.max_attempts
            or not (metadata.read_only or metadata.idempotent)
            or not _is_transient(error)
            or (execution.lingering is not None and not execution.lingering.done())
            or (self._budget.spent and not retrying)
        ):
            return None
        ceiling = min(LONGEST_PAUSE, FIRST_DELAY * 2 ** (execution.attempts - 1))
        delay = max(self._random() * ceiling, error.retry_after or 0.0)
        return delay if self._clock() + delay < execution.deadline else None

    async def _permitted(self, execution: Execution) -> bool:
        """Report the failed attempt, and ask the breaker for another."""
        plugin = execution.loaded
        if execution.permit is None:
            return True
        sample = Sample(plugin.breaker, execution.permit, ok=False)
        execution.permit = None
        admission = await self._state.next_attempt(execution.id, sample)
        execution.permit = admission.permit
        if admission.transitions:
            self._journal.breaker_moved(plugin, admission.transitions)
        return admission.verdict is Verdict.ADMITTED


def _is_transient(error: ZantaraError) -> bool:
    if isinstance(error, PluginCrashed):
        return isinstance(error.__cause__, (ConnectionError, TimeoutError))
    return isinstance(error, (TransientError, CallTimeout))
