"""Exact over processes: many of them on one Redis, and what they saw held against the rules.

Small here, whole with ZANTARA_SOAK=1."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from plugins_app.core.state import AdmitRequest, BreakerRule, Sample, Settlement
from plugins_app.runtime.redis.state import RedisState
from tests.servers.redis import shared_url
from tests.serving import ROOT, wait_until
from tests.state.conftest import CALM, SOAK


class Crowd:
    """Processes of one role."""

    def __init__(self, prefix: str) -> None:
        self.asked: dict[str, Any] = {"url": shared_url(), "prefix": prefix}
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, count: int, role: str, **asked: Any) -> None:
        command = [sys.executable, "-m", "tests.state._process", role]
        for _ in range(count):
            self.processes.append(
                subprocess.Popen(
                    [*command, json.dumps({**self.asked, **asked})],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )

    def seen(self) -> list[dict[str, Any]]:
        """All that they told, after their end."""
        told = [process.communicate(timeout=120)[0] for process in self.processes]
        return [json.loads(line) for text in told for line in text.splitlines()]


@pytest.fixture
def crowd(prefix: str) -> Iterator[Crowd]:
    crowd = Crowd(prefix)
    yield crowd
    for process in crowd.processes:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()


def test_processes_that_hammer_one_key_get_exactly_the_limit(crowd: Crowd) -> None:
    processes, calls = (8, 2_000) if SOAK else (4, 500)
    crowd.start(processes, "hammer", limit=1_000, calls=calls)

    assert sum(told["admitted"] for told in crowd.seen()) == 1_000


def test_no_window_of_paced_calls_holds_more_than_the_limit_and_none_that_fits_is_refused(
    crowd: Crowd,
) -> None:
    """The server decided at some moment between asking and hearing: only what was surely within a
    window counts against the limit, and only what surely was not against a refusal."""
    limit, window, seconds, count = (200, 5.0, 16, 8) if SOAK else (40, 1.0, 3, 3)
    crowd.start(
        count, "pace", limit=limit, window=window, seconds=seconds, pause=0.02 if SOAK else 0.01
    )
    told = crowd.seen()
    admitted = [each["between"] for each in told if each["ok"]]
    refused = [each["between"] for each in told if not each["ok"]]

    assert len(refused) > limit / 4
    assert len(admitted) > limit * (seconds / window - 1)
    for _, end in admitted:
        assert sum(end - window < a and b <= end for a, b in admitted) <= limit
    for start, end in refused:
        assert sum(b > start - window and a <= end for a, b in admitted) >= limit


def test_a_cold_key_is_read_once_over_all_processes(crowd: Crowd) -> None:
    processes = 40 if SOAK else 4
    crowd.start(processes, "read", reads=25, seconds=1.0)
    for process in crowd.processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    told = crowd.seen()

    assert sum("executed" in each for each in told) == 1
    answers = [answer for each in told for answer in each.get("answers", ())]
    assert answers == ["read"] * 25 * processes


async def _open(prefix: str, now: float) -> None:
    state = RedisState(shared_url(), prefix=prefix, patience=CALM, clock=lambda: now)
    rule = BreakerRule("b", 5)
    for number in range(10):
        admission = await state.admit(AdmitRequest(str(number), breaker=rule))
        assert admission.permit
        await state.settle(Settlement(str(number), Sample(rule, admission.permit, ok=False)))
    await state.close()


async def test_half_open_lets_three_probes_through_over_all_processes(
    crowd: Crowd, prefix: str
) -> None:
    await _open(prefix, 1_000)
    crowd.start(4, "probe", now=1_040, lease=5, calls=20)

    assert sum(told["admitted"] for told in crowd.seen()) == 3


async def test_killed_probers_block_nothing_longer_than_their_lease(
    crowd: Crowd, prefix: str
) -> None:
    await _open(prefix, 1_000)
    crowd.start(1, "probe", now=1_040, lease=5, calls=3, hold=True)
    (holder,) = crowd.processes
    assert holder.stdout
    assert json.loads(holder.stdout.readline()) == {"admitted": 3}
    holder.kill()
    crowd.processes.clear()
    crowd.start(1, "probe", now=1_044, lease=5, calls=20)
    crowd.start(1, "probe", now=1_046, lease=5, calls=20)
    early, late = (json.loads(process.communicate()[0]) for process in crowd.processes)
    holder.communicate()

    assert (early["admitted"], late["admitted"]) == (0, 3)


def test_slots_are_never_taken_twice_also_after_killed_holders(crowd: Crowd) -> None:
    """A killed holder has its slot until its lease ends, and not longer."""
    limit, lease = 4, 2.5
    crowd.start(8, "hold", limit=limit, lease=lease, hold=0.03, seconds=12 if SOAK else 6)
    victims = crowd.processes[:3]
    for victim in victims:
        assert victim.stdout
        line = victim.stdout.readline()
        wait_until(lambda line=line: line, "a slot")
        victim.kill()
    told = [each for process in crowd.processes[3:] for each in _told(process)]
    taken = {each["id"]: each["took"] for each in told if "took" in each}
    given = {each["id"]: each["gave"] for each in told if "gave" in each}
    spans = sorted((start, given[id]) for id, start in taken.items() if id in given)

    assert len(spans) > 20 * limit
    for start, _ in spans:
        assert sum(a <= start < b for a, b in spans) <= limit
    busiest = max(sum(a <= start < b for a, b in spans) for start, _ in spans)
    assert busiest == limit, "the slots of the killed never came back"


def _told(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.communicate(timeout=60)[0].splitlines()]
