"""Sums, series and percentiles from the rollups."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.core.metrics import BUCKETS, bucket_of, percentile_ms, upper_bound_ms
from plugins_app.models import MetricHour, MetricMinute
from plugins_app.services import metrics

NOW = datetime(2026, 3, 5, 14, 7, 30, 123457, tzinfo=UTC)
durations = st.floats(min_value=0.001, max_value=400_000)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins_app.services.metrics.timezone.now", lambda: NOW)


def minute(ago: timedelta, metric: str, value: int = 1, plugin: str = "p", **more: Any) -> None:
    at = (NOW - ago).replace(second=0, microsecond=0)
    fields = {"plugin": plugin, "version": "1.0.0", "metric": metric, "value": value, **more}
    MetricMinute.objects.create(at=at, **fields)


def hour(ago: timedelta, metric: str, value: int = 1, plugin: str = "p") -> None:
    at = (NOW - ago).replace(minute=0, second=0, microsecond=0)
    MetricHour.objects.create(at=at, plugin=plugin, version="1.0.0", metric=metric, value=value)


@pytest.mark.django_db
def test_totals_add_minutes_and_versions_of_the_range() -> None:
    minute(timedelta(minutes=3), "status:succeeded", 5)
    minute(timedelta(minutes=3), "status:succeeded", 2, version="2.0.0")
    minute(timedelta(minutes=50), "status:failed", 3)
    minute(timedelta(minutes=50), "error:plugin_error", 3)
    minute(timedelta(minutes=70), "status:failed", 100)
    found = metrics.total("p", "1h")
    assert (found["calls"], found["failures"], found["success_rate"]) == (10, 3, 0.7)
    assert found["errors"] == {"plugin_error": 3}


@pytest.mark.django_db
def test_totals_of_all_plugins_cost_one_query(django_assert_num_queries: Any) -> None:
    for n in range(30):
        hour(timedelta(minutes=1), "status:succeeded", n, plugin=f"p{n:02d}")
    with django_assert_num_queries(3):
        metrics.totals("24h")
    with django_assert_num_queries(1):
        found = metrics.totals("24h")
    assert [found[f"p{n:02d}"]["calls"] for n in range(30)] == list(range(30))


@pytest.mark.django_db
def test_long_ranges_read_hours() -> None:
    hour(timedelta(days=6), "status:succeeded", 4)
    minute(timedelta(minutes=3), "status:succeeded", 100)
    assert metrics.total("p", "7d")["calls"] == 4


@pytest.mark.django_db
def test_a_day_begins_to_the_minute_and_goes_on_in_hours() -> None:
    minute(timedelta(hours=24, minutes=1), "status:succeeded", 1_000)
    minute(timedelta(hours=23, minutes=59), "status:succeeded", 100)
    hour(timedelta(hours=23), "status:succeeded", 10)
    hour(timedelta(0), "status:succeeded", 1)
    assert metrics.total("p", "24h")["calls"] == 111


@pytest.mark.django_db
def test_what_is_over_is_read_once_and_what_may_still_change_each_time() -> None:
    minute(timedelta(minutes=40), "status:succeeded", 1)
    hour(timedelta(hours=2), "status:succeeded", 1)
    metrics.series("p", "1h")
    metrics.total("p", "24h")
    MetricMinute.objects.update(value=5)
    MetricHour.objects.update(value=5)
    minute(timedelta(minutes=6), "status:succeeded", 10)  # of a call that took long
    hour(timedelta(minutes=5), "status:succeeded", 10)
    assert sum(point.succeeded for point in metrics.series("p", "1h")) == 11
    assert metrics.total("p", "24h")["calls"] == 11


@pytest.mark.django_db
def test_an_hour_is_open_as_long_as_a_call_of_it_may_run(settings: Any) -> None:
    settings.ZANTARA_MAX_TIMEOUT = 4 * 3600.0
    metrics.total("p", "24h")
    hour(timedelta(hours=4), "status:succeeded", 3)
    assert metrics.total("p", "24h")["calls"] == 3


@pytest.mark.django_db
def test_a_plugin_that_nobody_called_has_empty_totals() -> None:
    found = metrics.total("p")
    assert (found["calls"], found["success_rate"], found["p95_ms"]) == (0, None, None)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "points"), [("15m", 15), ("1h", 60), ("6h", 72), ("24h", 96)])
def test_a_series_has_a_point_for_every_bucket(
    django_assert_num_queries: Any, name: str, points: int
) -> None:
    minute(timedelta(0), "status:succeeded", 2)
    with django_assert_num_queries(2):
        metrics.series("p", name)
    with django_assert_num_queries(1):
        found = metrics.series("p", name)
    assert len(found) == points
    assert {b.at - a.at for a, b in itertools.pairwise(found)} == {metrics.RANGES[name].bucket}
    assert [point.succeeded for point in found] == [0] * (points - 1) + [2]


@pytest.mark.django_db
def test_a_series_splits_calls_by_how_they_ended() -> None:
    for metric in ("succeeded", "failed", "abandoned", "timed_out", "cancelled", "refused"):
        minute(timedelta(minutes=2), f"status:{metric}")
    minute(timedelta(minutes=2), "cache:hit", 7)
    point = metrics.series(None, "15m")[-3]
    assert (point.succeeded, point.failed, point.timed_out) == (1, 2, 1)
    assert (point.cancelled, point.refused, point.cached) == (1, 1, 7)


@pytest.mark.django_db
def test_joined_buckets_keep_every_call() -> None:
    for ago in range(15):
        minute(timedelta(minutes=ago), "status:succeeded")
    found = metrics.series("p", "15m", at_most=5)
    assert len(found) <= 6
    assert sum(point.succeeded for point in found) >= 13


@pytest.mark.django_db
def test_percentiles_of_a_window_come_from_all_its_calls() -> None:
    minute(timedelta(minutes=1), f"latency:{bucket_of(1):02d}", 98)
    minute(timedelta(minutes=9), f"latency:{bucket_of(1_000):02d}", 2)
    found = metrics.total("p", "1h")
    assert found["p50_ms"] == pytest.approx(1, rel=0.26)
    assert found["p99_ms"] == pytest.approx(1_000, rel=0.26)


@given(st.lists(st.lists(durations, min_size=1), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_percentiles_of_merged_buckets_match_the_definition(
    minutes: list[list[float]], share: float
) -> None:
    merged: dict[int, int] = {}
    for duration in (d for each in minutes for d in each):
        merged[bucket_of(duration)] = merged.get(bucket_of(duration), 0) + 1
    everything = sorted(d for each in minutes for d in each)
    exact = everything[max(math.ceil(share * len(everything)), 1) - 1]
    found = percentile_ms(merged, share)
    assert found == upper_bound_ms(bucket_of(exact))
    if bucket_of(exact) < BUCKETS - 1:
        assert exact <= found * 1.000001
        assert found <= max(0.1, exact * 1.26)
