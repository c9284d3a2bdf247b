"""POST /api/plugins/{name}/enable and /disable."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from plugins_app.models import AuditEvent, InstalledPlugin
from tests.api._call import Headers, is_problem, post, run

pytestmark = pytest.mark.usefixtures("lab")


@pytest.fixture
def admin(key: Any) -> Headers:
    return key("admin", name="ops")  # type: ignore[no-any-return]


def switch(client: Client, verb: str, headers: Headers, name: str = "lab.echo", **body: Any) -> Any:
    return post(client, f"/api/plugins/{name}/{verb}", body, headers)


def test_a_disabled_plugin_refuses_its_next_caller(client: Client, admin: Headers) -> None:
    assert run(client, "lab.echo", text="ha").status_code == 200
    assert switch(client, "disable", admin).status_code == 200

    assert is_problem(run(client, "lab.echo", text="ha"), 409, "plugin_disabled")


def test_an_enabled_plugin_serves_its_next_caller(client: Client, admin: Headers) -> None:
    switch(client, "disable", admin)
    switch(client, "enable", admin)

    assert run(client, "lab.echo", text="ha").status_code == 200


def test_the_answer_says_what_is_so_now_and_whether_it_changed(
    client: Client, admin: Headers
) -> None:
    assert switch(client, "disable", admin).json() == {
        "success": True,
        "message": "Plugin lab.echo is now disabled",
        "plugin": "lab.echo",
        "enabled": False,
        "changed": True,
    }


@pytest.mark.parametrize(("verb", "enabled"), [("enable", True), ("disable", False)])
def test_a_second_time_changes_nothing_and_is_not_audited(
    client: Client, admin: Headers, verb: str, enabled: bool
) -> None:
    switch(client, verb, admin)
    audited = AuditEvent.objects.count()
    body = switch(client, verb, admin).json()

    assert (body["success"], body["enabled"], body["changed"]) == (True, enabled, False)
    assert AuditEvent.objects.count() == audited


def test_a_switch_is_audited_with_its_reason(client: Client, admin: Headers) -> None:
    response = switch(client, "disable", admin, reason="it lies")

    event = AuditEvent.objects.get(action="disable")
    assert (event.object, event.reason, event.source) == ("lab.echo", "it lies", "rest")
    assert (event.before, event.after) == ({"enabled": True}, {"enabled": False})
    assert event.actor_name == "ops"
    assert event.request_id == response["X-Request-Id"]


def test_the_catalogue_shows_it_at_once(client: Client, admin: Headers) -> None:
    switch(client, "disable", admin)
    shown = client.get("/api/plugins/lab.echo").json()["plugin"]

    assert (shown["status"], shown["enabled"]) == ("disabled", False)
    assert InstalledPlugin.objects.get(name="lab.echo").enabled is False


@pytest.mark.parametrize("name", ["echo-it", "lab__echo", "lab.echo@1.0.0"])
def test_any_name_switches_the_plugin(client: Client, admin: Headers, name: str) -> None:
    assert switch(client, "disable", admin, name).json()["plugin"] == "lab.echo"


def test_the_other_version_is_switched_with_it(client: Client, admin: Headers) -> None:
    switch(client, "disable", admin, "lab.versioned")

    assert is_problem(run(client, "lab.versioned@1.0.0"), 409, "plugin_disabled")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"reason": 1}, "/reason"), ({"reason": "x" * 501}, "/reason"), ({"why": "x"}, "/why")],
)
def test_a_body_of_another_shape_changes_nothing(
    client: Client, admin: Headers, body: Any, pointer: str
) -> None:
    response = post(client, "/api/plugins/lab.echo/disable", body, admin)

    assert is_problem(response, 422, "invalid_input")
    assert response.json()["errors"][0]["pointer"] == pointer
    assert run(client, "lab.echo", text="ha").status_code == 200


@pytest.mark.parametrize("verb", ["enable", "disable"])
@pytest.mark.parametrize("scope", ["reload", "execute", "config"])
def test_no_other_scope_switches(client: Client, key: Any, verb: str, scope: str) -> None:
    assert is_problem(switch(client, verb, key(scope)), 403, "forbidden")


def test_a_key_switches_only_what_its_globs_name(client: Client, key: Any) -> None:
    response = switch(client, "disable", key("admin", plugins=["lab.f*"]))

    assert is_problem(response, 404, "plugin_not_found")
    assert run(client, "lab.echo", text="ha").status_code == 200
