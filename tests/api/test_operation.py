"""Health, readiness, Prometheus and reload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from plugins_app.models import AuditEvent
from plugins_app.runtime.loop import engine_loop
from tests.api._call import is_problem, post, run

HEALTH = "/api/plugins/health"
PLUGIN = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput

class Fresh(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="family.fresh", version="{version}")

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput(data="{version}")
"""
BROKEN = "import nothing_that_exists\n"


@pytest.fixture
def fresh(lab: Any, plugin_folder: Path) -> Path:
    """The file of a loaded plugin."""
    source = plugin_folder / "fresh.py"
    source.write_text(PLUGIN.format(version="1.0.0"))
    engine_loop.run(lab.registry.load())
    return source


@pytest.fixture
def no_database(lab: Any) -> Iterator[None]:
    """The engine runs on; every look into the database fails. It is back before the engine
    closes, which writes down what is left."""

    def fail(*args: Any, **options: Any) -> None:
        raise OperationalError("could not connect to server at /var/run/secret.sock")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", fail)
        yield


# --- health ---------------------------------------------------------------------------------------


def test_health_is_short_for_anybody(client: Client, lab: Any) -> None:
    assert client.get(HEALTH).json() == {
        "success": True,
        "status": "healthy",
        "plugins_loaded": len(lab.registry.snapshot.plugins),
        "load_errors": 0,
    }


def test_load_errors_degrade_without_naming_them(
    client: Client, lab: Any, plugin_folder: Path
) -> None:
    (plugin_folder / "broken.py").write_text(BROKEN)
    engine_loop.run(lab.registry.load())
    response = client.get(HEALTH)

    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["load_errors"] == 1
    assert b"broken" not in response.content


def test_administrators_see_what_failed_and_where(
    client: Client, key: Any, lab: Any, plugin_folder: Path
) -> None:
    (plugin_folder / "broken.py").write_text(BROKEN)
    engine_loop.run(lab.registry.load())
    (error,) = client.get(HEALTH, headers=key("admin")).json()["errors"]

    assert error["type"] == "ModuleNotFoundError"
    assert error["location"].endswith("broken.py:1")


@pytest.mark.usefixtures("no_database")
def test_health_is_503_without_the_database(client: Client) -> None:
    response = client.get(HEALTH)

    assert response.status_code == 503
    assert response.json()["status"] == "unhealthy"
    assert response["Retry-After"] == "1"


def test_health_is_503_without_a_registry(client: Client, lab: Any) -> None:
    lab.loaded = False

    assert client.get(HEALTH).status_code == 503


# --- probes ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_database")
def test_the_process_is_alive_without_the_database(client: Client) -> None:
    assert client.get("/livez").status_code == 200


@pytest.mark.usefixtures("lab")
def test_a_loaded_server_is_ready(client: Client) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "reasons": []}


def _drain(engine: Any) -> None:
    engine.drain()


def _unload(engine: Any) -> None:
    engine.loaded = False


@pytest.mark.parametrize(
    ("spoil", "reason"), [(_drain, "draining"), (_unload, "no plugins are loaded yet")]
)
def test_a_server_that_should_get_no_calls_says_why(
    client: Client, lab: Any, spoil: Any, reason: str
) -> None:
    spoil(lab)
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["reasons"] == [reason]
    assert response["Retry-After"] == "1"


@pytest.mark.usefixtures("no_database")
def test_a_server_without_its_database_is_not_ready(client: Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["reasons"] == ["the database is not available"]


@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize(
    "path",
    [
        "/api/plugins/list",
        "/api/plugins/search?q=echo",
        "/api/plugins/lab.echo",
        "/api/plugins/metrics/all",
        "/api/plugins/lab.echo/metrics",
    ],
)
def test_what_needs_the_database_is_503_without_it(client: Client, path: str) -> None:
    response = client.get(path)

    assert is_problem(response, 503, "unavailable")
    assert response["Retry-After"] == "1"
    assert b"secret.sock" not in response.content


@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize("path", ["/api/plugins/statistics", "/metrics"])
def test_keys_cannot_be_checked_without_the_database(client: Client, path: str) -> None:
    response = client.get(path, headers={"Authorization": "Bearer zan_" + "x" * 40})

    assert is_problem(response, 503, "unavailable")


@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize("name", ["lab.echo", "lab.limited"])
def test_nothing_runs_that_cannot_be_written_down(client: Client, name: str) -> None:
    response = run(client, name, **({"text": "ha"} if name == "lab.echo" else {}))

    assert is_problem(response, 503, "unavailable")
    assert "instance" not in response.json()


# --- Prometheus -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("lab")
def test_prometheus_is_not_for_anonymous(client: Client) -> None:
    assert is_problem(client.get("/metrics"), 401, "unauthenticated")


@pytest.mark.usefixtures("lab")
def test_prometheus_counts_by_plugin_and_status(client: Client, key: Any) -> None:
    run(client, "lab.echo", text="ha")
    response = client.get("/metrics", headers=key("metrics"))

    assert response["Content-Type"].startswith("text/plain")
    line = 'zantara_executions_total{plugin="lab.echo",status="succeeded"} 1.0'
    assert line in response.content.decode()


@pytest.mark.usefixtures("no_database")
def test_the_metrics_token_needs_no_database(client: Client, settings: Any) -> None:
    settings.ZANTARA_METRICS_TOKEN = "token-of-the-scraper"
    headers = {"Authorization": "Bearer token-of-the-scraper"}

    assert b"zantara_plugins_loaded" in client.get("/metrics", headers=headers).content


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("sent", ["Bearer ", "Bearer", "", "Bearer wrong", "Bearer \u00e9"])
def test_no_other_token_opens_prometheus(client: Client, settings: Any, sent: str) -> None:
    settings.ZANTARA_METRICS_TOKEN = "token-of-the-scraper"

    assert is_problem(
        client.get("/metrics", headers={"Authorization": sent}), 401, "unauthenticated"
    )


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_probes_are_only_read(client: Client, path: str) -> None:
    response = client.post(path)

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


# --- reload ---------------------------------------------------------------------------------------


def test_a_reload_serves_the_new_code(client: Client, key: Any, fresh: Path) -> None:
    fresh.write_text(PLUGIN.format(version="1.1.0"))
    response = post(client, "/api/plugins/family.fresh/reload", {"reason": "fix"}, key("reload"))

    body = response.json()
    assert body["success"] is True
    assert (body["from"], body["to"]) == ("1.0.0", "1.1.0")
    assert run(client, "family.fresh").json()["data"] == "1.1.0"


def test_a_reload_is_audited_with_its_reason(client: Client, key: Any, fresh: Path) -> None:
    post(client, "/api/plugins/family__fresh/reload", {"reason": "fix"}, key("reload", name="ci"))

    event = AuditEvent.objects.get(action="reload")
    assert (event.actor_name, event.source, event.reason) == ("ci", "rest", "fix")
    assert event.object == "family.fresh"


def test_a_rejected_reload_is_409_and_the_old_code_serves(
    client: Client, key: Any, fresh: Path
) -> None:
    fresh.write_text(BROKEN)
    response = post(client, "/api/plugins/family.fresh/reload", headers=key("reload"))

    assert is_problem(response, 409, "reload_rejected")
    assert response.json()["serving"] == "1.0.0"
    assert run(client, "family.fresh").json()["data"] == "1.0.0"


@pytest.mark.parametrize(("scope", "shown"), [("reload", False), ("admin", True)])
def test_where_the_code_lies_is_for_administrators(
    client: Client, key: Any, fresh: Path, scope: str, shown: bool
) -> None:
    fresh.write_text(BROKEN)
    response = post(client, "/api/plugins/family.fresh/reload", headers=key(scope))

    assert (b"fresh.py" in response.content) is shown
    assert (b"nothing_that_exists" in response.content) is shown
    assert b"Traceback" not in response.content


@pytest.mark.parametrize(("body", "status"), [({"reason": 1}, 422), ({"why": "x"}, 422), ([], 422)])
def test_a_reload_of_another_shape_is_422(
    client: Client, key: Any, fresh: Path, body: Any, status: int
) -> None:
    response = post(client, "/api/plugins/family.fresh/reload", body, key("reload"))

    assert is_problem(response, status, "invalid_input")


def test_reloading_an_unknown_plugin_is_404(client: Client, key: Any, fresh: Path) -> None:
    response = post(client, "/api/plugins/family.frosh/reload", headers=key("reload"))

    assert is_problem(response, 404, "plugin_not_found")


def test_a_plugin_that_never_loaded_is_shown_to_staff_alone(
    client: Client, key: Any, lab: Any, plugin_folder: Path
) -> None:
    (plugin_folder / "broken.py").write_text(BROKEN)
    engine_loop.run(lab.registry.load())
    name = f"{plugin_folder.parent.name}.family.broken"

    assert is_problem(client.get(f"/api/plugins/{name}"), 404, "plugin_not_found")
    shown = client.get(f"/api/plugins/{name}", headers=key("admin"))
    assert is_problem(shown, 503, "load_error")
    assert shown.json()["location"].endswith("broken.py:1")


def test_executing_a_plugin_that_never_loaded_tells_staff_alone_why(
    client: Client, key: Any, lab: Any, plugin_folder: Path
) -> None:
    (plugin_folder / "broken.py").write_text(BROKEN)
    engine_loop.run(lab.registry.load())
    path = f"/api/plugins/{plugin_folder.parent.name}.family.broken/execute"

    assert is_problem(post(client, path), 404, "plugin_not_found")
    assert is_problem(post(client, path, headers=key("admin")), 503, "load_error")
