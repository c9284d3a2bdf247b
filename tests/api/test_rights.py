"""Who may do what, and who may know of what."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from plugins_app.models import ApiKey, ExecutionLog, InstalledPlugin, User
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.access import revoke_key
from plugins_app.services.audit import CLI
from plugins_app.services.installed import write_down
from tests.api._call import Headers, is_problem, names, post, run

ALL = ["list", "statistics", "metrics/all", "tools/anthropic", "health", "search"]
SCOPE_OF = {
    "/api/plugins/list": "list",
    "/api/plugins/search": "list",
    "/api/plugins/statistics": "list",
    "/api/plugins/tools/anthropic": "list",
    "/api/plugins/lab.echo": "list",
    "/api/plugins/metrics/all": "metrics",
    "/api/plugins/lab.echo/metrics": "metrics",
    "/metrics": "metrics",
}
pytestmark = pytest.mark.usefixtures("lab")


def everything_shown_to(client: Client, headers: Headers | None = None) -> str:
    """All texts in which a plugin's name could appear."""
    paths = [f"/api/plugins/{path}" for path in ALL]
    queries = [
        "/api/plugins/search?q=private",
        "/api/plugins/lab.privat",
        "/api/plugins/list?q=lab",
    ]
    return " ".join(client.get(p, headers=headers or {}).content.decode() for p in paths + queries)


# --- anonymous ------------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", ["lab.private", "lab.admin"])
@pytest.mark.parametrize("suffix", ["", "/metrics", "/execute"])
def test_what_needs_a_login_does_not_exist_for_anonymous(
    client: Client, hidden: str, suffix: str
) -> None:
    path = f"/api/plugins/{hidden}{suffix}"
    response = post(client, path) if suffix == "/execute" else client.get(path)

    assert is_problem(response, 404, "plugin_not_found")
    assert hidden not in response.json()["suggestions"]


def test_anonymous_callers_find_no_trace_of_what_they_may_not_call(client: Client) -> None:
    shown = everything_shown_to(client)

    assert "lab.echo" in shown
    assert "lab.private" not in shown.replace("'lab.privat'", "")
    assert "lab.admin" not in shown


def test_anonymous_callers_may_not_reload(client: Client) -> None:
    assert is_problem(post(client, "/api/plugins/lab.echo/reload"), 401, "unauthenticated")


@pytest.mark.parametrize("path", SCOPE_OF)
def test_the_anonymous_api_can_be_switched_off(client: Client, settings: Any, path: str) -> None:
    settings.ZANTARA_ANONYMOUS_API = False
    response = client.get(path)

    assert is_problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="zantara"'


def test_without_the_anonymous_api_nothing_is_executed(client: Client, settings: Any) -> None:
    settings.ZANTARA_ANONYMOUS_API = False

    assert is_problem(run(client, "lab.echo", text="ha"), 401, "unauthenticated")


def test_without_the_anonymous_api_health_still_answers(client: Client, settings: Any) -> None:
    settings.ZANTARA_ANONYMOUS_API = False

    assert client.get("/api/plugins/health").status_code == 200


# --- API keys -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "scope"), SCOPE_OF.items())
def test_a_key_needs_the_scope_of_the_endpoint(
    client: Client, key: Any, path: str, scope: str
) -> None:
    assert client.get(path, headers=key(scope)).status_code == 200
    assert is_problem(client.get(path, headers=key("logs", name="other")), 403, "forbidden")


def test_a_key_executes_only_with_the_scope(client: Client, key: Any) -> None:
    assert run(client, "lab.private", key("execute")).status_code == 200
    response = run(client, "lab.private", key("list", name="other"))

    assert is_problem(response, 403, "forbidden")


def test_a_key_reloads_only_with_the_scope(client: Client, key: Any) -> None:
    path = "/api/plugins/lab.echo/reload"

    assert post(client, path, headers=key("reload")).status_code == 200
    assert is_problem(post(client, path, headers=key("list", name="o")), 403, "forbidden")


def test_a_key_with_admin_may_do_everything(client: Client, key: Any) -> None:
    admin = key("admin")

    assert run(client, "lab.admin", admin).status_code == 200
    assert post(client, "/api/plugins/lab.echo/reload", headers=admin).status_code == 200


def test_an_administrators_plugin_is_403_for_other_keys(client: Client, key: Any) -> None:
    mine = key("execute", "list")

    assert is_problem(run(client, "lab.admin", mine), 403, "forbidden")
    tools = client.get("/api/plugins/tools/anthropic", headers=mine).json()
    assert "lab__admin" not in tools["name_map"]


@pytest.mark.parametrize("suffix", ["", "/metrics", "/execute", "/reload"])
def test_a_plugin_outside_the_globs_of_a_key_does_not_exist(
    client: Client, key: Any, suffix: str
) -> None:
    mine = key("list", "execute", "metrics", "reload", plugins=["lab.e*"])
    path = f"/api/plugins/lab.safe{suffix}"
    response = (
        post(client, path, headers=mine)
        if suffix in ("/execute", "/reload")
        else client.get(path, headers=mine)
    )

    assert is_problem(response, 404, "plugin_not_found")
    assert set(response.json()["suggestions"]) <= {"lab.echo"}


def test_lists_of_a_key_with_globs_hold_nothing_else(client: Client, key: Any) -> None:
    mine = key("list", "metrics", plugins=["lab.e*"])

    assert names(client.get("/api/plugins/list", headers=mine)) == ["lab.echo"]
    counts = client.get("/api/plugins/statistics", headers=mine).json()["statistics"]
    assert counts["total_plugins"] == counts["aliases"] == 1
    assert "lab.private" not in everything_shown_to(client, mine).replace("'lab.privat'", "")


def test_prometheus_shows_a_key_with_globs_nothing_else(client: Client, key: Any) -> None:
    run(client, "lab.echo", text="ha")
    run(client, "lab.safe", pin=1)
    text = client.get("/metrics", headers=key("metrics", plugins=["lab.e*"])).content.decode()

    assert 'plugin="lab.echo"' in text
    assert "lab.safe" not in text


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
    ("permission", "path"),
    [
        ("view_installedplugin", "/api/plugins/list"),
        ("view_metrics", "/api/plugins/metrics/all"),
        ("view_metrics", "/metrics"),
    ],
)
def test_without_the_anonymous_api_people_need_permissions(
    login: Any, settings: Any, permission: str, path: str
) -> None:
    settings.ZANTARA_ANONYMOUS_API = False
    client = login(permission)

    assert client.get(path).status_code == 200
    assert is_problem(run(client, "lab.echo", text="ha"), 403, "forbidden")


@pytest.mark.parametrize(
    ("is_staff", "permissions", "status"),
    [(True, ["reload_plugin"], 200), (False, ["reload_plugin"], 403), (True, [], 403)],
)
def test_reloading_takes_staff_with_the_permission(
    login: Any, is_staff: bool, permissions: list[str], status: int
) -> None:
    client = login(*permissions, is_staff=is_staff)

    assert post(client, "/api/plugins/lab.echo/reload").status_code == status


def test_the_permission_to_enable_is_not_the_one_to_reload(login: Any) -> None:
    client = login("enable_plugin", is_staff=True)

    assert is_problem(post(client, "/api/plugins/lab.echo/reload"), 403, "forbidden")


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


def test_a_session_posts_only_with_its_csrf_token(login: Any) -> None:
    client = login()
    client.handler.enforce_csrf_checks = True
    assert is_problem(run(client, "lab.echo", text="ha"), 403, "forbidden")

    client.cookies["csrftoken"] = "a" * 32
    assert run(client, "lab.echo", {"X-CSRFToken": "a" * 32}, text="ha").status_code == 200


def test_a_key_posts_without_a_csrf_token(key: Any) -> None:
    client = Client(enforce_csrf_checks=True)

    assert run(client, "lab.echo", key("execute"), text="ha").status_code == 200


# --- identity -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claim", ["X-User-Id", "X-Admin-Key", "X-API-Key", "X-Forwarded-User", "Remote-User"]
)
def test_headers_that_claim_an_identity_mean_nothing(client: Client, claim: str) -> None:
    response = run(client, "lab.echo", {claim: "admin"}, text="ha")

    assert response.json()["metadata"]["caller"] == "anonymous:127.0.0.1"


def test_a_body_that_claims_an_identity_is_refused(client: Client) -> None:
    body = {"input_data": {"text": "ha"}, "caller": {"is_admin": True}}

    assert is_problem(post(client, "/api/plugins/lab.echo/execute", body), 422, "invalid_input")


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ([], "203.0.113.9", "127.0.0.1"),
        (["10.0.0.0/8"], "203.0.113.9", "127.0.0.1"),
        (["127.0.0.1"], "203.0.113.9", "203.0.113.9"),
        (["127.0.0.0/8"], "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (["127.0.0.1", "10.0.0.0/8"], "1.1.1.1, 203.0.113.9, 10.1.1.1", "203.0.113.9"),
        (["127.0.0.1"], "nonsense", "127.0.0.1"),
        (["127.0.0.1"], "", "127.0.0.1"),
        (["127.0.0.1/8"], "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_trusted_proxies_say_whom_they_speak_for(
    client: Client, settings: Any, trusted: list[str], forwarded: str, address: str
) -> None:
    settings.ZANTARA_TRUSTED_PROXIES = trusted
    response = run(client, "lab.echo", {"X-Forwarded-For": forwarded}, text="ha")

    assert response.json()["metadata"]["caller"] == f"anonymous:{address}"


def test_the_log_names_the_key_that_called(client: Client, key: Any) -> None:
    run(client, "lab.echo", key("execute", name="web"), text="ha")

    row = ExecutionLog.objects.get()
    assert row.caller_name == "web"
    assert row.caller == f"key:{ApiKey.objects.get().prefix}"
    assert json.loads(row.input) == {"text": "ha"}
