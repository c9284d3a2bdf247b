"""Clients of a server that is killed under them, and what must hold afterwards."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from tests.serving import Installation

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
            effects.write(f"{context.execution_id} {input_data.n}\\n")
        return Output(n=input_data.n)
"""
ONCE_FROM = 1_000_000_000
"""Numbers from here on are asked for under an Idempotency-Key."""


class Client(threading.Thread):
    """Calls both plugins in turn until told to stop, and keeps the ids of all answers it saw."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url, self._stop_now = url, threading.Event()
        self.answered: list[str] = []
        self.refused: Counter[int] = Counter()

    def run(self) -> None:
        n = 0
        with httpx.Client(timeout=10) as http:
            while not self._stop_now.is_set():
                n += 1
                self._call(http, ("kill.read", "kill.write")[n % 2], n)

    def _call(self, http: httpx.Client, name: str, n: int, key: str = "") -> int:
        """The status, 0 where there was no answer."""
        headers = {"Idempotency-Key": key} if key else {}
        url = f"{self._url}/api/plugins/{name}/execute"
        try:
            answer = http.post(url, json={"input_data": {"n": n}}, headers=headers)
        except httpx.HTTPError:
            self._stop_now.wait(0.02)
            return 0
        if answer.status_code == 200:
            self.answered.append(answer.json()["metadata"]["execution_id"])
        else:
            self.refused[answer.status_code] += 1
            self._stop_now.wait(0.02)
        return answer.status_code

    def stop(self) -> None:
        self._stop_now.set()
        self.join()


class CarefulClient(Client):
    """Repeats each call under one key until it is answered for good."""

    def __init__(self, url: str, secret: str, first: int) -> None:
        super().__init__(url)
        self._secret, self._first = secret, first
        self.done: list[int] = []
        """Numbers that were answered with success."""

    def run(self) -> None:
        n, headers = self._first, {"Authorization": f"Bearer {self._secret}"}
        with httpx.Client(timeout=10, headers=headers) as http:
            while not self._stop_now.is_set():
                self._until_answered(http, n)
                n += 1

    def _until_answered(self, http: httpx.Client, n: int) -> None:
        key = str(uuid4())
        while not self._stop_now.is_set():
            status = self._call(http, "kill.write", n, key)
            if status == 200:
                self.done.append(n)
            if status in {200, 409}:
                return


class Load:
    """Some clients, for as long as the block lasts; what they saw is kept over several blocks."""

    def __init__(self, installation: Installation) -> None:
        self._url, self._careful_ones = installation.url, 0
        made = installation.manage("api_keys", "create", "--name", "careful", "--json")
        self._secret = json.loads(made.stdout)["key"]
        self.answered: list[str] = []
        self.done: list[int] = []
        self.refused: Counter[int] = Counter()

    @contextmanager
    def running(self) -> Iterator[None]:
        self._careful_ones += 1
        careful = CarefulClient(self._url, self._secret, self._careful_ones * ONCE_FROM)
        clients: Sequence[Client] = [careful, *(Client(self._url) for _ in range(CLIENTS))]
        for client in clients:
            client.start()
        yield
        for client in clients:
            client.stop()
            self.refused += client.refused
            if client is not careful:
                self.answered += client.answered
        self.done += careful.done


def check(installation: Installation, load: Load) -> None:
    """No answer without its row, none with two, no effect without a row, nothing runs for ever,
    and counters that agree with the rows."""
    running = rows(installation, "SELECT id FROM plugins_app_executionlog WHERE status='running'")
    swept = installation.manage("shell", "-v0", "-c", SWEEP)
    log = dict(rows(installation, "SELECT id, status FROM plugins_app_executionlog"))
    lines = (installation.directory / "effects").read_text().splitlines()
    effects = dict(line.split() for line in lines)
    counted = dict(
        rows(
            installation,
            "SELECT metric, SUM(value) FROM plugins_app_metricminute "
            "WHERE metric LIKE 'status:%' AND metric <> 'status:refused' GROUP BY metric",
        )
    )
    ended = Counter(f"status:{status}" for status in log.values() if status != "refused")

    assert {log.get(execution) for execution in load.answered} == {"succeeded"}
    assert max(Counter(load.answered).values()) == 1
    assert len(effects) == len(lines)
    assert set(effects) <= set(log)
    assert "running" not in log.values()
    assert int(swept.stdout) == len(running), swept.stderr
    assert counted == ended
    once = Counter(int(n) for n in effects.values() if int(n) >= ONCE_FROM)
    assert set(once.values()) == {1}, "a call that was repeated under its key ran twice"
    assert set(load.done) <= set(once)


def rows(installation: Installation, query: str) -> list[tuple[Any, ...]]:
    url = installation.environment["DATABASE_URL"]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as sqlite:
            return sqlite.execute(query).fetchall()
    with psycopg.connect(url) as postgresql:
        return postgresql.execute(query).fetchall()  # type: ignore[arg-type]
