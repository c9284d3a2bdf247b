"""POST /api/plugins/{name}/reload: who else serves the new code, and what takes too long."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread, current_thread
from threading import enumerate as threads
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.signals import connection_created
from django.test import Client
from django.utils import timezone

from plugins_app.models import AuditEvent, RegistryState, Worker
from plugins_app.runtime.loop import engine_loop
from plugins_app.services import lifecycle
from tests.api._call import Headers, post, run

RELOAD = "/api/plugins/family.slow/reload"
GO = Event()
"""What the plugin's second version waits for while it is loaded."""
PLUGIN = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput
from tests.api.test_reload import GO

class Slow(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="family.slow", version="{version}")

    def on_load(self) -> None:
        {on_load}

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput(data="{version}")
"""
WAITS = "assert GO.wait(20)"
WAITS_AND_FAILS = "assert GO.wait(20); raise OSError('no printer')"


@pytest.fixture
def source(lab: Any, plugin_folder: Path) -> Iterator[Path]:
    """The file of a loaded plugin; whoever waits goes on at the end."""
    GO.clear()
    source = plugin_folder / "slow.py"
    source.write_text(PLUGIN.format(version="1.0.0", on_load="pass"))
    engine_loop.run(lab.registry.load())
    yield source
    finish()


@pytest.fixture
def operator(key: Any, source: Path) -> Headers:
    return key("admin", name="ops")  # type: ignore[no-any-return]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins_app.api.views.lifecycle.RELOAD_SECONDS", 0.05)


def working() -> list[Thread]:
    return [thread for thread in threads() if thread.name == "reload family.slow"]


def finish() -> None:
    """Let whoever loads go on, and wait for the end of it."""
    GO.set()
    for thread in working():
        thread.join(20)


# --- the workers ----------------------------------------------------------------------------------


def test_the_answer_counts_the_workers_that_serve_the_new_code(
    client: Client, operator: Headers, source: Path
) -> None:
    source.write_text(PLUGIN.format(version="1.1.0", on_load="pass"))
    body = post(client, RELOAD, headers=operator).json()

    assert (body["from"], body["to"]) == ("1.0.0", "1.1.0")
    assert body["workers"] == {"ok": 1, "total": 1}
    assert body["duration_ms"] >= 0


@pytest.mark.parametrize(
    ("ahead", "workers"), [(0, {"ok": 1, "total": 2}), (9, {"ok": 2, "total": 2})]
)
def test_a_worker_that_is_behind_is_counted_and_not_waited_for_forever(
    client: Client, operator: Headers, source: Path, monkeypatch: Any, ahead: int, workers: Any
) -> None:
    at_once = partial(lifecycle.workers_reached, timedelta(0))
    monkeypatch.setattr(lifecycle, "workers_reached", at_once)
    now = timezone.now()
    Worker.objects.create(id="other", pid=1, generation=ahead, started=now, seen=now)
    body = post(client, RELOAD, headers=operator).json()

    assert body["workers"] == workers


@pytest.mark.usefixtures("source")
def test_other_workers_are_told(client: Client, operator: Headers) -> None:
    post(client, RELOAD, headers=operator)

    assert RegistryState.objects.get().plugins == 1


# --- what takes long ------------------------------------------------------------------------------


@pytest.mark.usefixtures("impatient")
def test_a_reload_that_takes_long_is_202_and_goes_on(
    client: Client, operator: Headers, source: Path
) -> None:
    source.write_text(PLUGIN.format(version="2.0.0", on_load=WAITS))
    response = post(client, RELOAD, headers=operator)
    meanwhile = run(client, "family.slow").json()["data"]
    finish()

    assert (response.status_code, response["Retry-After"]) == (202, "1")
    assert meanwhile == "1.0.0"
    assert run(client, "family.slow").json()["data"] == "2.0.0"


@pytest.mark.usefixtures("impatient")
def test_the_audit_log_says_how_it_ended(client: Client, operator: Headers, source: Path) -> None:
    source.write_text(PLUGIN.format(version="2.0.0", on_load=WAITS))
    post(client, RELOAD, {"reason": "fix"}, operator)
    assert not AuditEvent.objects.filter(action="reload").exists()
    finish()

    event = AuditEvent.objects.get(action="reload")
    assert (event.object, event.reason, event.actor_name) == ("family.slow", "fix", "ops")
    assert (event.before["version"], event.after["version"]) == ("1.0.0", "2.0.0")


@pytest.mark.usefixtures("impatient")
def test_the_audit_log_also_says_that_it_was_rejected(
    client: Client, operator: Headers, source: Path
) -> None:
    source.write_text(PLUGIN.format(version="2.0.0", on_load=WAITS_AND_FAILS))
    assert post(client, RELOAD, headers=operator).status_code == 202
    finish()

    assert "no printer" in AuditEvent.objects.get(action="reload.rejected").after
    assert run(client, "family.slow").json()["data"] == "1.0.0"


@pytest.mark.usefixtures("source")
def test_the_thread_of_a_reload_leaves_no_connection_open(
    client: Client, operator: Headers
) -> None:
    opened = []

    def note(connection: Any, **options: Any) -> None:
        if current_thread() in working():
            opened.append(connection)

    connection_created.connect(note)
    post(client, RELOAD, headers=operator)
    finish()
    connection_created.disconnect(note)

    assert opened
    assert [each.connection for each in opened] == [None]


@pytest.mark.usefixtures("impatient")
def test_what_nobody_waits_for_any_more_is_logged_when_it_fails(
    client: Client, operator: Headers, source: Path, monkeypatch: Any, caplog: Any
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        assert GO.wait(20)
        raise OperationalError("disk full")

    monkeypatch.setattr(lifecycle, "reload", fail)
    assert post(client, RELOAD, headers=operator).status_code == 202
    with caplog.at_level(logging.ERROR):
        finish()

    assert "disk full" in caplog.text
