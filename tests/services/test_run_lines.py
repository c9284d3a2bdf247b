"""The lines of a run as they are read again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from plugins_app.models import ExecutionLog
from plugins_app.services.runs.lines import Kept, Line, kept_of, wanted

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINES = [
    [100, 20, "before", {}],
    [2_000, 20, "first", {"tries": 1}],
    [2_500, 40, "failed", {}],
    [7_000, 20, "printed", {"said": "Hello"}],
]


def kept(lines: list[Any] = LINES, **outline: Any) -> Kept:
    told = {"first": len(lines), "left_out": 0, "lines": lines, **outline}
    stages = [["check", 0], ["attempt", 1_000], ["pause:plugin_error", 3_000], ["attempt", 5_000]]
    return kept_of(ExecutionLog(started_at=NOON, stages=stages, lines=json.dumps(told)))


def numbers(lines: list[Line]) -> list[int]:
    return [line.number for line in lines]


def test_each_line_knows_its_moment_and_its_attempt() -> None:
    lines = kept().lines
    assert [line.attempt for line in lines] == [0, 1, 1, 2]
    assert lines[1].at == NOON.replace(microsecond=2_000)
    assert [line.kind for line in lines] == ["info", "info", "error", "printed"]


def test_lines_are_told_as_in_a_log() -> None:
    assert [str(line) for line in kept().lines] == [
        "2026-03-01T12:00:00.000+00:00 INFO     before",
        "2026-03-01T12:00:00.002+00:00 INFO     first tries=1",
        "2026-03-01T12:00:00.002+00:00 ERROR    failed",
        "2026-03-01T12:00:00.007+00:00 PRINTED  Hello",
    ]


def test_what_was_left_out_is_counted() -> None:
    found = kept(first=2, left_out=10)
    assert numbers(found.lines) == [1, 2, 13, 14]


def test_a_run_without_lines_has_none() -> None:
    assert kept_of(ExecutionLog(started_at=NOON)).lines == []


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"level": "error"}, [3]),
        ({"level": "nonsense"}, [1, 2, 3, 4]),
        ({"printed": True}, [4]),
        ({"find": "HELLO"}, [4]),
        ({"find": "tries=1"}, [2]),
        ({"find": "f", "level": "warning"}, [3]),
        ({"find": "nothing"}, []),
    ],
)
def test_lines_are_found_by_level_and_text(filters: Any, found: list[int]) -> None:
    assert numbers(wanted(kept().lines, **filters)) == found
