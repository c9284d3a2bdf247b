"""Two processes, started as the image starts them, end as one server should."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.deployment.test_files import server_command
from tests.serving import ROOT, Installation, wait_until

PLUGIN = """
import asyncio, os
from pathlib import Path
from plugins_app.core import Context, Plugin, PluginInput, PluginMetadata, PluginOutput

class Slow(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="drain.slow", timeout=60)

    async def execute(self, input_data: PluginInput, context: Context):
        Path(os.environ["DRAIN_TEST"], f"started-{os.getpid()}-{context.execution_id}").touch()
        while not Path(os.environ["DRAIN_TEST"], "go").exists():
            await asyncio.sleep(0.01)
        return PluginOutput(data="finished")
"""
CALLS = 12


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(
        tmp_path, settings={"DRAIN_TEST": str(tmp_path), "WEB_CONCURRENCY": "2"}
    )
    installation.write("drain/plugins.py", PLUGIN)
    assert installation.manage("migrate", "-v0").returncode == 0
    yield installation
    (tmp_path / "go").touch()
    installation.stop()


def options() -> list[str]:
    """Those of the image, but for where it listens."""
    command = server_command()[2:]
    return command[command.index("--loop") :]


def test_both_processes_end_their_calls_and_take_no_more(installation: Installation) -> None:
    installation.start(*options())
    with ThreadPoolExecutor(CALLS + 1) as threads:
        slow = [threads.submit(installation.execute, "drain.slow") for _ in range(CALLS)]
        wait_until(lambda: len(started(installation)) == CALLS, "the start of all calls")
        end = threads.submit(installation.stop, signal.SIGTERM)
        refused = wait_until(lambda: refusal(installation), "a refusal")
        assert not end.done()
        (installation.directory / "go").touch()
        answers = [finished(call) for call in slow]

    assert end.result() == 0
    assert answers == ["finished"] * CALLS
    assert refused in ("draining", "closed")
    assert len({path.name.split("-")[1] for path in started(installation)}) == 2
    assert statuses(installation) == {"succeeded": CALLS}
    assert "Traceback" not in installation.log


def started(installation: Installation) -> list[Path]:
    return list(installation.directory.glob("started-*"))


def finished(call: Future[httpx.Response]) -> str:
    return str(call.result().json()["data"])


def refusal(installation: Installation) -> str:
    """How a call ends that comes after the signal; empty while it would be served."""
    try:
        answer = httpx.get(f"{installation.url}/readyz", timeout=2)
    except httpx.TransportError:
        return "closed"
    return "draining" if answer.status_code == 503 else ""


def statuses(installation: Installation) -> dict[str, int]:
    with closing(sqlite3.connect(installation.directory / "var/zantara.sqlite3")) as database:
        sql = "SELECT status, count(*) FROM plugins_app_executionlog GROUP BY status"
        return dict(database.execute(sql).fetchall())


def test_the_images_health_check_tells_a_ready_server_from_none(fresh: Installation) -> None:
    def healthy() -> bool:
        environment = {**os.environ, "PORT": str(fresh.port), "ALLOWED_HOSTS": "localhost,other"}
        command = [sys.executable, str(ROOT / "deploy/container/healthcheck.py")]
        return subprocess.run(command, env=environment, check=False).returncode == 0

    assert not healthy()
    fresh.start()
    assert healthy()
