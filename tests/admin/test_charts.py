"""Charts: the same numbers as sentence, series, table, file and rollup."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from plugins_app.admin.charts.registry import DEFINITIONS
from plugins_app.core.metrics import bucket_of, upper_bound_ms
from plugins_app.models import MetricHour, MetricMinute, User
from plugins_app.services import windows
from tests.admin.conftest import PRICING

NOW = datetime(2026, 11, 22, 12, 7, 30, tzinfo=UTC)
OF_PLUGIN = [each.slug for each in DEFINITIONS if each.of_plugin]
OF_ALL = [each.slug for each in DEFINITIONS if each.of_all]


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def count(metric: str, value: int = 1, ago: timedelta = timedelta(minutes=20), **more: Any) -> None:
    """In the rollup of a minute and in that of its hour, as the journal does."""
    at = (NOW - ago).replace(second=0, microsecond=0)
    fields = {"plugin": PRICING, "version": "1.0.0", "metric": metric, **more}
    for table, start in ((MetricMinute, at), (MetricHour, at.replace(minute=0))):
        row, _ = table.objects.get_or_create(at=start, **fields, defaults={"value": 0})
        row.value += value
        row.save()


def chart(client: Client, slug: str, query: str = "range=1h", plugin: str = PRICING) -> Any:
    return client.get(f"/admin/charts/{slug}.json?{query}&plugin={plugin}").json()


def series(payload: Any, key: str) -> dict[str, Any]:
    return next(each for each in payload["series"] if each["key"] == key)


def some_traffic() -> None:
    for ago in (5, 20, 21, 50):
        at = timedelta(minutes=ago)
        count("status:succeeded", 40, at)
        count("cache:hit", 10, at)
        count("cache:miss", 35, at)
        count("attempts:1", 35, at)
        count("status:failed", 3, at)
        count("status:timed_out", 2, at)
        count("status:refused", 6, at)
        count("error:rate_limited", 4, at)
        count(f"latency:{bucket_of(80):02d}", 30, at)
        count(f"latency:{bucket_of(900):02d}", 5, at)


def test_every_call_of_the_rollup_is_in_exactly_one_bar(noon: None, admin: Client) -> None:
    some_traffic()
    drawn = chart(admin, "calls")
    summed = {each["key"]: sum(each["values"]) for each in drawn["series"]}
    assert summed == {
        "succeeded": 120,
        "cached": 40,
        "failed": 12,
        "timed_out": 8,
        "rate_limited": 16,
        "refused": 8,
    }
    rolled_up = Counter(
        {row.metric: 0 for row in MetricMinute.objects.filter(metric__startswith="status:")}
    )
    for row in MetricMinute.objects.filter(metric__startswith="status:"):
        rolled_up[row.metric] += row.value
    assert sum(summed.values()) == rolled_up.total()


@pytest.mark.parametrize("slug", OF_PLUGIN)
@pytest.mark.parametrize("query", ["range=1h", "range=24h&compare=previous", "range=7d"])
def test_the_table_and_the_file_have_the_numbers_of_the_series(
    noon: None, admin: Client, slug: str, query: str
) -> None:
    some_traffic()
    drawn = chart(admin, slug, query)
    places = [at[:16].replace("T", " ") for at in drawn["times"]] or drawn["labels"]
    texts = {place: [] for place in places}
    for each in drawn["series"]:
        assert len(each["values"]) == len(each["texts"]) == len(places)
        for place, value, text in zip(places, each["values"], each["texts"], strict=True):
            assert (value is None) == (text == "n/a")
            assert each["unit"] != "count" or value is None or text == f"{value:,}"
            texts[place].append(text)
    for row in drawn["rows"]:
        assert row["cells"] == texts[row["label"]]
    file = admin.get(f"/admin/charts/{slug}.csv?{query}&plugin={PRICING}").content.decode()
    lines = list(csv.reader(io.StringIO(file)))[1:]
    for n, each in enumerate(drawn["series"], 1):
        read = [float(line[n]) if line[n] else None for line in lines]
        assert read == pytest.approx(each["values"])


@pytest.mark.parametrize("slug", OF_PLUGIN)
def test_the_page_of_a_chart_has_its_table_without_a_script(
    noon: None, admin: Client, slug: str
) -> None:
    some_traffic()
    drawn = chart(admin, slug)
    body = admin.get(f"/admin/charts/{slug}/?range=1h&plugin={PRICING}").content.decode()
    table = body.partition("<noscript>")[2].partition("</noscript>")[0]
    cells = [text.strip() for text in re.findall(r"<td[^>]*>([^<]*)</td>", table)]
    assert cells == [cell for row in drawn["rows"] for cell in row["cells"]]


def test_the_error_rate_leaves_out_what_the_plugin_is_not_to_blame_for(
    noon: None, admin: Client
) -> None:
    some_traffic()
    count("error:invalid_input", 50)
    rates = series(chart(admin, "errors"), "error_rate")
    assert sorted({rate for rate in rates["values"] if rate is not None}) == [14.29]
    assert rates["values"].count(None) == 56
    assert rates["texts"].count("n/a") == 56


def test_percentiles_are_those_of_the_histogram_and_few_calls_are_noted(
    noon: None, admin: Client
) -> None:
    some_traffic()
    drawn = chart(admin, "latency")
    [median] = {value for value in series(drawn, "p50")["values"] if value}
    [slowest] = {value for value in series(drawn, "p99")["values"] if value}
    assert median == pytest.approx(upper_bound_ms(bucket_of(80)), abs=0.01)
    assert slowest == pytest.approx(upper_bound_ms(bucket_of(900)), abs=0.01)
    assert series(drawn, "p99")["few"].count(True) == 4
    assert {text for text in series(drawn, "p99")["texts"] if text != "n/a"} == {
        "1.00 s (few samples)"
    }


def test_the_hit_rate_is_of_the_calls_that_asked_the_cache(noon: None, admin: Client) -> None:
    some_traffic()
    count("cache:bypass", 500)
    drawn = chart(admin, "cache")
    assert {rate for rate in series(drawn, "hit_rate")["values"] if rate} == {22.22}
    assert drawn["summary"].startswith("22.2 % of 180 calls")


@pytest.mark.parametrize("name", windows.RANGES)
@pytest.mark.parametrize("slug", ["calls", "errors", "latency", "cache"])
def test_every_range_has_its_places(noon: None, admin: Client, slug: str, name: str) -> None:
    drawn = chart(admin, slug, f"range={name}")
    assert 15 <= len(drawn["times"]) <= 100
    assert drawn["empty"]
    assert drawn["rows"] == []


@pytest.mark.parametrize("name", ["1h", "24h", "7d"])
def test_the_period_before_is_beside_it(noon: None, admin: Client, name: str) -> None:
    length = windows.RANGES[name].length
    count("status:succeeded", 7, length + timedelta(minutes=20))
    count("status:succeeded", 2)
    before = series(chart(admin, "calls", f"range={name}&compare=previous"), "before")
    now = series(chart(admin, "calls", f"range={name}&compare=previous"), "succeeded")
    assert before["previous"]
    assert sum(before["values"]) == 7
    assert before["values"].index(7) == now["values"].index(2)


def test_one_asks_for_any_span(noon: None, admin: Client) -> None:
    some_traffic()
    drawn = chart(admin, "calls", "from=2026-11-22T11:30&to=2026-11-22T12:00")
    assert drawn["bucket_seconds"] == 60
    assert drawn["since"] == "2026-11-22T11:30:00+00:00"
    assert sum(series(drawn, "succeeded")["values"]) == 60
    assert "from Nov 22 11:30 UTC to Nov 22 12:00 UTC" in drawn["summary"]
    long = chart(admin, "calls", "from=2026-03-01T00:00&to=2026-11-22T12:00")
    assert len(long["times"]) <= 101
    assert sum(series(long, "succeeded")["values"]) == 120


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("range=1y", "15m"),
        ("from=yesterday", "from is a day"),
        ("from=2026-11-22T12:00&to=2026-11-22T11:00", "before the end"),
        ("from=2026-12-22T12:00", "not in the future"),
        ("from=2024-01-01T00:00", "396 days"),
        ("from=2026-13-45T99:00", "from is a day"),
        ("compare=next", "previous"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(
    noon: None, admin: Client, query: str, words: str
) -> None:
    response = admin.get(f"/admin/charts/calls.json?{query}")
    assert response.status_code == 400
    assert words in response.json()["detail"]
    page = admin.get(f"/admin/charts/calls/?{query}")
    assert page.status_code == 200
    assert words in page.content.decode().replace("&#x27;", "'")


def test_charts_of_all_plugins_add_them_up(noon: None, admin: Client) -> None:
    count("status:succeeded", 3)
    count("status:succeeded", 4, plugin="other.plugin")
    drawn = admin.get("/admin/charts/P1.json?range=1h").json()
    assert sum(series(drawn, "succeeded")["values"]) == 7


@pytest.mark.parametrize("address", ["nothing.json", "calls.json?plugin=no.such", "nothing/"])
def test_what_is_not_there_is_404(admin: Client, address: str) -> None:
    assert admin.get(f"/admin/charts/{address}").status_code == 404


def test_charts_need_the_permission_for_metrics(login: Callable[..., Client]) -> None:
    response = login().get("/admin/charts/calls.json")
    assert response.status_code == 403
    assert "plugins_app.view_metrics" in response.json()["detail"]


@pytest.mark.parametrize("slug", OF_PLUGIN)
def test_a_chart_costs_few_queries_however_long_the_log(
    noon: None, admin: Client, slug: str, django_assert_max_num_queries: Any
) -> None:
    some_traffic()
    with django_assert_max_num_queries(12):
        chart(admin, slug, "range=24h&compare=previous")


def test_a_bucket_leads_to_its_executions_for_those_who_may_see_them(
    login: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    route = "admin:plugins_app_executionlog_changelist"
    monkeypatch.setattr("plugins_app.admin.charts.links.ROUTE", route)
    client = login("view_metrics")
    assert chart(client, "calls")["executions"] is None
    user = User.objects.get()
    user.user_permissions.add(Permission.objects.get(codename="view_executionlog"))
    assert chart(client, "calls")["executions"].endswith("?plugin={plugin}&from={since}&to={until}")
