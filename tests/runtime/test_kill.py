"""What a client has seen survives `kill -9` of the server at any moment."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.serving import Installation

KILLS = int(os.environ.get("ZANTARA_SOAK_KILLS", "3"))
CLIENTS = 6
SWEEP = """
from datetime import timedelta
from django.utils import timezone
from plugins_app.runtime.sweeper import sweep
print(sweep(timezone.now() + timedelta(hours=1)))
"""
PLUGINS = """
import os
from plugins_app.core import Context, Plugin, PluginInput, PluginMetadata, PluginOutput

class Input(PluginInput):
    n: int

class Output(PluginOutput):
    n: int = 0

class Read(Plugin[Input, Output]):
    metadata = PluginMetadata(name="kill.read", read_only=True)

    async def execute(self, input_data: Input) -> Output:
        return Output(n=input_data.n)

class Write(Plugin[Input, Output]):
    metadata = PluginMetadata(name="kill.write")

    async def execute(self, input_data: Input, context: Context) -> Output:
        with open(os.environ["KILL_TEST_EFFECTS"], "a") as effects:
            effects.write(context.execution_id + "\\n")
        return Output(n=input_data.n)
"""


class Client(threading.Thread):
    """Calls both plugins in turn until told to stop, and keeps the ids of all answers it saw."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url, self._stop_now = url, threading.Event()
        self.answered: list[str] = []

    def run(self) -> None:
        n = 0
        with httpx.Client(timeout=10) as http:
            while not self._stop_now.is_set():
                n += 1
                self._call(http, ("kill.read", "kill.write")[n % 2], n)

    def _call(self, http: httpx.Client, name: str, n: int) -> None:
        try:
            answer = http.post(
                f"{self._url}/api/plugins/{name}/execute", json={"input_data": {"n": n}}
            )
        except httpx.HTTPError:
            self._stop_now.wait(0.02)
            return
        if answer.status_code == 200:
            self.answered.append(answer.json()["metadata"]["execution_id"])

    def stop(self) -> None:
        self._stop_now.set()
        self.join()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    effects = str(tmp_path / "effects")
    installation = Installation(tmp_path, settings={"KILL_TEST_EFFECTS": effects})
    installation.write("kill/plugins.py", PLUGINS)
    assert installation.manage("migrate", "-v0").returncode == 0
    yield installation
    installation.kill()


def test_every_answer_that_a_client_saw_has_exactly_one_terminal_row(
    installation: Installation,
) -> None:
    chance = random.Random(7)
    answered: list[str] = []
    for _ in range(KILLS):
        installation.start()
        clients = [Client(installation.url) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(chance.uniform(0.5, 1.5))  # The moment of the kill is what is drawn here.
        installation.kill()
        for client in clients:
            client.stop()
            answered += client.answered
    running = _rows(installation, "SELECT id FROM plugins_app_executionlog WHERE status='running'")
    swept = installation.manage("shell", "-v0", "-c", SWEEP)

    rows = dict(_rows(installation, "SELECT id, status FROM plugins_app_executionlog"))
    effects = (installation.directory / "effects").read_text().split()
    counted = dict(
        _rows(
            installation,
            "SELECT metric, SUM(value) FROM plugins_app_metricminute "
            "WHERE metric LIKE 'status:%' GROUP BY metric",
        )
    )

    assert len(answered) > 10 * KILLS, installation.log
    assert {rows.get(execution) for execution in answered} == {"succeeded"}
    assert max(Counter(answered).values()) == 1
    assert set(effects) <= set(rows)
    assert "running" not in rows.values()
    assert int(swept.stdout) == len(running), swept.stderr
    assert counted == {f"status:{s}": n for s, n in Counter(rows.values()).items()}


def _rows(installation: Installation, query: str) -> list[tuple]:
    database = sqlite3.connect(installation.directory / "var" / "zantara.sqlite3")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()
