from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from plugins_app.admin import charts
from plugins_app.services.metrics import Point

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EMPTY = Point(NOON, 0, 0, 0, 0, 0, 0, None, None, None)


def point(**counts: Any) -> Point:
    return replace(EMPTY, **counts)


def test_the_sentence_counts_what_is_drawn() -> None:
    points = [point(succeeded=210, cached=40), point(failed=3, timed_out=1, refused=7)]
    assert charts.calls_sentence(points, "24h") == (
        "214 calls in the last 24 hours: 210 succeeded, 3 failed, 1 timed out; "
        "40 came from the cache; 7 refused before the plugin."
    )


def test_without_calls_the_sentence_says_so() -> None:
    assert charts.calls_sentence([EMPTY], "1h") == "No calls in the last hour."


def test_the_latency_sentence_names_the_peak_and_the_latest() -> None:
    points = [
        point(p95_ms=410.0),
        point(at=NOON + timedelta(minutes=15)),
        point(at=NOON + timedelta(minutes=30), p95_ms=180.0),
    ]
    assert charts.latency_sentence(points) == (
        "p95 peaked at 410 ms at Nov 22 12:00 UTC; the latest is 180 ms at Nov 22 12:30 UTC."
    )


def test_without_executions_there_is_no_latency() -> None:
    assert charts.latency_sentence([point(succeeded=2, cached=2)]).startswith("No call")


def test_cached_answers_are_drawn_apart_from_those_of_the_plugin() -> None:
    drawn = charts.payload("a.b", "24h", [point(succeeded=5, cached=2)])["points"][0]
    assert (drawn["succeeded"], drawn["cached"]) == (3, 2)
    assert drawn["at"] == "2026-11-22T12:00:00+00:00"


def test_the_table_leaves_out_times_without_calls_and_starts_with_the_newest() -> None:
    first, last = point(succeeded=1), point(at=NOON + timedelta(hours=1), refused=1)
    assert charts.table([first, EMPTY, last]) == [last, first]
