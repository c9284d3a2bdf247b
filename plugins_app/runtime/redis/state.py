"""SharedState on one Redis server: every step is one call of one script, atomic over all processes
and on the server's own clock."""

from __future__ import annotations

import random as random_module
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from plugins_app.core import breaker as rules
from plugins_app.core.memory_state import CONCURRENCY_RETRY_SECONDS
from plugins_app.core.state import (
    Admission,
    AdmitRequest,
    BreakerRule,
    BreakerState,
    BreakerStatus,
    CacheRule,
    ConcurrencyRule,
    Flight,
    Permit,
    RateRule,
    RateStatus,
    Sample,
    Settlement,
    Transition,
    Verdict,
)
from plugins_app.runtime.redis.pipe import IN_A_HURRY, Patience, ScriptPipe

SECOND = 1_000_000
_RULES = {
    "window": rules.WINDOW,
    "minimum": rules.MINIMUM,
    "share": rules.FAILURE_SHARE,
    "open": rules.OPEN_SECONDS,
    "longest_open": rules.MAX_OPEN_SECONDS,
    "jitter": rules.JITTER,
    "probes": rules.PROBES,
    "forced_retry": rules.FORCED_RETRY_SECONDS,
    "concurrency_retry": CONCURRENCY_RETRY_SECONDS,
}
_HEAD = "local RULES = {" + ", ".join(f"{name} = {value}" for name, value in _RULES.items()) + "}\n"
SCRIPT = _HEAD + Path(__file__).with_name("state.lua").read_text()

Step = dict[str, Any]


class RedisState:
    """Keys begin with `prefix`. `clock`: for tests, in place of the server's; in seconds."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        patience: Patience = IN_A_HURRY,
        clock: Callable[[], float] | None = None,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._pipe = ScriptPipe(url, SCRIPT, patience)
        self._prefix, self._clock, self._random = f"{prefix}:state:", clock, random

    async def close(self) -> None:
        await self._pipe.close()

    async def admit(self, request: AdmitRequest) -> Admission:
        step: Step = {
            "step": "admit",
            "id": request.execution_id,
            "rates": [self._rate(rule) for rule in request.rates],
            "charged": request.charged,
        }
        if request.cache:
            step["cache"] = self._cache(request.cache)
        if request.concurrency:
            step["concurrency"] = self._concurrency(request.concurrency)
        if request.breaker:
            step["breaker"] = self._breaker(request.breaker)
        return _admission(await self._run(step), request.rates)

    async def next_attempt(self, execution_id: str, sample: Sample) -> Admission:
        step = {"step": "next_attempt", "id": execution_id, **self._sample(sample)}
        return _admission(await self._run(step), ())

    async def settle(self, settlement: Settlement) -> tuple[Transition, ...]:
        step: Step = {
            "step": "settle",
            "id": settlement.execution_id,
            "rates": [self._rate(rule) for rule in settlement.refund],
        }
        if settlement.concurrency:
            step["concurrency"] = self._concurrency(settlement.concurrency)
        if settlement.cache:
            step["cache"] = self._cache(settlement.cache)
        if settlement.sample:
            step |= self._sample(settlement.sample)
        return _transitions(await self._run(step, settlement.answer))

    async def renew(self, execution_id: str, rule: ConcurrencyRule) -> None:
        held = self._concurrency(rule)
        await self._run({"step": "renew", "id": execution_id, "concurrency": held})

    async def flight(self, key: str) -> Flight:
        cached, flying = await self._run({"step": "flight", "cache": self._flight(key)})
        return Flight(cached=bool(cached), flying=bool(flying))

    async def followed(self, key: str) -> bool:
        (followed,) = await self._run({"step": "followed", "cache": self._flight(key)})
        return bool(followed)

    async def breakers(self, keys: Iterable[str]) -> Mapping[str, BreakerStatus]:
        wanted = list(keys)
        found = await self._run({"step": "breakers", "keys": [self._prefix + k for k in wanted]})
        return {key: _status(row) for key, row in zip(wanted, found, strict=True)}

    async def force_breaker(self, key: str, state: BreakerState | None) -> Transition | None:
        step: Step = {"step": "force", "breaker": {"key": self._prefix + key}}
        if state is not None:
            step["state"] = state.value
        return _transition(await self._run(step))

    def _run(self, step: Step, answer: bytes | None = None) -> Awaitable[Any]:
        if self._clock:
            step["now"] = round(self._clock() * SECOND)
        asked = orjson.dumps(step)
        return self._pipe.run(asked if answer is None else asked + b"\n" + answer)

    def _rate(self, rule: RateRule) -> Step:
        return {
            "key": self._prefix + rule.key,
            "limit": rule.limit,
            "window": round(rule.window * SECOND),
        }

    def _cache(self, rule: CacheRule) -> Step:
        return {
            **self._flight(rule.key),
            "ttl": round(rule.ttl * SECOND),
            "lease": round(rule.flight_lease * SECOND),
        }

    def _flight(self, key: str) -> Step:
        return {"key": self._prefix + key, "flight": f"{self._prefix}flight:{key}"}

    def _concurrency(self, rule: ConcurrencyRule) -> Step:
        return {
            "key": self._prefix + rule.key,
            "limit": rule.limit,
            "lease": round(rule.lease * SECOND),
        }

    def _breaker(self, rule: BreakerRule) -> Step:
        return {"key": self._prefix + rule.key, "lease": round(rule.lease * SECOND)}

    def _sample(self, sample: Sample) -> Step:
        told: Step = {"generation": sample.permit.generation, "probe": sample.permit.probe}
        if sample.ok is not None:
            told["ok"] = sample.ok
        return {"breaker": self._breaker(sample.rule), "sample": told, "random": self._random()}


def _admission(answer: list[Any], rates: tuple[RateRule, ...]) -> Admission:
    verdict, wait, rate, *rest = answer
    kind = Verdict(verdict.decode())
    if not rest:  # refused at the door: `rate` is which of them
        status = (
            RateStatus(rates[rate].limit, 0, wait / SECOND, rates[rate].window)
            if (kind is Verdict.RATE_LIMITED)
            else None
        )
        return Admission(kind, rate=status, retry_after=wait / SECOND)
    cached, permit, transitions = rest
    return Admission(
        kind,
        rate=RateStatus(rates[0].limit, rate[0], rate[1] / SECOND, rates[0].window)
        if rate
        else None,
        retry_after=wait / SECOND if wait >= 0 else None,
        cached=cached if kind is Verdict.HIT else None,
        permit=Permit(permit[0], probe=bool(permit[1])) if permit else None,
        transitions=_transitions(transitions),
    )


def _transitions(rows: list[Any]) -> tuple[Transition, ...]:
    return tuple(map(_transition, rows))


def _transition(row: list[bytes]) -> Transition:
    previous, state, reason = (text.decode() for text in row)
    return Transition(BreakerState(previous), BreakerState(state), reason)


def _status(row: list[Any]) -> BreakerStatus:
    state, forced, wait = row
    retry_after = None if wait < 0 else wait / SECOND
    return BreakerStatus(BreakerState(state.decode()), bool(forced), retry_after)
