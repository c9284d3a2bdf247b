"""What every SharedState does, step by step."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plugins_app.core.memory_state import CONCURRENCY_RETRY_SECONDS
from plugins_app.core.state import (
    Admission,
    AdmitRequest,
    BreakerRule,
    BreakerState,
    CacheRule,
    ConcurrencyRule,
    RateRule,
    Sample,
    Settlement,
    SharedState,
    Verdict,
)
from plugins_app.core.testing import ManualTime

ADMITTED, HIT, FOLLOW = Verdict.ADMITTED, Verdict.HIT, Verdict.FOLLOW
LIMITED, FULL, OPEN = Verdict.RATE_LIMITED, Verdict.CONCURRENCY_LIMITED, Verdict.CIRCUIT_OPEN
CACHE = CacheRule("answer", ttl=10, flight_lease=5)
SLOT = ConcurrencyRule("slot", 1, 30)
BREAKER = BreakerRule("breaker", 5)


async def ask(state: SharedState, id: str, *rates: RateRule, **rules: Any) -> Admission:
    return await state.admit(AdmitRequest(id, rates=rates, **rules))


async def attempt(state: SharedState, id: str, ok: bool | None) -> Admission:
    """One whole call under the breaker."""
    admission = await ask(state, id, breaker=BREAKER)
    if admission.permit:
        await report(state, id, admission, ok)
    return admission


async def report(state: SharedState, id: str, admission: Admission, ok: bool | None) -> Any:
    assert admission.permit
    return await state.settle(Settlement(id, sample=Sample(BREAKER, admission.permit, ok)))


async def open_it(state: SharedState) -> None:
    for number in range(10):
        await attempt(state, f"failure {number}", ok=False)


# --- rates ----------------------------------------------------------------------------------------


async def test_exactly_the_limit_is_admitted(state: SharedState) -> None:
    requests = [AdmitRequest(str(n), rates=(RateRule("k", 10),)) for n in range(100)]
    admissions = await asyncio.gather(*map(state.admit, requests))
    assert [a.verdict for a in admissions].count(ADMITTED) == 10


async def test_the_stated_wait_is_exact(state: SharedState, time: ManualTime) -> None:
    rule, start = RateRule("k", 2), time.now
    for id, time.now in (("a", start), ("b", start + 7)):
        await ask(state, id, rule)
    time.now = start + 20
    wait = (await ask(state, "c", rule)).retry_after
    assert wait == 40.0
    time.now += wait - 0.001
    assert (await ask(state, "d", rule)).verdict is LIMITED
    time.now += 0.001
    assert (await ask(state, "e", rule)).verdict is ADMITTED


async def test_a_lowered_limit_waits_for_enough_calls_to_leave(
    state: SharedState, time: ManualTime
) -> None:
    for number in range(3):
        await ask(state, str(number), RateRule("k", 3))
        time.now += 1
    assert (await ask(state, "b", RateRule("k", 1))).retry_after == 59.0


async def test_the_status_counts_what_is_left_and_when_the_window_moves(
    state: SharedState, time: ManualTime
) -> None:
    await ask(state, "a", RateRule("k", 3))
    time.now += 10
    rate = (await ask(state, "b", RateRule("k", 3))).rate
    assert rate is not None
    assert (rate.limit, rate.remaining, rate.reset, rate.window) == (3, 1, 50.0, 60.0)


async def test_a_refusal_reports_the_rate_that_refused(state: SharedState) -> None:
    many, few = RateRule("many", 50), RateRule("few", 1, window=10)
    await ask(state, "a", many, few)
    refused = await ask(state, "b", many, few)
    assert refused.rate is not None
    assert (refused.rate.limit, refused.rate.remaining, refused.rate.window) == (1, 0, 10)


@pytest.mark.parametrize("refused_by", ["rate", "concurrency", "breaker"])
async def test_a_refused_call_consumes_nothing(state: SharedState, refused_by: str) -> None:
    mine, other = RateRule("mine", 5), RateRule("other", 1)
    await ask(state, "first", other, concurrency=SLOT)
    await state.force_breaker(BREAKER.key, BreakerState.OPEN)
    rules: dict[str, Any] = {
        "rate": {"rates": (mine, other)},
        "concurrency": {"rates": (mine,), "concurrency": SLOT},
        "breaker": {"rates": (mine,), "breaker": BREAKER, "cache": CACHE},
    }
    for number in range(9):
        request = AdmitRequest(f"again{number}", **rules[refused_by])
        assert (await state.admit(request)).verdict in (LIMITED, FULL, OPEN)
    rate = (await ask(state, "last", mine)).rate
    assert rate is not None
    assert rate.remaining == 4
    assert not (await state.flight(CACHE.key)).flying


async def test_a_refund_takes_back_only_its_own_call(state: SharedState) -> None:
    rule = RateRule("k", 2)
    await ask(state, "a", rule)
    await ask(state, "b", rule)
    await state.settle(Settlement("a", refund=(rule,)))
    assert (await ask(state, "c", rule)).verdict is ADMITTED
    assert (await ask(state, "d", rule)).verdict is LIMITED


async def test_a_charged_look_is_not_counted_again_and_refunded_when_refused(
    state: SharedState,
) -> None:
    rule = RateRule("k", 1)
    await ask(state, "holder", concurrency=SLOT)
    assert (await ask(state, "a", rule)).verdict is ADMITTED
    assert (await ask(state, "a", rule, concurrency=SLOT, charged=True)).verdict is FULL
    assert (await ask(state, "b", rule)).verdict is ADMITTED


# --- concurrency ----------------------------------------------------------------------------------


async def test_concurrency_permits_come_back_when_settled(state: SharedState) -> None:
    await ask(state, "a", concurrency=SLOT)
    assert (await ask(state, "b", concurrency=SLOT)).retry_after == CONCURRENCY_RETRY_SECONDS
    await state.settle(Settlement("a", concurrency=SLOT))
    assert (await ask(state, "b", concurrency=SLOT)).verdict is ADMITTED


async def test_the_lease_of_a_killed_holder_ends_and_a_renewed_one_lasts(
    state: SharedState, time: ManualTime
) -> None:
    start = time.now
    await ask(state, "a", concurrency=SLOT)
    time.now = start + 29
    await state.renew("a", SLOT)
    time.now = start + 58
    assert (await ask(state, "b", concurrency=SLOT)).verdict is FULL
    time.now = start + 59
    assert (await ask(state, "b", concurrency=SLOT)).verdict is ADMITTED


# --- cache and single flight ----------------------------------------------------------------------


async def test_the_first_caller_of_a_cold_key_leads_and_the_others_follow(
    state: SharedState,
) -> None:
    verdicts = [(await ask(state, id, cache=CACHE)).verdict for id in ("a", "b", "c")]
    assert verdicts == [ADMITTED, FOLLOW, FOLLOW]
    assert await state.followed(CACHE.key)
    await state.settle(Settlement("a", cache=CACHE, answer=b"42"))
    assert (await ask(state, "b", cache=CACHE, charged=True)).cached == b"42"
    flight = await state.flight(CACHE.key)
    assert (flight.cached, flight.flying) == (True, False)


@pytest.mark.parametrize("answer", [b"", b"\x00\xff\r\n", b'{"a": 1}' * 10_000])
async def test_answers_come_back_byte_for_byte(state: SharedState, answer: bytes) -> None:
    await state.settle(Settlement("a", cache=CACHE, answer=answer))
    hit = await ask(state, "b", cache=CACHE)
    assert (hit.verdict, hit.cached) == (HIT, answer)


@pytest.mark.parametrize("leader", ["failed", "was killed"])
async def test_a_flight_that_ended_without_an_answer_promotes_exactly_one_follower(
    state: SharedState, time: ManualTime, leader: str
) -> None:
    for id in ("a", "b", "c"):
        await ask(state, id, cache=CACHE)
    if leader == "failed":
        await state.settle(Settlement("a", cache=CACHE))
    else:
        time.now += CACHE.flight_lease
    verdicts = [(await ask(state, id, cache=CACHE, charged=True)).verdict for id in ("b", "c")]
    assert verdicts == [ADMITTED, FOLLOW]


async def test_an_overtaken_leader_does_not_end_its_successors_flight(
    state: SharedState, time: ManualTime
) -> None:
    await ask(state, "a", cache=CACHE)
    time.now += CACHE.flight_lease
    await ask(state, "b", cache=CACHE)
    await state.settle(Settlement("a", cache=CACHE))
    assert (await ask(state, "c", cache=CACHE)).verdict is FOLLOW


async def test_a_new_flight_has_no_followers_yet(state: SharedState, time: ManualTime) -> None:
    await ask(state, "a", cache=CACHE)
    await ask(state, "b", cache=CACHE)
    time.now += CACHE.flight_lease
    await ask(state, "c", cache=CACHE)
    assert not await state.followed(CACHE.key)


async def test_a_hit_takes_no_concurrency_permit(state: SharedState) -> None:
    await state.settle(Settlement("a", cache=CACHE, answer=b"1"))
    await ask(state, "holder", concurrency=SLOT)
    assert (await ask(state, "b", cache=CACHE, concurrency=SLOT)).verdict is HIT


async def test_hits_and_followers_are_charged(state: SharedState) -> None:
    rule = RateRule("k", 2)
    await ask(state, "a", rule, cache=CACHE)
    assert (await ask(state, "b", rule, cache=CACHE)).verdict is FOLLOW
    assert (await ask(state, "c", rule, cache=CACHE)).verdict is LIMITED


async def test_cached_answers_end_with_their_time_to_live(
    state: SharedState, time: ManualTime
) -> None:
    start = time.now
    await state.settle(Settlement("a", cache=CACHE, answer=b"1"))
    time.now = start + 9.9
    assert (await ask(state, "b", cache=CACHE)).verdict is HIT
    time.now = start + 10
    assert (await ask(state, "c", cache=CACHE)).verdict is ADMITTED


# --- breaker --------------------------------------------------------------------------------------


async def test_it_opens_at_half_of_ten_attempts(state: SharedState) -> None:
    for number in range(9):
        await attempt(state, str(number), ok=number % 2 == 0)
    last = await ask(state, "last", breaker=BREAKER)
    (moved,) = await report(state, "last", last, ok=False)
    assert (moved.previous, moved.state) == (BreakerState.CLOSED, BreakerState.OPEN)
    assert moved.reason == "5 of 10 attempts failed"
    assert (await ask(state, "next", breaker=BREAKER)).retry_after == 30.0


async def test_three_probes_decide(state: SharedState, time: ManualTime) -> None:
    await open_it(state)
    time.now += 30
    probes = [await ask(state, f"p{n}", breaker=BREAKER) for n in range(3)]
    assert [p.verdict for p in probes] == [ADMITTED] * 3
    assert [len(p.transitions) for p in probes] == [1, 0, 0]
    assert (await ask(state, "fourth", breaker=BREAKER)).retry_after == 5.0
    moves = [await report(state, f"p{n}", p, ok=n > 0) for n, p in enumerate(probes)]
    assert [len(m) for m in moves] == [0, 0, 1]
    assert moves[2][0].state is BreakerState.CLOSED


async def test_failing_probes_double_the_open_time(state: SharedState, time: ManualTime) -> None:
    await open_it(state)
    for seconds in (30, 60, 120, 240, 300, 300):
        refused = await ask(state, f"early {seconds}", breaker=BREAKER)
        assert refused.retry_after == seconds
        time.now += seconds
        probes = [await ask(state, f"{time.now} {n}", breaker=BREAKER) for n in range(3)]
        for number, probe in enumerate(probes):
            await report(state, f"{time.now} {number}", probe, ok=False)


async def test_killed_probes_give_their_places_back(state: SharedState, time: ManualTime) -> None:
    await open_it(state)
    time.now += 30
    for number in range(3):
        await ask(state, f"killed {number}", breaker=BREAKER)
    time.now += BREAKER.lease
    assert (await ask(state, "next", breaker=BREAKER)).verdict is ADMITTED


async def test_a_cancelled_probe_gives_its_place_back(state: SharedState, time: ManualTime) -> None:
    await open_it(state)
    time.now += 30
    probes = [await ask(state, f"p{n}", breaker=BREAKER) for n in range(3)]
    await report(state, "p0", probes[0], ok=None)
    assert (await ask(state, "next", breaker=BREAKER)).verdict is ADMITTED


async def test_reports_of_an_older_generation_move_nothing(state: SharedState) -> None:
    late = await ask(state, "late", breaker=BREAKER)
    await state.force_breaker(BREAKER.key, None)
    for number in range(20):
        assert not await report(state, "late", late, ok=False), number
    assert (await ask(state, "next", breaker=BREAKER)).verdict is ADMITTED


async def test_a_further_attempt_reports_the_last_one(state: SharedState) -> None:
    for number in range(9):
        await attempt(state, str(number), ok=False)
    first = await ask(state, "call", breaker=BREAKER)
    assert first.permit
    again = await state.next_attempt("call", Sample(BREAKER, first.permit, ok=False))
    assert again.verdict is OPEN
    assert [m.state for m in again.transitions] == [BreakerState.OPEN]
    assert again.retry_after == 30.0


async def test_operators_force_and_reset(state: SharedState) -> None:
    forced = await state.force_breaker(BREAKER.key, BreakerState.OPEN)
    assert forced is not None
    assert forced.reason == "forced open by an operator"
    status = (await state.breakers([BREAKER.key, "another"]))[BREAKER.key]
    assert (status.state, status.forced, status.retry_after) == (BreakerState.OPEN, True, 30.0)
    await state.force_breaker(BREAKER.key, BreakerState.CLOSED)
    await open_it(state)
    assert (await ask(state, "x", breaker=BREAKER)).verdict is ADMITTED
    reset = await state.force_breaker(BREAKER.key, None)
    assert reset is not None
    assert reset.reason == "reset by an operator"
    other = (await state.breakers(["another"]))["another"]
    assert (other.state, other.forced, other.retry_after) == (BreakerState.CLOSED, False, None)
