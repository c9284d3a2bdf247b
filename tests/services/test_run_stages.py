"""Where the time of a run went, from what its row says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugins_app.models import ExecutionLog
from plugins_app.runtime.ids import first_id
from plugins_app.services.runs.stages import Spent, spent

MADE = datetime(2026, 11, 21, 9, tzinfo=UTC)
ID = first_id(MADE) + "0" * 16


def row(*stages: Any, took: float | None = 10.0, waited: timedelta = timedelta()) -> ExecutionLog:
    stored = [list(stage) for stage in stages] or None
    return ExecutionLog(id=ID, started_at=MADE + waited, duration_ms=took, stages=stored)


def test_a_stage_ends_where_the_next_begins_and_the_last_one_with_the_run() -> None:
    found = spent(row(("check", 0), ("admit", 250), ("attempt", 1_000), ("output", 9_500)))
    assert found == [
        Spent("check", 0.0, 0.25),
        Spent("admit", 0.25, 0.75),
        Spent("attempt", 1.0, 8.5, number=1),
        Spent("output", 9.5, 0.5, number=1),
    ]


def test_attempts_are_counted_and_pauses_name_their_error() -> None:
    found = spent(row(("attempt", 0), ("pause:timeout", 2_000), ("attempt", 4_000)))
    assert [(each.number, each.note) for each in found] == [(1, ""), (1, "timeout"), (2, "")]


def test_time_in_the_queue_comes_first_and_moves_the_rest() -> None:
    found = spent(row(("check", 0), ("attempt", 1_000), waited=timedelta(seconds=3)))
    assert found[0] == Spent("queue", 0.0, 3_000.0)
    assert [each.begin for each in found] == [0.0, 3_000.0, 3_001.0]


def test_the_moment_between_id_and_start_is_no_queue() -> None:
    assert spent(row(("check", 0), waited=timedelta(milliseconds=4)))[0].stage == "check"


def test_what_was_noted_after_the_end_takes_no_time() -> None:
    found = spent(row(("attempt", 0), ("settle", 12_000)))
    assert [each.took for each in found] == [10.0, 0.0]


@pytest.mark.parametrize("of", [row(), row(("check", 0), took=None)])
def test_nothing_is_told_where_nothing_was_measured(of: ExecutionLog) -> None:
    assert spent(of) == []
