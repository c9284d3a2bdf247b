"""Tiers of many plugins at once."""

from __future__ import annotations

from typing import Any

import pytest

from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.core.quality import checks, tier
from plugins_app.services import catalogue, metrics
from plugins_app.services.execute import execute_and_wait
from plugins_app.services.quality import with_tiers


@pytest.fixture
def views(engine: object) -> list[catalogue.PluginView]:
    return catalogue.views(SYSTEM_CALLER)


def test_each_has_the_tier_of_its_own_page(views: list[catalogue.PluginView]) -> None:
    name = "bali_zero.pricing"
    for number in range(3):
        execute_and_wait(name, {"query": str(number)}, caller=SYSTEM_CALLER, source="cli")
    metrics.forget()
    for view in with_tiers(views):
        assert view.loaded
        found = checks(view.loaded, metrics.total(view.name, "7d"))
        assert view.tier == tier(found).name.lower()


def test_they_take_no_more_queries_than_one(
    views: list[catalogue.PluginView], django_assert_num_queries: Any
) -> None:
    with_tiers(views[:1])
    with django_assert_num_queries(1):
        with_tiers(views)
