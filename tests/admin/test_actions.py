"""Enable, disable and reload by the pages: who may, what happens, what is written down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from plugins_app.core.state import BreakerState, BreakerStatus
from plugins_app.models import AuditEvent, InstalledPlugin, User
from plugins_app.runtime.engine import current_engine, forget_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services import breakers, lifecycle, sync
from plugins_app.services.audit import CLI
from plugins_app.services.registry import snapshot
from tests.admin._plugin import write_plugin
from tests.admin.conftest import PRICING

Login = Callable[..., Client]
ACTIONS = ["enable", "disable", "reload", "reset-breaker"]


def path(action: str, name: str = PRICING) -> str:
    return f"/admin/plugins/{name}/{action}/"


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def enabled(name: str = PRICING) -> bool:
    return InstalledPlugin.objects.get(name=name).enabled


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_acts_without_a_login(db: None, client: Client, action: str) -> None:
    response = client.post(path(action))
    assert response["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_viewer_may_not_act(login: Login, action: str) -> None:
    response = login("view_metrics").post(path(action))
    assert response.status_code == 403
    assert b"plugins_app." in response.content
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [("enable_plugin", ["enable", "disable", "reset-breaker"]), ("reload_plugin", ["reload"])],
)
def test_each_action_takes_its_own_permission(
    login: Login, permission: str, allowed: list[str]
) -> None:
    client = login(permission)
    answers = {action: client.post(path(action)).status_code for action in ACTIONS}
    assert [action for action, status in answers.items() if status == 302] == allowed


@pytest.mark.parametrize("action", ACTIONS)
def test_looking_changes_nothing(admin: Client, action: str) -> None:
    assert admin.get(path(action)).status_code == 405


@pytest.mark.parametrize("action", ACTIONS)
def test_a_form_of_somebody_else_is_refused(login: Login, action: str) -> None:
    login(is_superuser=True)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    assert strict.post(path(action)).status_code == 403
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_an_unknown_plugin_is_404(admin: Client, action: str) -> None:
    assert admin.post(path(action, "no.such")).status_code == 404


def test_disabling_is_written_down_with_actor_reason_and_request(admin: Client) -> None:
    response = admin.post(
        path("disable"), {"reason": "  wrong prices "}, headers={"X-Request-Id": "req-1"}
    )
    assert said(response) == (f"{PRICING} is disabled. Callers get 409 until it is enabled again.")
    event = AuditEvent.objects.get(action="disable")
    assert (event.object, event.actor_name, event.source) == (PRICING, "ayu", "admin")
    assert (event.reason, event.request_id) == ("wrong prices", "req-1")
    assert event.address == "127.0.0.1"


def test_a_disabled_plugin_answers_409_until_it_is_enabled(admin: Client) -> None:
    execute = f"/api/plugins/{PRICING}/execute"
    send = {"data": "{}", "content_type": "application/json"}
    admin.post(path("disable"))
    assert Client().post(execute, **send).status_code == 409
    assert said(admin.post(path("enable"))).endswith(f"{PRICING} is enabled.")
    assert Client().post(execute, **send).status_code == 200


def test_doing_it_twice_says_so_and_is_written_down_once(admin: Client) -> None:
    admin.post(path("disable"))
    assert f"{PRICING} was already disabled." in said(admin.post(path("disable")))
    assert AuditEvent.objects.filter(action="disable").count() == 1


def test_an_action_leads_back_to_where_it_was_asked_for(admin: Client) -> None:
    back = "/admin/plugins/?q=pric"
    assert admin.post(path("disable"), {"next": back})["Location"] == back


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_an_action_never_leads_away(admin: Client, away: str) -> None:
    response = admin.post(path("disable"), {"next": away})
    assert response["Location"] == f"/admin/plugins/{PRICING}/"


def test_reload_brings_the_new_version(family: Path, admin: Client) -> None:
    write_plugin(family)
    sync.discover(CLI)
    write_plugin(family, version="1.1.0")
    response = admin.post(path("reload", "pages.echo"))
    assert "1.0.0 → 1.1.0" in said(response)
    assert AuditEvent.objects.filter(action="reload", object="pages.echo").exists()


def test_a_refused_reload_names_the_place_and_what_still_serves(
    family: Path, admin: Client
) -> None:
    file = write_plugin(family)
    sync.discover(CLI)
    file.write_text("class Broken(\n")
    answer = said(admin.post(path("reload", "pages.echo")))
    assert answer.startswith("Reload failed. SyntaxError")
    assert "echo_plugin.py:1" in answer
    assert answer.endswith("Version 1.0.0 is still serving.")
    assert AuditEvent.objects.filter(action="reload.rejected").exists()


def test_retry_loads_what_was_broken_and_leads_to_it(family: Path, admin: Client) -> None:
    file = family / "echo_plugin.py"
    file.write_text("import no_such_module_at_all\n")
    sync.discover(CLI)
    module = f"{family.parent.name}.family.echo_plugin"
    still = said(admin.post(path("reload", module)))
    assert still.startswith("It still does not load. ModuleNotFoundError")
    write_plugin(family)
    response = admin.post(path("reload", module))
    assert said(response).endswith("pages.echo is loaded.")
    assert response["Location"] == "/admin/plugins/pages.echo/"


def test_what_is_not_loaded_any_more_can_still_be_disabled(family: Path, admin: Client) -> None:
    file = write_plugin(family)
    sync.discover(CLI)
    file.write_text("import no_such_module_at_all\n")
    engine_loop.run(current_engine().close())
    forget_engine()
    assert b"Load error" in admin.get("/admin/plugins/pages.echo/").content
    admin.post(path("disable", "pages.echo"))
    assert not enabled("pages.echo")


def test_the_dialog_names_the_calls_of_the_last_day(admin: Client) -> None:
    lifecycle.enable([PRICING], CLI)
    Client().post(f"/api/plugins/{PRICING}/execute", "{}", content_type="application/json")
    body = admin.get("/admin/plugins/").content.decode()
    assert "It answered 1 call in the last 24 h." in body
    assert "Nobody called it in the last 24 h." in body


def test_a_breaker_that_is_open_can_be_reset_and_that_is_on_record(admin: Client) -> None:
    plugin = snapshot().active[PRICING]
    assert "reset-breaker" not in admin.get(f"/admin/plugins/{PRICING}/").content.decode()
    breakers.force(plugin, BreakerState.OPEN, CLI)
    assert path("reset-breaker") in admin.get(f"/admin/plugins/{PRICING}/").content.decode()

    response = admin.post(path("reset-breaker"))

    assert "calls go through" in said(response)
    assert breakers.status_of(plugin) == BreakerStatus(BreakerState.CLOSED)
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.object, event.actor_name) == ("breaker.reset", PRICING, "ayu")
