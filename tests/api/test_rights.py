"""What keys and people may beyond the matrix of tests/rights."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from plugins_app.models import ApiKey, ExecutionLog, InstalledPlugin, User
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.audit import CLI
from plugins_app.services.installed import write_down
from plugins_app.services.keys import revoke_key
from tests.api._call import Headers, is_problem, names, post, run

pytestmark = pytest.mark.usefixtures("lab")


# --- API keys -------------------------------------------------------------------------------------


def test_a_key_with_admin_may_do_everything(client: Client, key: Any) -> None:
    admin = key("admin")

    assert run(client, "lab.admin", admin).status_code == 200
    assert post(client, "/api/plugins/lab.echo/reload", headers=admin).status_code == 200


def test_an_administrators_plugin_is_403_for_other_keys(client: Client, key: Any) -> None:
    mine = key("execute", "list")

    assert is_problem(run(client, "lab.admin", mine), 403, "forbidden")
    tools = client.get("/api/plugins/tools/anthropic", headers=mine).json()
    assert "lab__admin" not in tools["name_map"]


def test_lists_of_a_key_with_globs_hold_nothing_else(client: Client, key: Any) -> None:
    mine = key("list", "metrics", plugins=["lab.ech*"])

    assert names(client.get("/api/plugins/list", headers=mine)) == ["lab.echo"]
    counts = client.get("/api/plugins/statistics", headers=mine).json()["statistics"]
    assert counts["total_plugins"] == counts["aliases"] == 1


def _expired(made: Headers) -> Headers:
    ApiKey.objects.update(expires=timezone.now() - timedelta(seconds=1))
    return made


def _revoked(made: Headers) -> Headers:
    revoke_key(CLI, ApiKey.objects.get())
    return made


def _owner_left(made: Headers) -> Headers:
    ApiKey.objects.update(owner=User.objects.create_user("gone", is_active=False))
    return made


def _wrong_secret(made: Headers) -> Headers:
    header = made["Authorization"]
    return {"Authorization": header[:-1] + ("a" if header[-1] != "a" else "b")}


def _without_bearer(made: Headers) -> Headers:
    return {"Authorization": made["Authorization"].removeprefix("Bearer ")}


@pytest.mark.parametrize(
    "spoil",
    [
        _expired,
        _revoked,
        _owner_left,
        _wrong_secret,
        _without_bearer,
        lambda made: {"Authorization": "Bearer zan_" + "x" * 40},
        lambda made: {"Authorization": "Bearer "},
        lambda made: {"Authorization": "Bearer \u00e9\u00e8"},
        lambda made: {"Authorization": "Basic YTpi"},
    ],
)
@pytest.mark.parametrize("path", ["/api/plugins/list", "/api/plugins/health", "/metrics"])
def test_a_key_that_proves_nothing_is_401_even_where_nobody_needs_one(
    client: Client, key: Any, spoil: Any, path: str
) -> None:
    response = client.get(path, headers=spoil(key("list", "metrics")))

    assert is_problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_an_unknown_prefix_costs_the_same_comparison(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    monkeypatch.setattr("hmac.compare_digest", lambda a, b: compared.append((a, b)) or False)
    client.get("/api/plugins/list", headers={"Authorization": "Bearer zan_" + "x" * 40})

    assert [len(text) for text in compared[-1]] == [64, 64]


def test_the_model_of_a_key_wins_over_the_header(client: Client, key: Any) -> None:
    haiku = key("execute", model="haiku") | {"X-Zantara-Model": "opus"}

    assert is_problem(run(client, "lab.opus", haiku), 403, "model_not_allowed")


# --- people ---------------------------------------------------------------------------------------


def test_a_login_without_permissions_may_what_anonymous_may_and_what_needs_a_login(
    login: Any,
) -> None:
    client = login()

    assert run(client, "lab.private").status_code == 200
    assert is_problem(run(client, "lab.admin"), 403, "forbidden")
    assert client.get("/api/plugins/lab.echo/metrics").status_code == 200
    assert is_problem(client.get("/metrics"), 403, "forbidden")
    assert is_problem(post(client, "/api/plugins/lab.echo/reload"), 403, "forbidden")


@pytest.mark.parametrize(
    ("is_staff", "permissions", "status"),
    [(True, ["reload_plugin"], 200), (False, ["reload_plugin"], 403), (True, [], 403)],
)
def test_reloading_takes_staff_with_the_permission(
    login: Any, is_staff: bool, permissions: list[str], status: int
) -> None:
    client = login(*permissions, is_staff=is_staff)

    assert post(client, "/api/plugins/lab.echo/reload").status_code == status


def test_a_superuser_may_do_everything(login: Any) -> None:
    client = login(is_superuser=True)

    assert run(client, "lab.admin").status_code == 200
    assert post(client, "/api/plugins/lab.echo/reload").status_code == 200
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize(("is_staff", "status"), [(True, 200), (False, 404)])
def test_a_plugin_for_staff_does_not_exist_for_others(
    login: Any, lab: Any, is_staff: bool, status: int
) -> None:
    write_down([lab.registry.get("lab.echo")], ())
    InstalledPlugin.objects.update(overrides={"visibility": "staff"})
    engine_loop.run(lab.take_policies())

    assert login(is_staff=is_staff).get("/api/plugins/lab.echo").status_code == status


def test_an_inactive_user_is_nobody(login: Any) -> None:
    client = login(is_superuser=True)
    User.objects.update(is_active=False)

    assert is_problem(post(client, "/api/plugins/lab.echo/reload"), 401, "unauthenticated")


# --- identity -------------------------------------------------------------------------------------


def test_the_log_names_the_key_that_called(client: Client, key: Any) -> None:
    run(client, "lab.echo", key("execute", name="web"), text="ha")

    row = ExecutionLog.objects.get()
    assert row.caller_name == "web"
    assert row.caller == f"key:{ApiKey.objects.get().prefix}"
    assert json.loads(row.input) == {"text": "ha"}
