from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins_app.core.metrics import (
    BUCKETS,
    attempts_metric,
    bucket_of,
    percentile_ms,
    summary,
    upper_bound_ms,
)

quick = settings(max_examples=50, deadline=None)
durations = st.floats(0, 1e6)


@quick
@given(durations, durations)
def test_longer_calls_never_fall_into_lower_buckets(a: float, b: float) -> None:
    assert (bucket_of(a) <= bucket_of(b)) or a > b


@quick
@given(st.floats(0.1, 300_000))
def test_a_duration_lies_below_its_buckets_bound_and_within_26_percent(duration: float) -> None:
    bound = upper_bound_ms(bucket_of(duration))
    assert duration <= bound * (1 + 1e-9)
    assert bound <= duration * 1.26


def test_bounds_belong_to_their_own_bucket_and_the_last_takes_all_above() -> None:
    assert [bucket_of(upper_bound_ms(b)) for b in range(BUCKETS)] == list(range(BUCKETS))
    assert bucket_of(1e12) == BUCKETS - 1


@quick
@given(
    st.lists(st.lists(durations, max_size=20), min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1])
)
def test_percentiles_of_merged_histograms_are_those_of_all_calls(
    minutes: list[list[float]], share: float
) -> None:
    merged: Counter[int] = Counter()
    for minute in minutes:
        merged += Counter(map(bucket_of, minute))
    everything = sorted(duration for minute in minutes for duration in minute)
    rank = max(1, -int(-share * len(everything) // 1))
    exact = upper_bound_ms(bucket_of(everything[rank - 1])) if everything else None
    assert percentile_ms(merged, share) == exact


@pytest.mark.parametrize(("attempts", "metric"), [(1, "1"), (2, "2"), (3, "3+"), (9, "3+")])
def test_attempts_are_counted_as_one_two_or_more(attempts: int, metric: str) -> None:
    assert attempts_metric(attempts) == f"attempts:{metric}"


def test_a_summary_of_nothing_has_no_shares_and_no_times() -> None:
    empty = summary({})
    assert (empty["calls"], empty["refused"], empty["cache_hits"]) == (0, 0, 0)
    for name in ("success_rate", "cache_hit_rate", "avg_time", "p50_ms", "p99_ms"):
        assert empty[name] is None


def test_a_summary_counts_refusals_apart_from_calls() -> None:
    counts = {
        "status:succeeded": 6,
        "status:failed": 1,
        "status:timed_out": 1,
        "status:refused": 5,
        "error:rate_limited": 4,
        "error:timeout": 1,
        "cache:hit": 2,
        "cache:miss": 6,
        "latency:00": 5,
        "latency:20": 1,
        "latency_us": 1_200_000,
    }
    found = summary(counts)
    assert (found["calls"], found["successes"], found["failures"]) == (8, 6, 2)
    assert (found["refused"], found["rate_limited"], found["timeouts"]) == (5, 4, 1)
    assert (found["success_rate"], found["cache_hit_rate"]) == (0.75, 0.25)
    assert (found["avg_time"], found["p50_ms"], found["p99_ms"]) == (0.2, 0.1, 10.0)
