from __future__ import annotations

import asyncio
import threading
import time as real_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins_app.core.memory_state import CACHE_ENTRY_BYTES, CONCURRENCY_RETRY_SECONDS, MemoryState
from plugins_app.core.state import (
    Admission,
    AdmitRequest,
    CacheRule,
    ConcurrencyRule,
    RateRule,
    Settlement,
    Verdict,
)
from plugins_app.core.testing import ManualTime

ADMITTED, HIT, FOLLOW = Verdict.ADMITTED, Verdict.HIT, Verdict.FOLLOW
CACHE = CacheRule("answer", ttl=10, flight_lease=5)


def now(coroutine: object) -> Admission:
    """Memory never waits, so its coroutines end at their first step."""
    try:
        coroutine.send(None)  # type: ignore[attr-defined]
    except StopIteration as done:
        return done.value
    raise AssertionError("MemoryState waited")


def ask(state: MemoryState, id: str, *rates: RateRule, **rules: object) -> Admission:
    return now(state.admit(AdmitRequest(id, rates=rates, **rules)))  # type: ignore[arg-type]


def check_history(times: list[float], admitted: list[float], limit: int, window: float) -> None:
    """No half-open window (t - window, t] holds more than the limit, and no call that would have
    fitted was refused. Independent of the limiter: counts by looking at the whole history."""
    for time in set(times):
        asked, got = times.count(time), admitted.count(time)
        before = sum(time - window < t < time for t in admitted)
        assert got == min(asked, max(0, limit - before))


eighths = st.integers(0, 8 * 30).map(lambda n: n / 8)


@settings(max_examples=60, deadline=None)
@given(st.lists(eighths, max_size=60).map(sorted), st.integers(1, 5))
def test_exactly_the_limit_is_admitted_in_any_window(times: list[float], limit: int) -> None:
    time = ManualTime()
    state, admitted = MemoryState(clock=time.clock), []
    for number, time.now in enumerate(times):
        if ask(state, str(number), RateRule("k", limit, 10)).verdict is ADMITTED:
            admitted.append(time.now)
    check_history(times, admitted, limit, 10)


def test_threads_that_hammer_one_key_get_exactly_the_limit() -> None:
    time = ManualTime()
    state, admitted = MemoryState(clock=time.clock), []

    class Key(str):
        """Lets other threads in wherever the limiter looks something up."""

        def __hash__(self) -> int:
            real_time.sleep(0)
            return super().__hash__()

    def hammer() -> None:
        for number in range(12):
            if ask(state, str(number), RateRule(Key("k"), 37)).verdict is ADMITTED:
                admitted.append(time.now)

    for time.now in (0.0, 59.9, 60.0):
        threads = [threading.Thread(target=hammer) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    assert [admitted.count(t) for t in (0.0, 59.9, 60.0)] == [37, 0, 37]


async def test_tasks_that_hammer_one_key_get_exactly_the_limit() -> None:
    state = MemoryState(clock=ManualTime().clock)
    requests = [AdmitRequest(str(n), rates=(RateRule("k", 10),)) for n in range(100)]
    admissions = await asyncio.gather(*map(state.admit, requests))
    assert [a.verdict for a in admissions].count(ADMITTED) == 10


def test_the_stated_wait_is_exact() -> None:
    time = ManualTime(0.0)
    state, rule = MemoryState(clock=time.clock), RateRule("k", 2)
    for time.now in (0.0, 7.0):
        ask(state, "a", rule)
    time.now = 20.0
    wait = ask(state, "b", rule).retry_after
    assert wait == 40.0
    time.now += wait - 0.001
    assert ask(state, "c", rule).verdict is Verdict.RATE_LIMITED
    time.now += 0.001
    assert ask(state, "d", rule).verdict is ADMITTED


def test_a_lowered_limit_waits_for_enough_calls_to_leave() -> None:
    time = ManualTime(0.0)
    state = MemoryState(clock=time.clock)
    for time.now in (0.0, 1.0, 2.0):
        ask(state, "a", RateRule("k", 3))
    assert ask(state, "b", RateRule("k", 1)).retry_after == 60.0


def test_the_status_counts_what_is_left_and_when_the_window_moves() -> None:
    time = ManualTime(0.0)
    state = MemoryState(clock=time.clock)
    ask(state, "a", RateRule("k", 3))
    time.now = 10.0
    rate = ask(state, "b", RateRule("k", 3)).rate
    assert rate is not None
    assert (rate.limit, rate.remaining, rate.reset) == (3, 1, 50.0)


@pytest.mark.parametrize("refused_by", ["second rate", "concurrency"])
def test_a_refused_call_consumes_nothing(refused_by: str) -> None:
    state, mine, other = MemoryState(), RateRule("mine", 5), RateRule("other", 1)
    slot = ConcurrencyRule("slot", 1, 30)
    ask(state, "first", other, concurrency=slot)
    rules = (mine, other) if refused_by == "second rate" else (mine,)
    for number in range(9):
        refused = ask(state, f"again{number}", *rules, concurrency=slot)
        assert refused.verdict in (Verdict.RATE_LIMITED, Verdict.CONCURRENCY_LIMITED)
    rate = ask(state, "last", mine).rate
    assert rate is not None
    assert rate.remaining == 4


def test_a_refund_takes_back_only_its_own_call() -> None:
    state, rule = MemoryState(), RateRule("k", 2)
    ask(state, "a", rule)
    ask(state, "b", rule)
    now(state.settle(Settlement("a", refund=(rule,))))
    assert ask(state, "c", rule).verdict is ADMITTED
    assert ask(state, "d", rule).verdict is Verdict.RATE_LIMITED


def test_a_charged_look_is_not_counted_again_and_refunded_when_refused() -> None:
    state, rule, slot = MemoryState(), RateRule("k", 1), ConcurrencyRule("slot", 1, 30)
    ask(state, "holder", concurrency=slot)
    now(state.settle(Settlement("nobody")))
    assert ask(state, "a", rule).verdict is ADMITTED
    second = ask(state, "a", rule, concurrency=slot, charged=True)
    assert second.verdict is Verdict.CONCURRENCY_LIMITED
    assert ask(state, "b", rule).verdict is ADMITTED


def test_concurrency_permits_come_back_when_settled() -> None:
    state, rule = MemoryState(), ConcurrencyRule("k", 1, 30)
    ask(state, "a", concurrency=rule)
    assert ask(state, "b", concurrency=rule).retry_after == CONCURRENCY_RETRY_SECONDS
    now(state.settle(Settlement("a", concurrency=rule)))
    assert ask(state, "b", concurrency=rule).verdict is ADMITTED


def test_the_lease_of_a_killed_holder_ends_and_a_renewed_one_lasts() -> None:
    time = ManualTime(0.0)
    state, rule = MemoryState(clock=time.clock), ConcurrencyRule("k", 1, 30)
    ask(state, "a", concurrency=rule)
    time.now = 29.0
    now(state.renew("a", rule))
    time.now = 58.0
    assert ask(state, "b", concurrency=rule).verdict is Verdict.CONCURRENCY_LIMITED
    time.now = 59.0
    assert ask(state, "b", concurrency=rule).verdict is ADMITTED


def test_the_first_caller_of_a_cold_key_leads_and_the_others_follow() -> None:
    state = MemoryState()
    verdicts = [ask(state, id, cache=CACHE).verdict for id in ("a", "b", "c")]
    assert verdicts == [ADMITTED, FOLLOW, FOLLOW]
    now(state.settle(Settlement("a", cache=CACHE, answer=b"42")))
    assert ask(state, "b", cache=CACHE, charged=True).cached == b"42"


@pytest.mark.parametrize("leader", ["failed", "was killed"])
def test_a_flight_that_ended_without_an_answer_promotes_exactly_one_follower(leader: str) -> None:
    time = ManualTime(0.0)
    state = MemoryState(clock=time.clock)
    for id in ("a", "b", "c"):
        ask(state, id, cache=CACHE)
    if leader == "failed":
        now(state.settle(Settlement("a", cache=CACHE)))
    else:
        time.now = CACHE.flight_lease
    verdicts = [ask(state, id, cache=CACHE, charged=True).verdict for id in ("b", "c")]
    assert verdicts == [ADMITTED, FOLLOW]


def test_an_overtaken_leader_does_not_end_its_successors_flight() -> None:
    time = ManualTime(0.0)
    state = MemoryState(clock=time.clock)
    ask(state, "a", cache=CACHE)
    time.now = CACHE.flight_lease
    ask(state, "b", cache=CACHE)
    now(state.settle(Settlement("a", cache=CACHE)))
    assert ask(state, "c", cache=CACHE).verdict is FOLLOW


def test_a_hit_takes_no_concurrency_permit() -> None:
    state, slot = MemoryState(), ConcurrencyRule("slot", 1, 30)
    now(state.settle(Settlement("a", cache=CACHE, answer=b"1")))
    ask(state, "holder", concurrency=slot)
    assert ask(state, "b", cache=CACHE, concurrency=slot).verdict is HIT


def test_cached_answers_end_with_their_time_to_live() -> None:
    time = ManualTime(0.0)
    state = MemoryState(clock=time.clock)
    now(state.settle(Settlement("a", cache=CACHE, answer=b"1")))
    time.now = 9.9
    assert ask(state, "b", cache=CACHE).verdict is HIT
    time.now = 10.0
    assert ask(state, "b", cache=CACHE).verdict is ADMITTED


def test_the_least_recently_used_answers_make_room() -> None:
    state = MemoryState(max_cache_bytes=2 * (CACHE_ENTRY_BYTES + 100))
    rules = {key: CacheRule(key, 60, 5) for key in "abc"}
    for key in "ab":
        now(state.settle(Settlement(key, cache=rules[key], answer=b"x" * 50)))
    ask(state, "reader", cache=rules["a"])
    now(state.settle(Settlement("c", cache=rules["c"], answer=b"x" * 50)))
    kept = {k for k, rule in rules.items() if now(state.flight(rule.key)).cached}  # type: ignore[attr-defined]
    assert kept == {"a", "c"}


def test_an_answer_larger_than_the_cache_pushes_nothing_out() -> None:
    state = MemoryState(max_cache_bytes=1_000)
    big = CacheRule("big", 60, 5)
    now(state.settle(Settlement("a", cache=CACHE, answer=b"1")))
    now(state.settle(Settlement("b", cache=big, answer=b"x" * 1_000)))
    assert ask(state, "c", cache=CACHE).verdict is HIT
    assert ask(state, "c", cache=big).verdict is ADMITTED


def test_keys_of_callers_that_went_away_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins_app.core.memory_state.SWEEP_EVERY", 10)
    time = ManualTime(0.0)
    state = MemoryState(clock=time.clock)
    for number in range(9):
        ask(state, "x", RateRule(f"k{number}", 5), cache=CacheRule(f"c{number}", 1, 1))
    time.now = 61.0
    ask(state, "x", RateRule("new", 5))
    assert set(state._admissions) == {"new"}
    assert not state._flights
