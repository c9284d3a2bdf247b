"""Limits that operators set over a plugin's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from plugins_app.admin import plugin_settings
from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.core.errors import RateLimited
from plugins_app.models import AuditEvent, ExecutionLog, InstalledPlugin, RegistryState
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

PAGE = f"/admin/plugins/{PRICING}/config/"
Login = Callable[..., Client]


def seen(client: Client) -> str:
    match = re.search(r'name="seen" value="(\w+)"', client.get(PAGE).content.decode())
    assert match
    return match[1]


def save(client: Client, **fields: Any) -> Any:
    return client.post(PAGE, {"seen": seen(client), **fields})


def hidden(response: Any, name: str) -> str:
    """The value of the input of this name."""
    match = re.search(rf'name="{name}"\s+value="([^"]*)"', response.content.decode())
    assert match
    return match[1]


def control(client: Client, name: str) -> str:
    """The setting's part of the page, up to its help."""
    page = client.get(PAGE).content.decode()
    return page.partition(f'id="{name}"')[2].partition(f'id="{name}-help"')[0]


def stored() -> dict[str, Any]:
    row = InstalledPlugin.objects.filter(pk=PRICING).first()
    return row.overrides if row else {}


def test_every_field_shows_its_default_and_what_is_in_force(admin: Client) -> None:
    set_overrides(PRICING, {"rate_limit": 7}, CLI)
    shown = text(admin.get(PAGE))
    assert "In force: 7 / min per caller Default from code: 100 / min per caller" in shown
    assert "In force: 5 min Default from code: 5 min" in shown
    everybody = "Everybody, as far as the plugin allows"
    assert f"In force: {everybody} Default from code: {everybody}" in shown
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
    save(admin, rate_limit="7", timeout="3", reset="rate_limit", step="save")
    assert stored() == {"timeout": 2.0}
    assert snapshot().active[PRICING].metadata.rate_limit == 100


def test_a_review_shows_what_would_change_and_saves_nothing(admin: Client) -> None:
    set_overrides(PRICING, {"timeout": 9}, CLI)
    page = text(save(admin, rate_limit="7", timeout="9", step="review"))
    assert "1 change to save" in page
    assert "Rate limit 100 / min per caller (from code) 7 / min per caller" in page
    assert "Nobody called it in the last 24 h" in page
    assert stored() == {"timeout": 9.0}


def test_what_was_reviewed_is_saved_with_its_reason(admin: Client) -> None:
    review = save(admin, rate_limit="7", allowed_models=["opus", "haiku"], step="review")
    form = dict.fromkeys(plugin_settings.FIELDS, "") | {
        "seen": fingerprint({}),
        "rate_limit": hidden(review, "rate_limit"),
        "allowed_models": ["opus", "haiku"],
        "reason": "too many",
        "step": "save",
    }
    assert admin.post(PAGE, form).status_code == 302
    assert stored() == {"rate_limit": 7, "allowed_models": ["opus", "haiku"]}
    assert AuditEvent.objects.latest("id").reason == "too many"


def test_from_the_review_one_can_go_on_editing(admin: Client) -> None:
    response = save(admin, rate_limit="7", step="edit")
    assert 'id="rate_limit"' in response.content.decode()
    assert hidden(response, "rate_limit") == "7"
    assert stored() == {}


def test_a_review_of_no_change_says_so(admin: Client) -> None:
    assert "Nothing to save" in text(save(admin, step="review"))


def test_a_review_of_a_wrong_value_is_an_error_at_its_field(admin: Client) -> None:
    response = save(admin, rate_limit="many", step="review")
    assert response.status_code == 400
    assert 'id="rate_limit-error"' in response.content.decode()


def test_a_reset_is_reviewed_first(admin: Client) -> None:
    set_overrides(PRICING, {"rate_limit": 7}, CLI)
    page = text(save(admin, rate_limit="7", reset="rate_limit"))
    assert "7 / min per caller 100 / min per caller (from code)" in page
    assert stored() == {"rate_limit": 7}


def test_every_setting_can_be_set_and_is_in_force(admin: Client) -> None:
    values = {
        "rate_limit": "50",
        "max_concurrency": "3",
        "timeout": "2.5",
        "max_attempts": "2",
        "cache_ttl": "0",
        "cache_scope": "caller",
        "allowed_models": ["haiku"],
        "visibility": "staff",
        "payloads": "off",
    }
    assert set(values) == set(plugin_settings.FIELDS)
    save(admin, **values)
    plugin = snapshot().active[PRICING]
    now = plugin.metadata
    assert (now.rate_limit, now.max_concurrency, now.timeout) == (50, 3, 2.5)
    assert (now.max_attempts, now.cache_ttl, now.cache_scope) == (2, None, "caller")
    assert (now.allowed_models, plugin.visibility) == (("haiku",), "staff")
    assert not plugin.keeps_payloads
    for name, value in values.items():
        assert f'value="{value[0] if isinstance(value, list) else value}"' in control(admin, name)


def test_payloads_that_are_not_to_be_kept_are_not(admin: Client) -> None:
    def logged() -> ExecutionLog:
        done = execute_and_wait(PRICING, {"query": "kitas"}, caller=SYSTEM_CALLER, source="cli")
        return ExecutionLog.objects.get(pk=done.id)

    assert "kitas" in logged().input
    save(admin, payloads="off")
    row = logged()
    assert (row.input, row.output, row.status) == ("", "", "succeeded")


def test_only_families_of_models_that_exist_can_be_chosen(admin: Client) -> None:
    response = save(admin, allowed_models=["haiku", "gpt"])
    assert response.status_code == 400
    assert stored() == {}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("max_attempts", "11", "less than or equal to 10"),
        ("max_concurrency", "-1", "greater than or equal to 0"),
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
    assert admin.get("/admin/plugins/no.such/config/").status_code == 404


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
