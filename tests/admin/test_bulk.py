"""One thing done to many plugins: it asks first, does what can be done, and tells of the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.models import AuditEvent, InstalledPlugin, RegistryState, User
from plugins_app.runtime.engine import current_engine
from plugins_app.services import bulk, lifecycle, sync
from plugins_app.services.audit import CLI
from plugins_app.services.execute import execute_and_wait
from tests.admin._many import write_many
from tests.admin._plugin import write_plugin
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

BULK = "/admin/catalogue/bulk/"
MARKETPLACE = "/admin/plugins/"
TEAM = ("team.list_members", "team.search_member")
Login = Callable[..., Client]


def post(client: Client, action: str, *names: str, **more: str) -> str:
    """What the page says to which it leads."""
    answer = client.post(BULK, {"action": action, "names": " ".join(names), **more}, follow=True)
    assert answer.redirect_chain == [(more.get("next", MARKETPLACE), 302)]
    return text(answer)


def events(action: str) -> list[str]:
    return sorted(AuditEvent.objects.filter(action=action).values_list("object", flat=True))


def enabled() -> set[str]:
    return set(InstalledPlugin.objects.filter(enabled=True).values_list("name", flat=True))


def test_it_asks_with_names_callers_and_consequence(admin: Client) -> None:
    execute_and_wait(PRICING, {"query": "x"}, caller=SYSTEM_CALLER, source="cli")
    response = admin.get(BULK, {"action": "disable", "name": [PRICING, TEAM[0]]})
    shown = text(response)
    assert "Disable 2 plugins?" in shown
    assert "bali_zero.pricing" in shown
    assert "system called them 1 time in the last 24 h." in shown
    assert "their callers get 409" in shown
    assert not AuditEvent.objects.filter(action__contains="disable").exists()


def test_it_tells_which_plugins_need_those(family: Path, admin: Client) -> None:
    file = write_plugin(family)
    file.write_text(
        file.read_text().replace(
            "metadata = PluginMetadata(",
            f"""metadata = PluginMetadata(
        dependencies=("{PRICING}>=1.0.0",),""",
        )
    )
    sync.discover(CLI)
    shown = text(admin.get(BULK, {"action": "disable", "name": PRICING}))
    assert "Needed by pages.echo" in shown


def test_many_are_switched_with_an_event_each_and_one_for_all(admin: Client) -> None:
    sync.discover(CLI)
    lifecycle.disable([TEAM[0]], CLI)
    shown = post(admin, "disable", PRICING, *TEAM, reason="a test")
    assert "2 disabled, 1 already disabled." in shown
    assert enabled() == set()
    assert events("disable") == sorted([PRICING, *TEAM])
    (whole,) = AuditEvent.objects.filter(action="bulk.disable")
    assert whole.after == {"done": [PRICING, TEAM[1]], "unchanged": [TEAM[0]], "failed": {}}
    assert (whole.reason, whole.actor_name, whole.source) == ("a test", "ayu", "admin")
    assert "3 enabled." in post(admin, "enable", PRICING, *TEAM)
    assert len(enabled()) == 3


def test_what_vanished_meanwhile_fails_alone(admin: Client) -> None:
    shown = post(admin, "disable", PRICING, "no.such")
    assert "1 disabled, 1 failed." in shown
    assert "There is no such plugin any more." in shown
    assert events("disable") == [PRICING]


def test_what_failed_is_told_and_stays_selected(family: Path, admin: Client) -> None:
    file = write_plugin(family)
    sync.discover(CLI)
    file.write_text("class Broken(\n")
    shown = post(admin, "reload", PRICING, "pages.echo")
    assert "1 reloaded, 1 failed." in shown
    assert "SyntaxError" in shown
    assert "family/echo_plugin.py:1" in shown
    assert "Version 1.0.0 is still serving." in shown
    assert events("reload") == [PRICING]
    assert events("reload.rejected") == ["pages.echo"]
    again = admin.get(MARKETPLACE)
    assert "1 failed" not in text(again)


def test_the_boxes_of_what_failed_are_ticked(family: Path, admin: Client) -> None:
    write_plugin(family).write_text("class Broken(\n")
    sync.discover(CLI)
    name = f"{family.parent.name}.family.echo_plugin"
    answer = admin.post(BULK, {"action": "reload", "names": f"{PRICING} {name}"}, follow=True)
    ticked = re.findall(r'value="([^"]+)"[^>]*?form="bulk"[^>]*?\schecked', answer.content.decode())
    assert ticked == [name]


def test_a_reload_imports_each_family_once_and_tells_the_other_processes(
    family: Path, admin: Client
) -> None:
    write_many(family, 3)
    sync.discover(CLI)
    file = family / "many_plugins.py"
    file.write_text(
        file.read_text()
        + "\nimport builtins\nbuiltins.imported = getattr(builtins, 'imported', 0) + 1\n"
    )
    names = ["many.p0000", "many.p0001", "many.p0002", *TEAM]
    import builtins

    assert "5 reloaded." in post(admin, "reload", *names)
    assert vars(builtins).pop("imported") == 1
    state = RegistryState.objects.get()
    newest = {name for name, at in state.reloads.items() if at == state.plugins}
    assert len(newest & {"many.p0000", "many.p0001", "many.p0002"}) == 1
    assert len(newest & set(TEAM)) == 1
    assert all(current_engine().reloaded[name] == state.plugins for name in newest)
    assert events("reload") == sorted(names)


def test_code_that_never_loaded_is_tried_again(family: Path, admin: Client) -> None:
    file = family / "echo_plugin.py"
    file.write_text("import no_such_module_at_all\n")
    sync.discover(CLI)
    module = f"{family.parent.name}.family.echo_plugin"
    assert "0 reloaded, 1 failed." in post(admin, "reload", module)
    assert "there is nothing to switch" in post(admin, "enable", module)
    write_plugin(family)
    assert "1 reloaded." in post(admin, "reload", module)
    assert events("reload") == ["pages.echo"]


def test_a_plugin_that_left_its_module_is_told(family: Path, admin: Client) -> None:
    file = write_plugin(family)
    sync.discover(CLI)
    file.write_text("")
    assert "does not define it any more" in post(admin, "reload", "pages.echo")


def test_all_that_the_filters_let_through_can_be_chosen(family: Path, admin: Client) -> None:
    write_many(family, 40)
    sync.discover(CLI)
    shown = text(admin.get(f"{BULK}?action=disable&all=1&category=tax&q=many"))
    assert "Disable 10 plugins?" in shown
    assert "many.p0004" in shown
    assert "many.p0001" not in shown


@pytest.mark.parametrize("action", ["", "explode", "disable"])
def test_nothing_chosen_changes_nothing_and_says_so(admin: Client, action: str) -> None:
    for send in (admin.get, admin.post):
        response = send(BULK, {"action": action}, follow=True)
        assert "Select plugins first" in text(response)
    assert not AuditEvent.objects.filter(action__startswith="bulk").exists()


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [("enable_plugin", ["enable", "disable"]), ("reload_plugin", ["reload"]), ("view_metrics", [])],
)
def test_each_action_takes_its_own_permission(
    login: Login, permission: str, allowed: list[str]
) -> None:
    client = login(permission)
    for action in ("enable", "disable", "reload"):
        expected = (200, 302) if action in allowed else (403, 403)
        fields = {"action": action, "names": PRICING}
        assert (
            client.get(BULK, fields).status_code,
            client.post(BULK, fields).status_code,
        ) == expected
    assert bool(AuditEvent.objects.exists()) is bool(allowed)


def test_without_the_permission_callers_stay_hidden(login: Login) -> None:
    execute_and_wait(PRICING, {"query": "x"}, caller=SYSTEM_CALLER, source="cli")
    shown = text(login("enable_plugin").get(BULK, {"action": "disable", "name": PRICING}))
    assert "plugins_app.view_metrics" in shown
    assert "system" not in shown


def test_a_form_of_somebody_else_is_refused(login: Login) -> None:
    login(is_superuser=True)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    assert strict.post(BULK, {"action": "disable", "names": PRICING}).status_code == 403
    assert strict.post("/admin/catalogue/discover/").status_code == 403


def test_it_never_leads_away(admin: Client) -> None:
    fields = {"action": "disable", "names": PRICING, "next": "https://evil.example/"}
    assert admin.post(BULK, fields)["Location"] == MARKETPLACE
    assert 'href="https://evil' not in admin.get(BULK, fields).content.decode()


def test_the_export_holds_what_is_selected(admin: Client) -> None:
    response = admin.get("/admin/catalogue/export.json", {"name": [PRICING, "no.such"]})
    assert response["Content-Disposition"] == 'attachment; filename="plugins.json"'
    (plugin,) = json.loads(response.content)["plugins"]
    assert plugin["name"] == PRICING
    assert plugin["metadata"]["legacy_handler_key"] == "get_pricing"
    assert "metrics_24h" in plugin


def test_the_export_has_no_figures_for_those_who_may_not_see_them(login: Login) -> None:
    response = login().get("/admin/catalogue/export.json", {"names": PRICING})
    (plugin,) = json.loads(response.content)["plugins"]
    assert "metrics_24h" not in plugin


def test_discovery_tells_what_it_found(family: Path, admin: Client) -> None:
    sync.discover(CLI)
    write_plugin(family)
    (family / "broken.py").write_text("import no_such_module_at_all\n")
    response = admin.post(
        "/admin/catalogue/discover/", {"next": "/admin/plugins/?view=table"}, follow=True
    )
    assert response.redirect_chain == [("/admin/plugins/?view=table", 302)]
    shown = text(response)
    assert "1 new, 3 plugins as before, 1 failed." in shown
    assert "New: 1 pages.echo" in shown
    assert "ModuleNotFoundError" in shown
    again = admin.post("/admin/catalogue/discover/", follow=True)
    assert "Nothing new, 4 plugins as before" in text(again)


def test_the_page_hears_how_far_it_is_and_what_came_of_it(family: Path, admin: Client) -> None:
    write_many(family, 2)
    sync.discover(CLI)
    lines = async_to_sync(_stream)(admin, "reload", [PRICING, "many.p0000"])
    assert {k: v for k, v in lines[-2].items() if k != "module"} == {"done": 2, "total": 2}
    assert lines[-1] == {"next": MARKETPLACE}
    assert "2 reloaded." in text(admin.get(MARKETPLACE))


def test_the_page_hears_that_the_work_failed(admin: Client) -> None:
    with patch.object(bulk, "reload", side_effect=RuntimeError("secret")):
        lines = async_to_sync(_stream)(admin, "reload", [PRICING])
    assert lines == [{"error": "The server could not finish this; its log says why."}]


async def _stream(admin: Client, action: str, names: list[str]) -> list[dict[str, Any]]:
    client = AsyncClient()
    client.cookies = admin.cookies
    fields = {"action": action, "names": " ".join(names)}
    response: Any = await client.post(BULK, fields, headers={"accept": "application/x-ndjson"})
    body = b"".join([part async for part in response.streaming_content])
    return [json.loads(line) for line in body.splitlines()]


def test_a_viewer_sees_which_permission_the_buttons_need(login: Login) -> None:
    body = login().get(MARKETPLACE).content.decode()
    assert re.search(r'aria-describedby="why-no-reload">\s*<svg.*?</svg>Discover', body, re.DOTALL)
    assert "catalogue/discover" not in body
    assert body.count('id="why-no-reload"') == 1


def test_the_service_counts_a_name_once(engine: Any) -> None:
    outcome = bulk.switch([PRICING, "get_pricing", PRICING], CLI, enabled=False)
    assert outcome.done == (PRICING,)
    assert bulk.switch([PRICING, "get_pricing"], CLI, enabled=False).unchanged == (PRICING,)
