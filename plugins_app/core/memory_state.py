"""SharedState within one process. Safe under threads: every step holds one lock."""

from __future__ import annotations

import random as random_module
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from plugins_app.core.breaker import Breaker
from plugins_app.core.state import (
    Admission,
    AdmitRequest,
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

MAX_CACHE_BYTES = 64 * 1024 * 1024
CACHE_ENTRY_BYTES = 256
"""What an entry takes beside its key and its answer, roughly."""
SWEEP_EVERY = 1_000
CONCURRENCY_RETRY_SECONDS = 1.0


@dataclass(slots=True)
class _Flight:
    leader: str
    ends: float
    followed: bool = False


class MemoryState:
    """Forgets everything when the process ends; the breaker and all limits start afresh."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random_module.random,
        max_cache_bytes: int = MAX_CACHE_BYTES,
    ) -> None:
        self._clock, self._random = clock, random
        self._lock = Lock()
        # Per key (moment of leaving the window, execution id), oldest first.
        self._admissions: defaultdict[str, deque[tuple[float, str]]] = defaultdict(deque)
        self._leases: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._flights: dict[str, _Flight] = {}
        self._cache = _Cache(max_cache_bytes)
        self._breakers: defaultdict[str, Breaker] = defaultdict(Breaker)
        self._steps = 0

    async def admit(self, request: AdmitRequest) -> Admission:
        with self._lock:
            now = self._clock()
            self._sweep_now_and_then(now)
            admission = self._decide(request, now)
            if admission.verdict in _REFUSALS:
                if request.charged:
                    self._refund(request.execution_id, request.rates)
                return admission
            return self._take(request, admission, now)

    def _decide(self, request: AdmitRequest, now: float) -> Admission:
        """Reads only. The order of the checks is part of the port's contract."""
        if not request.charged:
            for rule in request.rates:
                if wait := self._rate_wait(rule, now):
                    status = RateStatus(rule.limit, 0, wait, rule.window)
                    return Admission(Verdict.RATE_LIMITED, rate=status, retry_after=wait)
        if request.cache and (waiting := self._look(request, request.cache, now)):
            return waiting
        if request.concurrency and (wait := self._concurrency_wait(request.concurrency, now)):
            return Admission(Verdict.CONCURRENCY_LIMITED, retry_after=wait)
        if request.breaker:
            rest = self._breakers[request.breaker.key].wait(now)
            if rest is not None:
                return Admission(Verdict.CIRCUIT_OPEN, retry_after=rest)
        return _ADMITTED

    def _look(self, request: AdmitRequest, rule: CacheRule, now: float) -> Admission | None:
        if (cached := self._cache.get(rule.key, now)) is not None:
            return Admission(Verdict.HIT, cached=cached)
        flight = self._flights.get(rule.key)
        if flight and flight.ends > now and flight.leader != request.execution_id:
            return Admission(Verdict.FOLLOW)
        return None

    def _take(self, request: AdmitRequest, admission: Admission, now: float) -> Admission:
        if not request.charged:
            for rule in request.rates:
                self._admissions[rule.key].append((now + rule.window, request.execution_id))
        permit: Permit | None = None
        transitions: tuple[Transition, ...] = ()
        if admission.verdict is Verdict.FOLLOW and request.cache:
            self._flights[request.cache.key].followed = True
        if admission.verdict is Verdict.ADMITTED:
            permit, transitions = self._take_permits(request, now)
        return Admission(
            admission.verdict,
            rate=self._rate_status(request.rates[0], now) if request.rates else None,
            cached=admission.cached,
            permit=permit,
            transitions=transitions,
        )

    def _take_permits(
        self, request: AdmitRequest, now: float
    ) -> tuple[Permit | None, tuple[Transition, ...]]:
        if rule := request.cache:
            self._flights[rule.key] = _Flight(request.execution_id, now + rule.flight_lease)
        if limit := request.concurrency:
            self._leases[limit.key][request.execution_id] = now + limit.lease
        return self._take_breaker(request, now) if request.breaker else (None, ())

    def _take_breaker(
        self, request: AdmitRequest, now: float
    ) -> tuple[Permit, tuple[Transition, ...]]:
        assert request.breaker
        breaker = self._breakers[request.breaker.key]
        permit, moved = breaker.permit(now, request.execution_id, request.breaker.lease)
        return permit, (moved,) if moved else ()

    async def next_attempt(self, execution_id: str, sample: Sample) -> Admission:
        with self._lock:
            now = self._clock()
            moved = self._report(execution_id, sample, now)
            breaker = self._breakers[sample.rule.key]
            wait = breaker.wait(now)
            if wait is not None:
                return Admission(Verdict.CIRCUIT_OPEN, retry_after=wait, transitions=moved)
            permit, taken = breaker.permit(now, execution_id, sample.rule.lease)
            transitions = (*moved, taken) if taken else moved
            return Admission(Verdict.ADMITTED, permit=permit, transitions=transitions)

    async def settle(self, settlement: Settlement) -> tuple[Transition, ...]:
        with self._lock:
            now = self._clock()
            if rule := settlement.concurrency:
                self._leases[rule.key].pop(settlement.execution_id, None)
            if settlement.cache:
                self._land(settlement, settlement.cache, now)
            self._refund(settlement.execution_id, settlement.refund)
            if settlement.sample:
                return self._report(settlement.execution_id, settlement.sample, now)
            return ()

    def _land(self, settlement: Settlement, rule: CacheRule, now: float) -> None:
        if settlement.answer is not None:
            self._cache.put(rule.key, settlement.answer, now + rule.ttl)
        flight = self._flights.get(rule.key)
        if flight and flight.leader == settlement.execution_id:
            del self._flights[rule.key]

    def _report(self, execution_id: str, sample: Sample, now: float) -> tuple[Transition, ...]:
        breaker = self._breakers[sample.rule.key]
        moved = breaker.report(now, execution_id, sample.permit, sample.ok, self._random())
        return (moved,) if moved else ()

    async def renew(self, execution_id: str, rule: ConcurrencyRule) -> None:
        with self._lock:
            self._leases[rule.key][execution_id] = self._clock() + rule.lease

    async def flight(self, key: str) -> Flight:
        with self._lock:
            now = self._clock()
            flight = self._flights.get(key)
            return Flight(
                cached=self._cache.get(key, now) is not None,
                flying=flight is not None and flight.ends > now,
            )

    async def followed(self, key: str) -> bool:
        with self._lock:
            flight = self._flights.get(key)
            return flight is not None and flight.followed

    async def breakers(self, keys: Iterable[str]) -> Mapping[str, BreakerStatus]:
        with self._lock:
            now = self._clock()
            return {key: self._status(key, now) for key in keys}

    def _status(self, key: str, now: float) -> BreakerStatus:
        breaker = self._breakers.get(key)
        return breaker.status(now) if breaker else BreakerStatus(BreakerState.CLOSED)

    async def close(self) -> None:
        """Nothing to let go of."""

    async def force_breaker(self, key: str, state: BreakerState | None) -> Transition | None:
        with self._lock:
            return self._breakers[key].force(state)

    def _rate_wait(self, rule: RateRule, now: float) -> float:
        """Seconds until one more call fits, or 0.0."""
        admissions = self._admissions[rule.key]
        _drop_expired(admissions, now)
        if len(admissions) < rule.limit:
            return 0.0
        return admissions[len(admissions) - rule.limit][0] - now

    def _rate_status(self, rule: RateRule, now: float) -> RateStatus:
        admissions = self._admissions[rule.key]
        _drop_expired(admissions, now)
        reset = admissions[0][0] - now if admissions else 0.0
        return RateStatus(rule.limit, max(0, rule.limit - len(admissions)), reset, rule.window)

    def _refund(self, execution_id: str, rules: tuple[RateRule, ...]) -> None:
        for rule in rules:
            kept = [entry for entry in self._admissions[rule.key] if entry[1] != execution_id]
            self._admissions[rule.key] = deque(kept)

    def _concurrency_wait(self, rule: ConcurrencyRule, now: float) -> float:
        leases = self._leases[rule.key]
        for holder in [holder for holder, ends in leases.items() if ends <= now]:
            del leases[holder]
        return 0.0 if len(leases) < rule.limit else CONCURRENCY_RETRY_SECONDS

    def _sweep_now_and_then(self, now: float) -> None:
        """Keys of callers that went away must not pile up."""
        self._steps += 1
        if self._steps % SWEEP_EVERY:
            return
        for key, admissions in list(self._admissions.items()):
            _drop_expired(admissions, now)
            if not admissions:
                del self._admissions[key]
        self._leases = defaultdict(dict, {key: held for key, held in self._leases.items() if held})
        self._flights = {key: f for key, f in self._flights.items() if f.ends > now}


_ADMITTED = Admission(Verdict.ADMITTED)
_REFUSALS = {Verdict.RATE_LIMITED, Verdict.CONCURRENCY_LIMITED, Verdict.CIRCUIT_OPEN}


def _drop_expired(admissions: deque[tuple[float, str]], now: float) -> None:
    while admissions and admissions[0][0] <= now:
        admissions.popleft()


class _Cache:
    """Least recently used goes first when the answers outgrow their room."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def get(self, key: str, now: float) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= now:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: str, answer: bytes, expires: float) -> None:
        self._drop(key)
        if _size(key, answer) > self._max_bytes:
            return
        self._entries[key] = (expires, answer)
        self._bytes += _size(key, answer)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        if entry := self._entries.pop(key, None):
            self._bytes -= _size(key, entry[1])


def _size(key: str, answer: bytes) -> int:
    return len(key) + len(answer) + CACHE_ENTRY_BYTES
