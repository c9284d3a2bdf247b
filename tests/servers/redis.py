"""Redis servers for tests: the shared one, under a prefix of each test's own, and servers of one's
own where a test kills, stops or empties them."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
import redis

from tests.serving import free_port, wait_until

SHARED = os.environ.get("ZANTARA_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


@cache
def shared_url() -> str:
    """Where none answers, one is started for this run of the tests."""
    try:
        with redis.Redis.from_url(SHARED, socket_connect_timeout=1) as client:
            client.ping()
    except redis.RedisError:
        server = RedisServer(Path(mkdtemp()))
        server.start()
        atexit.register(server.kill)
        return server.url
    return SHARED


def missing(what: str) -> None:
    """The test is skipped, but in CI it fails."""
    if os.environ.get("CI"):
        pytest.fail(f"CI needs every service: {what}")
    pytest.skip(what)


def forget(prefix: str) -> None:
    client = redis.Redis.from_url(shared_url())
    if keys := list(client.scan_iter(f"{prefix}:*", count=1000)):
        client.delete(*keys)
    client.close()


class RedisServer:
    """A server of one's own, in memory only."""

    def __init__(self, directory: Path) -> None:
        if not shutil.which("redis-server"):
            missing("redis-server is not installed")
        self.directory, self.port = directory, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "no",
            "dir": str(self.directory),
        }
        command = [part for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen(["redis-server", *command], stdout=subprocess.DEVNULL)
        wait_until(self._answers, "an answer of redis-server")

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=0.5) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Connections stay open, and nothing is answered."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def own_server(directory: Path) -> Iterator[RedisServer]:
    server = RedisServer(directory)
    server.start()
    try:
        yield server
    finally:
        server.kill()
