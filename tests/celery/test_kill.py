"""Workers that are killed again and again: nothing runs twice, and nothing is forgotten."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable

from tests.celery.conftest import COMES_BACK, SWEEP, Queue
from tests.serving import wait_until

SOAK = os.environ.get("ZANTARA_SOAK") == "1"
JOBS, KILLS = (3_000, 20) if SOAK else (60, 3)
POOL = 2
ENQUEUE = f"""
from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.services.background import enqueue
for _ in range({JOBS}):
    assert not enqueue("lab.write", {{"seconds": 0.02}}, caller=SYSTEM_CALLER, source="cli").error
"""
SUCCEEDED, KILLED, LOST = (
    ("succeeded", ""),
    ("abandoned", "outcome_unknown"),
    ("abandoned", "unavailable"),
)
COUNTED = """
SELECT metric, SUM(value) FROM plugins_app_metricminute WHERE metric LIKE 'status:%' GROUP BY metric
"""


def test_every_queued_execution_runs_at_most_once_and_ends(
    queue: Queue, held: Callable[[], list[str]]
) -> None:
    queue.stop_worker()
    before = len(queue.lines)
    queue.shell(ENQUEUE)
    chance = random.Random(7)
    for kill in range(KILLS):
        queue.start_worker(concurrency=POOL)
        done = before + JOBS * (kill + 1) // (KILLS + 2) + chance.randrange(5)
        wait_until(lambda done=done: len(queue.lines) >= done, f"{done} runs")
        queue.stop_worker(signal.SIGKILL)
        queue.shell(COMES_BACK)
    queue.start_worker(concurrency=POOL)
    wait_until(lambda: not held(), "the end of the queue", 120)
    assert queue.stop_worker() == 0
    queue.shell(SWEEP)

    ran = Counter(line.split()[0] for line in queue.lines[before:])
    rows = {id: (status, code) for id, status, code in queue.rows("id, status, error_code")}
    ends = Counter(rows.values())
    assert max(ran.values()) == 1
    assert set(ends) <= {SUCCEEDED, KILLED, LOST}
    assert (ends.total(), ends[KILLED] <= KILLS * POOL) == (JOBS, True)
    assert ends[LOST] <= KILLS  # Redis hands a message out before the worker notes that it has it
    assert {id for id, end in rows.items() if end in (SUCCEEDED, KILLED)} >= set(ran)
    assert {id for id, end in rows.items() if end == SUCCEEDED} <= set(ran)
    counted = dict(queue.sql(COUNTED))
    assert counted == {f"status:{s}": n for s, n in Counter(s for s, _ in rows.values()).items()}
