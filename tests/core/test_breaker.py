from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from plugins_app.core.breaker import Breaker
from plugins_app.core.state import BreakerState, Permit

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
MIDDLE = 0.5  # of the random range: no jitter


def attempts(breaker: Breaker, *outcomes: bool, now: float = 0.0) -> None:
    for number, ok in enumerate(outcomes):
        permit, _ = breaker.permit(now, f"{now}-{number}", 10)
        breaker.report(now, f"{now}-{number}", permit, ok, MIDDLE)


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    attempts(breaker, *[False] * 10, now=now)
    return breaker


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([False] * 9, CLOSED),
        ([False] * 10, OPEN),
        ([True] * 5 + [False] * 5, OPEN),
        ([True] * 6 + [False] * 5, CLOSED),
        ([False] * 5 + [True] * 5, OPEN),
        ([True] * 20 + [False] * 9, CLOSED),
        ([True] * 20 + [False] * 10, OPEN),
    ],
)
def test_half_of_the_last_20_attempts_and_at_least_10_open_it(
    outcomes: list[bool], state: BreakerState
) -> None:
    breaker = Breaker()
    attempts(breaker, *outcomes)
    assert breaker.state is state


def test_cancelled_attempts_say_nothing() -> None:
    breaker = Breaker()
    permit, _ = breaker.permit(0, "a", 10)
    for _ in range(30):
        breaker.report(0, "a", permit, None, MIDDLE)
    assert breaker.state is CLOSED
    assert not breaker.window


def test_open_for_30_seconds() -> None:
    breaker = opened()
    assert breaker.wait(29.5) == 0.5
    assert breaker.wait(30) is None


@pytest.mark.parametrize(("random", "seconds"), [(0.0, 27), (0.5, 30), (0.999999, 33)])
def test_the_open_time_is_spread_by_a_tenth(random: float, seconds: float) -> None:
    breaker = Breaker()
    for number in range(10):
        permit, _ = breaker.permit(0, str(number), 10)
        breaker.report(0, str(number), permit, False, random)
    assert breaker.wait(0) == pytest.approx(seconds, abs=1e-4)


def test_exactly_three_probes_are_out_at_a_time() -> None:
    breaker = opened()
    for probe in "abc":
        assert breaker.wait(30) is None
        assert breaker.permit(30, probe, 10)[0].probe
    assert breaker.wait(30) == 10


def test_the_decision_waits_for_all_three_probes() -> None:
    breaker = opened()
    permits = {probe: breaker.permit(30, probe, 10)[0] for probe in "abc"}
    breaker.report(31, "a", permits["a"], False, MIDDLE)
    breaker.report(31, "b", permits["b"], True, MIDDLE)
    assert breaker.state is HALF_OPEN
    breaker.report(31, "c", permits["c"], True, MIDDLE)
    assert breaker.state is CLOSED


def test_a_killed_probe_gives_its_place_back_when_its_lease_ends() -> None:
    breaker = opened()
    lost, _ = breaker.permit(30, "lost", 10)
    for probe in "bc":
        breaker.permit(30, probe, 60)
    assert breaker.wait(39) == 1
    assert breaker.wait(40) is None
    breaker.report(41, "lost", lost, True, MIDDLE)
    assert breaker.reports == []


def test_a_cancelled_probe_gives_its_place_back_at_once() -> None:
    breaker = opened()
    permit, _ = breaker.permit(30, "a", 10)
    for probe in "bc":
        breaker.permit(30, probe, 10)
    breaker.report(30, "a", permit, None, MIDDLE)
    assert breaker.wait(30) is None


def test_failing_probes_double_the_open_time_up_to_300_seconds() -> None:
    breaker, now, waits = opened(), 0.0, []
    for _ in range(6):
        waits.append(breaker.wait(now))
        now = breaker.retry_at
        attempts(breaker, False, False, False, now=now)
    assert waits == [30, 60, 120, 240, 300, 300]


def test_a_success_in_between_starts_again_at_30_seconds() -> None:
    breaker = opened()
    attempts(breaker, False, False, False, now=30)
    attempts(breaker, True, True, True, now=90)
    attempts(breaker, *[False] * 10, now=100)
    assert breaker.wait(100) == 30


def test_reports_of_an_older_generation_move_nothing() -> None:
    breaker = Breaker()
    old, _ = breaker.permit(0, "slow", 10)
    attempts(breaker, *[False] * 10)
    attempts(breaker, True, True, True, now=30)
    for _ in range(20):
        breaker.report(31, "slow", old, False, MIDDLE)
    assert breaker.state is CLOSED
    assert not breaker.window


def test_forced_states_hold_whatever_is_reported() -> None:
    breaker = Breaker()
    breaker.force(OPEN)
    assert breaker.wait(1e9) is not None
    breaker.force(CLOSED)
    attempts(breaker, *[False] * 30)
    assert breaker.wait(0) is None


def test_a_reset_starts_afresh() -> None:
    breaker = opened()
    transition = breaker.force(None)
    assert (transition.previous, transition.state) == (OPEN, CLOSED)
    attempts(breaker, *[False] * 9)
    assert (breaker.state, breaker.forced) == (CLOSED, False)


class Model:
    """The same rules written as one list of what happened, and read off anew each time."""

    def __init__(self) -> None:
        self.epoch, self.state, self.since, self.seconds = 0, "closed", 0.0, 30.0
        self.out: dict[str, float] = {}
        self.seen: list[bool] = []

    def admits(self, now: float) -> bool:
        if self.state == "open":
            return now >= self.since + self.seconds
        busy = sum(end > now for end in self.out.values())
        return self.state == "closed" or busy + len(self.seen) < 3

    def go(self, state: str, now: float) -> None:
        self.epoch += 1
        self.state, self.since, self.out, self.seen = state, now, {}, []

    def permit(self, now: float, id: str, lease: float) -> tuple[int, bool]:
        if self.state == "open":
            self.go("half_open", now)
        if self.state == "half_open":
            self.out[id] = now + lease
        return self.epoch, self.state == "half_open"

    def report(self, now: float, id: str, epoch: int, ok: bool | None) -> None:
        if epoch != self.epoch:
            return
        if self.state == "half_open" and self.out.pop(id, -1.0) <= now:
            return
        if ok is not None:
            self.seen = [*self.seen, ok][-20:]
        enough = {"closed": 10, "half_open": 3}[self.state]
        bad = 2 * self.seen.count(False) >= len(self.seen) >= enough
        if bad:
            self.seconds = 30.0 if self.state == "closed" else min(300.0, 2 * self.seconds)
            self.go("open", now)
        elif self.state == "half_open" and len(self.seen) == 3:
            self.go("closed", now)


class BreakerAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.breaker, self.model, self.now, self.count = Breaker(), Model(), 0.0, 0

    permits = Bundle("permits")

    @rule(target=permits, lease=st.sampled_from([5.0, 40.0]))
    def ask(self, lease: float) -> tuple[str, Permit, int] | None:
        assert (self.breaker.wait(self.now) is None) == self.model.admits(self.now)
        if not self.model.admits(self.now):
            return None
        self.count += 1
        id = str(self.count)
        permit, _ = self.breaker.permit(self.now, id, lease)
        epoch, probe = self.model.permit(self.now, id, lease)
        assert permit.probe == probe
        return id, permit, epoch

    @rule(held=consumes(permits), ok=st.sampled_from([True, False, False, None]))
    def report(self, held: tuple[str, Permit, int] | None, ok: bool | None) -> None:
        if held:
            id, permit, epoch = held
            self.breaker.report(self.now, id, permit, ok, MIDDLE)
            self.model.report(self.now, id, epoch, ok)

    @rule(count=st.integers(1, 12), ok=st.booleans())
    def burst(self, count: int, ok: bool) -> None:
        for _ in range(count):
            self.report(self.ask(5.0), ok)

    @rule(seconds=st.sampled_from([0.5, 4.5, 5.0, 30.0, 60.0, 300.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def they_agree(self) -> None:
        assert self.breaker.state == self.model.state
        if self.model.state == "open":
            assert self.breaker.retry_at == self.model.since + self.model.seconds


BreakerAgainstModel.TestCase.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None
)
TestBreakerAgainstModel = BreakerAgainstModel.TestCase
