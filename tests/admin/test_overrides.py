"""Limits that operators set over a plugin's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.core.errors import RateLimited
from plugins_app.models import AuditEvent, InstalledPlugin, RegistryState
from plugins_app.services import sync
from plugins_app.services.audit import CLI
from plugins_app.services.execute import execute_and_wait
from plugins_app.services.overrides import (
    InvalidOverrides,
    StaleOverrides,
    fingerprint,
    set_overrides,
)
from plugins_app.services.registry import snapshot
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

PAGE = f"/admin/plugins/{PRICING}/settings/"
Login = Callable[..., Client]


def seen(client: Client) -> str:
    match = re.search(r'name="seen" value="(\w+)"', client.get(PAGE).content.decode())
    assert match
    return match[1]


def save(client: Client, **fields: str) -> Any:
    return client.post(PAGE, {"seen": seen(client), **fields})


def stored() -> dict[str, Any]:
    row = InstalledPlugin.objects.filter(pk=PRICING).first()
    return row.overrides if row else {}


def test_every_field_shows_its_default_and_what_is_in_force(admin: Client) -> None:
    set_overrides(PRICING, {"rate_limit": 7}, CLI)
    shown = text(admin.get(PAGE))
    assert "In force: 7 / min per caller Default from code: 100 / min per caller" in shown
    assert "In force: 5 min Default from code: 5 min" in shown
    assert "In force: public Default from code: public" in shown
    assert shown.count("to default") == 1


def test_a_lower_rate_limit_refuses_at_once(admin: Client) -> None:
    def call(number: int) -> Any:
        return execute_and_wait(PRICING, {"query": str(number)}, caller=SYSTEM_CALLER, source="cli")

    for number in range(3):
        assert call(number).error is None
    save(admin, rate_limit="3")
    assert isinstance(call(4).error, RateLimited)


def test_saving_is_on_record_with_before_and_after(admin: Client) -> None:
    save(admin, rate_limit="7", timeout="2.5")
    save(admin, rate_limit="9", timeout="2.5", reason="a busy day")
    event = AuditEvent.objects.filter(action="overrides").latest("id")
    assert event.object == PRICING
    assert event.before == {"rate_limit": 7, "timeout": 2.5}
    assert event.after == {"rate_limit": 9, "timeout": 2.5}
    assert (event.actor_name, event.reason) == ("ayu", "a busy day")


def test_saving_tells_the_other_processes(admin: Client) -> None:
    before = RegistryState.objects.values_list("policies", flat=True).first() or 0
    save(admin, rate_limit="7")
    assert RegistryState.objects.get().policies == before + 1


def test_saving_what_is_there_already_leaves_no_trace(admin: Client) -> None:
    save(admin, rate_limit="7")
    save(admin, rate_limit="7")
    assert AuditEvent.objects.filter(action="overrides").count() == 1


def test_reset_brings_back_the_code_and_leaves_the_others(admin: Client) -> None:
    save(admin, rate_limit="7", timeout="2")
    save(admin, rate_limit="7", timeout="3", reset="rate_limit")
    assert stored() == {"timeout": 2.0}
    assert snapshot().active[PRICING].metadata.rate_limit == 100


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rate_limit", "2001", "less than or equal to 2000"),
        ("rate_limit", "-1", "greater than or equal to 0"),
        ("rate_limit", "many", "valid integer"),
        ("timeout", "0", "greater than 0"),
        ("timeout", "inf", "finite number"),
        ("cache_ttl", "nan", "finite number"),
        ("visibility", "friends", "&#x27;public&#x27;, &#x27;authenticated&#x27; or"),
    ],
)
def test_a_wrong_value_is_an_error_at_its_field(
    admin: Client, field: str, value: str, message: str
) -> None:
    response = save(admin, **{"timeout": "4", field: value})
    assert response.status_code == 400
    page = response.content.decode()
    assert message in page.partition(f'id="{field}-error"')[2].partition("</p>")[0]
    assert stored() == {}


def test_a_save_over_somebody_elses_is_refused_and_loses_nothing(admin: Client) -> None:
    old = seen(admin)
    set_overrides(PRICING, {"rate_limit": 50}, CLI)
    response = admin.post(PAGE, {"seen": old, "rate_limit": "9", "timeout": "3"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else changed these settings" in page
    assert 'value="9"' in page
    assert "50 / min per caller" in page
    assert stored() == {"rate_limit": 50}
    again = re.search(r'name="seen" value="(\w+)"', page)
    assert again
    assert admin.post(PAGE, {"seen": again[1], "rate_limit": "9"}).status_code == 302


def test_without_saying_what_was_seen_nothing_is_saved(admin: Client) -> None:
    assert admin.post(PAGE, {"rate_limit": "9"}).status_code == 409
    assert stored() == {}


def test_settings_take_a_permission_of_their_own(login: Login) -> None:
    client = login()
    assert 'name="reset"' not in client.get(PAGE).content.decode()
    response = client.post(PAGE, {"seen": fingerprint({}), "rate_limit": "9"})
    assert response.status_code == 403
    assert b"plugins_app.change_installedplugin" in response.content
    assert stored() == {}


def test_an_operator_with_the_permission_may_save(login: Login) -> None:
    client = login("change_installedplugin")
    assert save(client, rate_limit="9").status_code == 302
    assert stored() == {"rate_limit": 9}


def test_the_plugins_page_leads_to_its_settings(admin: Client) -> None:
    assert PAGE in admin.get(f"/admin/plugins/{PRICING}/").content.decode()


def test_an_unknown_plugin_has_no_settings(admin: Client) -> None:
    assert admin.get("/admin/plugins/no.such/settings/").status_code == 404


def test_discovery_leaves_the_overrides_alone(engine: object) -> None:
    set_overrides(PRICING, {"rate_limit": 7}, CLI)
    sync.discover(CLI)
    assert stored() == {"rate_limit": 7}


def test_the_service_knows_the_plugin_by_its_alias(engine: object) -> None:
    set_overrides("get_pricing", {"rate_limit": 7}, CLI)
    assert stored() == {"rate_limit": 7}


def test_the_service_refuses_unknown_fields_and_stale_views(engine: object) -> None:
    with pytest.raises(InvalidOverrides) as invalid:
        set_overrides(PRICING, {"enabled": False}, CLI)
    assert list(invalid.value.fields) == ["enabled"]
    with pytest.raises(StaleOverrides):
        set_overrides(PRICING, {"timeout": 3}, CLI, seen="something else")
