"""A real worker on the shared Redis, under a prefix of its own, with a database file of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from tests.runtime.conftest import engine_of, family
from tests.serving import PATIENCE, ROOT, Installation, wait_until

__all__ = ["engine_of", "family"]

REDIS = os.environ.get("ZANTARA_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
SWEEP = """
from datetime import timedelta
from django.utils import timezone
from plugins_app.runtime.sweeper import sweep
print(sweep(timezone.now() + timedelta(hours=2)))
"""
COMES_BACK = """
from zantara.celery import app
app.conf.broker_transport_options["visibility_timeout"] = 0
with app.connection_for_write() as connection:
    connection.default_channel.qos.restore_visible()
"""
PLUGINS = """
import asyncio
import os
from pydantic import SecretStr
from plugins_app.core import Context, Plugin, PluginInput, PluginMetadata, PluginOutput

class Input(PluginInput):
    word: str = ""
    seconds: float = 0
    password: SecretStr = SecretStr("")

class Output(PluginOutput):
    word: str = ""

class Read(Plugin[Input, Output]):
    metadata = PluginMetadata(name="lab.read", read_only=True)

    async def execute(self, input_data: Input) -> Output:
        return Output(word=input_data.word + "!")

class Write(Plugin[Input, Output]):
    metadata = PluginMetadata(name="lab.write")

    async def execute(self, input_data: Input, context: Context) -> Output:
        with open(os.environ["EFFECTS"], "a") as effects:
            effects.write(f"{context.execution_id} {context.caller.id}\\n")
        await asyncio.sleep(input_data.seconds)
        return Output(word=input_data.word)

class Fail(Plugin[Input, Output]):
    metadata = PluginMetadata(name="lab.fail")

    async def execute(self, input_data: Input) -> Output:
        raise ValueError("not today " + input_data.password.get_secret_value())
"""


class Queue:
    """An installation with a queue: its commands, its workers, its rows."""

    def __init__(self, directory: Path, broker: str, prefix: str) -> None:
        self.effects = directory / "effects"
        self.installation = Installation(
            directory,
            {"REDIS_URL": broker, "ZANTARA_REDIS_PREFIX": prefix, "EFFECTS": str(self.effects)},
        )
        self.installation.write("lab/plugins.py", PLUGINS)
        assert self.installation.manage("migrate", "-v0").returncode == 0
        self._worker: subprocess.Popen[bytes] | None = None

    def run_plugin(self, *arguments: str, broker: str = "") -> subprocess.CompletedProcess[str]:
        """`broker`: host and port of another Redis than that of the worker."""
        installation = self.installation
        if broker:
            settings = installation.settings | {"REDIS_URL": f"redis://{broker}/0"}
            installation = replace(installation, settings=settings)
        return installation.manage("run_plugin", *arguments)

    def shell(self, code: str) -> str:
        ran = self.installation.manage("shell", "-v0", "-c", code)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def start_worker(self, concurrency: int = 1) -> None:
        ready = self.log.count(" ready.")
        command = ["-m", "celery", "-A", "zantara", "worker", f"--concurrency={concurrency}"]
        with self._log_file.open("ab") as log:
            self._worker = subprocess.Popen(
                [sys.executable, *command, "--without-mingle", "--without-gossip"],
                env=self.installation.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: self.log.count(" ready.") > ready, "the worker's start")

    def stop_worker(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code. SIGKILL takes its pool with it, as the end of a machine would."""
        worker, self._worker = self._worker, None
        if worker is None:
            return 0
        (os.killpg if how is signal.SIGKILL else os.kill)(worker.pid, how)
        return worker.wait(PATIENCE)

    @property
    def _log_file(self) -> Path:
        return self.installation.directory / "worker.log"

    @property
    def log(self) -> str:
        return self._log_file.read_text() if self._log_file.exists() else ""

    @property
    def lines(self) -> list[str]:
        """What lab.write did."""
        return self.effects.read_text().splitlines() if self.effects.exists() else []

    def rows(self, what: str = "status", where: str = "1=1") -> list[Any]:
        return self.sql(f"SELECT {what} FROM plugins_app_executionlog WHERE {where} ORDER BY id")

    def sql(self, statement: str) -> list[Any]:
        database = self.installation.directory / "var" / "zantara.sqlite3"
        with closing(sqlite3.connect(database)) as connection:
            return connection.execute(statement).fetchall()


def _redis() -> redis.Redis:
    return redis.Redis.from_url(REDIS, socket_connect_timeout=2, socket_timeout=5)


@pytest.fixture(scope="session")
def broker() -> str:
    try:
        with _redis() as client:
            client.ping()
    except redis.RedisError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"NO REDIS, so nothing of the queue is tested: {error}")
    return REDIS


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[Queue]:
    """A worker runs."""
    prefix = f"test-{uuid4().hex}"
    queue = Queue(tmp_path_factory.mktemp("queue"), broker, prefix)
    queue.start_worker()
    yield queue
    queue.stop_worker(signal.SIGKILL)
    with _redis() as client:
        for key in client.scan_iter(f"{prefix}:*"):
            client.delete(key)


@pytest.fixture
def held(queue: Queue) -> Callable[[], list[str]]:
    """held(): the messages that Redis holds, as the worker will read them."""

    def held() -> list[str]:
        prefix = queue.installation.settings["ZANTARA_REDIS_PREFIX"]
        with _redis() as client:
            keys = [key for key in client.scan_iter(f"{prefix}:*") if client.type(key) == b"list"]
            messages = [json.loads(each) for key in keys for each in client.lrange(key, 0, -1)]
        return [f"{each['headers']} {b64decode(each['body'])!r}" for each in messages]

    return held
