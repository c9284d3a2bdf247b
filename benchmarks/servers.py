"""The servers that are measured: each one a process of its own on a free port, all under the same
uvicorn (uvloop, httptools, one worker, no access log)."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ROOT / "benchmarks" / "bench_plugins"
PATIENCE = 60.0
POSTGRES = os.environ.get("ZANTARA_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432")
REDIS = os.environ.get("ZANTARA_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
_NOT_INHERITED = {"DATABASE_URL", "REDIS_URL", "ZANTARA_ENV", "DEBUG", "PYTHONDONTWRITEBYTECODE"}
_OPTIONS = [
    *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
    *("--no-proxy-headers", "--no-server-header"),
]


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    port: int
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.log_file.read_text()


@contextmanager
def served(
    name: str, application: str, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    port = free_port()
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        log_file = Path(directory, "log")
        log = stack.enter_context(log_file.open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", application, "--port", str(port), *_OPTIONS],
            env=environment or _environment(),
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        server = Server(name, port, process, log_file)
        try:
            _wait_for(server)
            yield server
        finally:
            process.terminate()
            process.wait(PATIENCE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(server: Server) -> None:
    """uvicorn listens when the application has started."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{server.name} did not start:\n{server.log[-4000:]}")


def _environment(**variables: str) -> dict[str, str]:
    """This process's, without what would make it another installation."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


@dataclass(frozen=True)
class Installation:
    """A database with the plugins in it. `settings` are what a `make run` would not set."""

    directory: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    plugins: tuple[Path, ...] = (ROOT / "plugins", PLUGINS)

    @property
    def environment(self) -> dict[str, str]:
        return _environment(
            DJANGO_SETTINGS_MODULE="zantara.settings",
            ZANTARA_VAR_DIR=str(self.directory),
            ZANTARA_PLUGIN_DIRS=",".join(map(str, self.plugins)),
            ZANTARA_ANONYMOUS_RATE="0",
            ZANTARA_AUTO_ENABLE="on",
            LOG_LEVEL="WARNING",
            **self.settings,
        )

    @property
    def keys(self) -> Path:
        """A file with an API key on each line."""
        return self.directory / "keys"

    def prepare(self, keys: int) -> None:
        """Migrate, discover, and make so many API keys."""
        self.python("manage.py", "migrate", "--verbosity", "0")
        self.python("manage.py", "discover_plugins")
        self.keys.write_text(self.python("-m", "benchmarks.keys", str(keys)))

    def python(self, *arguments: str) -> str:
        """What it printed. Raises RuntimeError where it failed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-4000:]}")
        return done.stdout


@contextmanager
def embedded() -> Iterator[Installation]:
    """SQLite, and shared state in memory: what runs without any setting."""
    with tempfile.TemporaryDirectory() as directory:
        yield Installation(Path(directory))


@contextmanager
def on_servers() -> Iterator[Installation]:
    """PostgreSQL with a database of its own, Redis with a prefix of its own."""
    name = f"zantara_bench_{secrets.token_hex(4)}"
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(database(name))
        stack.enter_context(key_prefix(name))
        settings = {"DATABASE_URL": url, "REDIS_URL": REDIS, "ZANTARA_REDIS_PREFIX": name}
        yield Installation(Path(directory), settings)


@contextmanager
def database(name: str) -> Iterator[str]:
    """An empty database on the PostgreSQL server, dropped afterwards: its address."""
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{POSTGRES}/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def key_prefix(prefix: str) -> Iterator[None]:
    """Afterwards no key of Redis begins with it. Raises RuntimeError where none did: then Redis
    was not part of what was measured."""
    with redis.Redis.from_url(REDIS) as client:
        yield
        keys = list(client.scan_iter(f"{prefix}:*", count=1_000))
        if not keys:
            raise RuntimeError(f"nothing was written to Redis below {prefix!r}")
        client.delete(*keys)


def missing_servers() -> list[str]:
    """What does not answer, in a sentence each."""
    needed = {"PostgreSQL": POSTGRES, "Redis": REDIS}
    return [
        f"Not measured with PostgreSQL and Redis: {name} does not answer at `{url}`."
        for name, url in needed.items()
        if not _answers(url)
    ]


def _answers(url: str) -> bool:
    address = urlsplit(url)
    try:
        socket.create_connection((str(address.hostname), int(address.port or 0)), 2).close()
    except OSError:
        return False
    return True
