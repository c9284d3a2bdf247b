"""A server that is told to end, also as two processes, and started as the image starts it."""

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
MOST = 100


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
    with ThreadPoolExecutor(MOST) as threads:
        slow: list[Future[httpx.Response]] = []

        def one_more_until_both_have_some() -> bool:
            slow.append(threads.submit(installation.execute, "drain.slow"))
            return len(processes(installation)) == 2

        wait_until(one_more_until_both_have_some, "a call in each process")
        wait_until(lambda: len(started(installation)) == len(slow), "the start of all calls")
        end = threads.submit(installation.stop, signal.SIGTERM)
        wait_until(lambda: refusals(installation) == {"draining"}, "refusals by both")
        assert not end.done()
        (installation.directory / "go").touch()
        answers = [finished(call) for call in slow]

    assert end.result() == 0
    assert set(answers) == {"finished"}
    assert statuses(installation) == {"succeeded": len(slow)}
    assert "Traceback" not in installation.log


def started(installation: Installation) -> list[Path]:
    return list(installation.directory.glob("started-*"))


def processes(installation: Installation) -> set[str]:
    return {path.name.split("-")[1] for path in started(installation)}


def finished(call: Future[httpx.Response]) -> str:
    return str(call.result().json()["data"])


def refusals(installation: Installation) -> set[str]:
    """How calls end that come after the signal, each on a connection of its own."""
    return {refusal(installation) for _ in range(20)}


def refusal(installation: Installation) -> str:
    try:
        answer = httpx.get(f"{installation.url}/readyz", timeout=2)
    except httpx.TransportError as error:
        return type(error).__name__
    return ",".join(answer.json()["reasons"]) or "served"


def statuses(installation: Installation) -> dict[str, int]:
    with closing(sqlite3.connect(installation.directory / "var/zantara.sqlite3")) as database:
        sql = "SELECT status, count(*) FROM plugins_app_executionlog GROUP BY status"
        return dict(database.execute(sql).fetchall())


def test_a_second_signal_does_not_wait(installation: Installation) -> None:
    installation.start("--workers", "1")
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(installation.execute, "drain.slow")
        wait_until(lambda: started(installation), "the start of the call")
        installation.signal(signal.SIGTERM)
        wait_until(lambda: refusal(installation) == "draining", "a refusal")
        installation.signal(signal.SIGTERM)
        wait_until(lambda: refusal(installation) == "ConnectError", "a closed door")
        (installation.directory / "go").touch()
        assert finished(slow) == "finished"


def test_the_images_health_check_tells_a_ready_server_from_none(fresh: Installation) -> None:
    def healthy() -> bool:
        environment = {**os.environ, "PORT": str(fresh.port), "ALLOWED_HOSTS": "localhost,other"}
        command = [sys.executable, str(ROOT / "deploy/container/healthcheck.py")]
        return subprocess.run(command, env=environment, check=False).returncode == 0

    assert not healthy()
    fresh.start()
    assert healthy()
