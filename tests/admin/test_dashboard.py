"""The first page: what is wrong, how much is called, what was done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.admin.sparkline import HEIGHT, POINTS, WIDTH, sparkline
from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.models import ApiKey, ExecutionLog, MetricHour, MetricMinute, User
from plugins_app.services import lifecycle, metrics, sync, timelines
from plugins_app.services.audit import CLI, record
from plugins_app.services.execute import execute_and_wait
from tests.admin._plugin import write_plugin
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

PAGE = "/admin/"
Login = Callable[..., Client]


def count(plugin: str, metric: str, value: int) -> None:
    at = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=10)
    for model, begin in ((MetricMinute, at), (MetricHour, at.replace(minute=0))):
        model.objects.create(plugin=plugin, version="1.0.0", at=begin, metric=metric, value=value)
    metrics.forget()
    timelines.forget()


def part(response: Any, begin: str, end: str) -> str:
    return text(response).partition(begin)[2].partition(end)[0]


def test_a_sound_installation_says_that_nothing_is_wrong(admin: Client) -> None:
    assert "Nothing needs attention." in text(admin.get(PAGE))


def test_what_does_not_load_is_first_with_its_error(family: Path, admin: Client) -> None:
    (family / "broken_plugin.py").write_text("import no_such_module_at_all\n")
    sync.discover(CLI)
    shown = part(admin.get(PAGE), "Needs attention", "All plugins")
    assert "Load error" in shown
    assert "No module named &#x27;no_such_module_at_all&#x27;" in shown
    assert "Retry load" in shown
    assert "1 with a load error" in text(admin.get(PAGE))


def test_a_refused_reload_is_told_with_the_version_that_serves(family: Path, admin: Client) -> None:
    file = write_plugin(family, "pages.echo")
    sync.discover(CLI)
    file.write_text("nonsense(")
    sync.discover(CLI)
    assert "Reload failed" in part(admin.get(PAGE), "Needs attention", "All plugins")


def test_calls_are_in_the_figures_and_in_the_order_that_was_asked_for(admin: Client) -> None:
    count(PRICING, "status:succeeded", 90)
    count(PRICING, "status:failed", 10)
    count("team.list_members", "status:succeeded", 300)
    count("team.list_members", "status:refused", 5)
    count("team.list_members", "error:rate_limited", 5)
    page = admin.get(PAGE)
    assert "Calls 400" in text(page)
    assert "Success 97.5 %" in text(page)
    most_used = part(page, "Executed over time", "Recent failures")
    assert most_used.index("team.list_members") < most_used.index(PRICING)
    errors = part(admin.get(f"{PAGE}?top=errors"), "Executed over time", "Recent failures")
    assert "team.list_members" not in errors
    limited = part(admin.get(f"{PAGE}?top=limited"), "Executed over time", "Recent failures")
    assert PRICING not in limited


def test_an_order_nobody_knows_and_a_range_nobody_knows_show_the_usual(admin: Client) -> None:
    body = admin.get(f"{PAGE}?top=x&range=1y").content.decode()
    assert 'id="top-calls"' in body
    assert "This is the last day." in body


def test_the_last_failures_of_every_kind_are_listed_newest_first(admin: Client) -> None:
    for n, status in enumerate(("failed", "succeeded", "timed_out", "abandoned", "refused")):
        ExecutionLog.objects.create(
            id=f"{n:026}", plugin=f"p{n}", caller="c", source="s", status=status,
            started_at=timezone.now(),
        )  # fmt: skip
    shown = part(admin.get(PAGE), "Recent failures", "Recent changes")
    places = [shown.find(name) for name in ("p3", "p2", "p0")]
    assert places == sorted(places)
    assert -1 not in places
    assert "p1" not in shown
    assert "p4" not in shown


def test_changes_are_told_with_their_reason(admin: Client) -> None:
    lifecycle.disable([PRICING], CLI, "an audit")
    assert f"disable {PRICING} {CLI.name}" in part(admin.get(PAGE), "Recent changes", "ZZZ")
    assert "an audit" in text(admin.get(PAGE))


def test_logins_are_no_changes(admin: Client) -> None:
    lifecycle.disable([PRICING], CLI)
    for _ in range(9):
        record(CLI, "login", "user:ayu")
    shown = part(admin.get(PAGE), "Recent changes", "ZZZ")
    assert "login" not in shown
    assert f"disable {PRICING}" in shown


def test_what_one_may_not_see_is_not_there(login: Login) -> None:
    body = login().get(PAGE).content.decode()
    assert "plugins_app.view_metrics" in body
    for absent in ("data-chart", "Recent failures", "Recent changes", "Top plugins"):
        assert absent not in body


def test_without_the_right_to_see_plugins_the_tables_are_the_first_page(login: Login) -> None:
    client = login()
    User.objects.get().user_permissions.clear()
    assert client.get(PAGE)["Location"] == "/admin/data/"


def test_the_first_steps_look_for_themselves_whether_they_are_done(admin: Client) -> None:
    assert "Run it (to do)" in text(admin.get(PAGE))
    execute_and_wait(PRICING, {}, caller=SYSTEM_CALLER, source="cli")
    assert "Run it (done)" in text(admin.get(PAGE))
    ApiKey.objects.create(name="k", prefix="zan_00000000", digest="0" * 64)
    assert "First steps" not in text(admin.get(PAGE))


def test_the_first_steps_can_be_hidden(admin: Client) -> None:
    assert admin.post("/admin/first-steps/hide/")["Location"] == PAGE
    assert "First steps" not in text(admin.get(PAGE))


def test_the_page_takes_few_queries(
    admin: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    count(PRICING, "status:succeeded", 90)
    with django_assert_max_num_queries(30):
        admin.get(PAGE)


@given(st.lists(st.integers(0, 10**9), max_size=500))
def test_a_sparkline_stays_in_its_box(values: list[int]) -> None:
    drawn = sparkline(values)
    places = [tuple(map(float, point.split(","))) for point in drawn.points.split()]
    assert len(places) <= POINTS
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert bool(places) is any(values)


@pytest.mark.parametrize("method", ["post", "put"])
def test_it_is_only_read(admin: Client, method: str) -> None:
    assert getattr(admin, method)(PAGE).status_code == 405
