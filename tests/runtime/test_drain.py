"""A server that is told to end refuses what comes and finishes what runs."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.serving import Installation, wait_until

PLUGIN = """
import asyncio, os
from pathlib import Path
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput

class Slow(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="drain.slow")

    async def execute(self, input_data):
        Path(os.environ["DRAIN_TEST"], "started").touch()
        while not Path(os.environ["DRAIN_TEST"], "go").exists():
            await asyncio.sleep(0.01)
        return PluginOutput(data="finished")
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path, settings={"DRAIN_TEST": str(tmp_path)})
    installation.write("drain/plugins.py", PLUGIN)
    assert installation.manage("migrate", "-v0").returncode == 0
    yield installation
    installation.kill()


def test_a_call_in_flight_is_answered_while_new_ones_are_refused(
    installation: Installation,
) -> None:
    installation.start()
    with ThreadPoolExecutor() as threads, httpx.Client(base_url=installation.url) as kept_alive:
        assert kept_alive.get("/readyz").status_code == 200
        slow = threads.submit(installation.execute, "drain.slow")
        wait_until((installation.directory / "started").exists, "the start of the call")
        end = threads.submit(installation.stop, signal.SIGTERM)
        refused = wait_until(lambda: _refusal(kept_alive), "a refusal")
        (installation.directory / "go").touch()
        assert slow.result().json()["data"] == "finished"
        assert end.result() in (0, -signal.SIGTERM)
    assert refused in ("draining", "closed")
    assert _statuses(installation) == ["succeeded"]
    assert "Traceback" not in installation.log


def _refusal(client: httpx.Client) -> str:
    """How a call on a connection from before the signal ends; empty while it is answered."""
    try:
        answer = client.get("/readyz")
    except httpx.TransportError:
        return "closed"
    return "draining" if answer.status_code == 503 else ""


def _statuses(installation: Installation) -> list[str]:
    with sqlite3.connect(installation.directory / "var" / "zantara.sqlite3") as database:
        rows = database.execute("SELECT status FROM plugins_app_executionlog").fetchall()
    database.close()
    return [status for (status,) in rows]
