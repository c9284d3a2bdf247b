from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.admin.conftest import PRICING

SERIES = f"/admin/plugins/{PRICING}/series.json"


def test_the_series_add_up_to_the_calls(admin: Client) -> None:
    body = '{"input_data": {"query": "E33G"}}'
    for _ in range(3):
        Client().post(f"/api/plugins/{PRICING}/execute", body, content_type="application/json")
    answer = admin.get(f"{SERIES}?range=1h").json()
    assert answer["range"] == "1h"
    points = answer["points"]
    assert sum(point["succeeded"] + point["cached"] for point in points) == 3
    assert sum(point["cached"] for point in points) == 2
    assert answer["summary"]["calls"].startswith("3 calls in the last hour")
    assert len([point for point in points if point["p95_ms"]]) == 1


@pytest.mark.parametrize("name", ["15m", "1h", "6h", "24h", "7d", "30d"])
def test_every_range_has_its_points(admin: Client, name: str) -> None:
    assert 10 <= len(admin.get(f"{SERIES}?range={name}").json()["points"]) <= 100


def test_a_range_that_does_not_exist_is_refused(admin: Client) -> None:
    response = admin.get(f"{SERIES}?range=1y")
    assert response.status_code == 400
    assert "15m" in response.json()["detail"]


def test_the_page_falls_back_to_a_day(admin: Client) -> None:
    body = admin.get(f"/admin/plugins/{PRICING}/?range=1y").content.decode()
    assert 'id="range-24h"' in body
    assert body.partition('id="range-24h"')[2].partition(">")[0].count('aria-current="true"') == 1


def test_series_need_the_permission_for_metrics(login: Callable[..., Client]) -> None:
    response = login().get(SERIES)
    assert response.status_code == 403
    assert "plugins_app.view_metrics" in response.json()["detail"]


def test_series_of_an_unknown_plugin_are_404(admin: Client) -> None:
    assert admin.get("/admin/plugins/no.such/series.json").status_code == 404
