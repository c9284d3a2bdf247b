"""What single charts make of gauges, callers, breakers, versions and the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from plugins_app.models import (
    ApiKey,
    BreakerEvent,
    CallerHour,
    GaugeMinute,
    MetricMinute,
)
from plugins_app.services.audit import CLI, record
from tests.admin.conftest import PRICING

NOW = datetime(2026, 11, 22, 12, 7, 30, tzinfo=UTC)
TWELVE = NOW.replace(minute=0, second=0)
Chart = Callable[..., Any]


@pytest.fixture
def chart(monkeypatch: pytest.MonkeyPatch, admin: Client) -> Chart:
    """chart('breaker', 'range=1h'): what the script gets, at seven past twelve."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)

    def made(slug: str, query: str = "range=1h", plugin: str = PRICING) -> Any:
        return admin.get(f"/admin/charts/{slug}.json?{query}&plugin={plugin}").json()

    return made


def count(metric: str, value: int, **more: Any) -> None:
    at = (NOW - timedelta(minutes=20)).replace(second=0)
    fields = {"plugin": PRICING, "version": "1.0.0", **more}
    MetricMinute.objects.create(at=at, metric=metric, value=value, **fields)


def moved(ago: timedelta, state: str, previous: str = "closed") -> None:
    BreakerEvent.objects.create(
        plugin=PRICING, version="1.0.0", at=NOW - ago, state=state, previous=previous, reason="why"
    )


def values(payload: Any, key: str) -> list[Any]:
    return next(each["values"] for each in payload["series"] if each["key"] == key)


def test_a_breaker_is_in_one_state_at_any_time(chart: Chart) -> None:
    moved(timedelta(minutes=30, seconds=30), "open")
    moved(timedelta(minutes=20, seconds=30), "half_open", "open")
    moved(timedelta(minutes=20), "closed", "half_open")
    drawn = chart("breaker")
    shares = [values(drawn, state) for state in ("closed", "half_open", "open")]
    assert all(sum(each) == pytest.approx(100, abs=0.02) for each in zip(*shares, strict=True))
    assert sum(shares[2]) == pytest.approx(1_000)
    assert sum(shares[1]) == pytest.approx(50)
    assert drawn["summary"] == (
        "The breaker opened 1 time in the last hour, was open for 10 m 00 s in all, "
        "and is closed at the end."
    )
    assert [each["label"] for each in drawn["events"]] == ["Open", "Half-open", "Closed"]


def test_a_breaker_that_opened_before_is_open_from_the_beginning(chart: Chart) -> None:
    moved(timedelta(hours=3), "open")
    drawn = chart("breaker")
    assert set(values(drawn, "open")) == {100.0}
    assert drawn["events"] == []
    assert drawn["summary"] == "The breaker was open all the time in the last hour."


def test_a_breaker_that_never_moved_was_closed(chart: Chart) -> None:
    drawn = chart("breaker")
    assert drawn["summary"] == "The breaker was closed all the time in the last hour."
    assert set(values(drawn, "closed")) == {100.0}


def test_peaks_of_a_bucket_are_the_highest_of_its_minutes(chart: Chart) -> None:
    for minute, in_flight in ((2, 3), (3, 9), (4, 5)):
        GaugeMinute.objects.create(
            plugin=PRICING,
            at=TWELVE + timedelta(minutes=minute),
            in_flight=in_flight,
            queued=1,
            peak_quota=10 * in_flight,
        )
    drawn = chart("load", "range=6h")
    assert [each for each in values(drawn, "in_flight") if each is not None] == [9]
    assert drawn["summary"].startswith("Calls at once peaked at 9 at Nov 22 12:00 UTC")
    assert [each for each in values(chart("limits", "range=6h"), "peak_quota") if each] == [90]


def test_callers_have_names_and_the_one_with_most_calls_is_first(chart: Chart) -> None:
    ApiKey.objects.create(name="webapp", prefix="zan_1")
    for caller, calls in (("key:zan_1", 5), ("user:99", 7), ("anonymous:1.2.3.4", 1)):
        CallerHour.objects.create(
            caller=caller, plugin=PRICING, at=TWELVE, calls=calls, errors=1, refused=2
        )
    drawn = chart("callers")
    assert drawn["labels"] == ["user:99", "webapp", "anonymous:1.2.3.4"]
    assert values(drawn, "succeeded") == [6, 4, 0]
    assert drawn["summary"] == (
        "user:99 called most in the last hour: 9 of 19 calls by the 3 busiest callers."
    )


def test_only_the_ten_busiest_callers_are_shown(chart: Chart) -> None:
    for n in range(12):
        CallerHour.objects.create(caller=f"user:{900 + n}", plugin=PRICING, at=TWELVE, calls=n + 1)
    assert len(chart("callers")["labels"]) == 10


def test_versions_are_measured_apart(chart: Chart) -> None:
    count("status:succeeded", 99)
    count("status:failed", 1)
    count("status:succeeded", 3, version="1.1.0")
    count("status:failed", 1, version="1.1.0")
    drawn = chart("versions")
    assert {each["key"]: max(filter(None, each["values"])) for each in drawn["series"]} == {
        "1.0.0": 1.0,
        "1.1.0": 25.0,
    }
    assert drawn["summary"] == (
        "By version, failed calls in the last hour: 1.0 % of 1.0.0, 25.0 % of 1.1.0."
    )


def test_attempts_and_timeouts(chart: Chart) -> None:
    for metric, amount in (("1", 90), ("2", 8), ("3+", 2)):
        count(f"attempts:{metric}", amount)
    count("status:timed_out", 4)
    assert chart("retries")["summary"] == (
        "10.0 % of 100 executed calls took more than one attempt in the last hour, "
        "2 of them three or more; 4 timed out."
    )


def test_the_strip_has_the_plugin_with_most_errors_first(chart: Chart, admin: Client) -> None:
    count("status:succeeded", 50)
    count("cache:hit", 40)
    count("status:failed", 5)
    count("status:succeeded", 70, plugin="a.fine")
    drawn = admin.get("/admin/charts/heat.json?range=24h").json()
    assert [each["key"] for each in drawn["series"]] == [PRICING, "a.fine"]
    assert [each for each in values(drawn, PRICING) if each is not None] == [33.33]
    assert drawn["bucket_seconds"] == 1800
    assert [row["label"] for row in drawn["rows"]] == [PRICING, "a.fine"]
    assert drawn["summary"] == (
        f"1 of 2 plugins that worked in the last 24 hours failed calls, {PRICING} most: "
        "5, 33.3 % of its own."
    )


@pytest.mark.parametrize("slug", ["breaker", "versions"])
def test_charts_of_one_plugin_are_not_there_for_all(admin: Client, slug: str) -> None:
    assert admin.get(f"/admin/charts/{slug}.json").status_code == 404


def test_what_was_changed_meanwhile_has_its_place_in_the_chart(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_versions = {"before": {"version": "1.0.0"}, "after": {"version": "1.1.0"}}
    with monkeypatch.context() as earlier:
        earlier.setattr(timezone, "now", lambda: NOW - timedelta(minutes=30, seconds=30))
        record(CLI, "reload", PRICING, **with_versions)
        record(CLI, "overrides", PRICING, before={}, after={"timeout": 3})
        record(CLI, "reload", "other.plugin")
        record(CLI, "key.create", PRICING)
    told = chart("calls")["annotations"]
    assert [(each["label"], each["detail"]) for each in told] == [
        ("Reloaded", "1.0.0 → 1.1.0"),
        ("Settings changed", "timeout as in code → 3"),
    ]
    assert {each["place"] for each in told} == {29.0}
    assert chart("calls", "range=15m")["annotations"] == []
