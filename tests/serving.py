"""A real server in a process of its own, on a free port, with its own data and plugins."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0


def wait_until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The condition's first true value; fails with `what` when none comes in `patience` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {patience:g} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """A variable directory and a plugin directory; commands and servers run against them."""

    directory: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plugins = self.directory / f"plugins_{self.directory.name}"
        self.plugins.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "zantara.settings",
            "ZANTARA_VAR_DIR": str(self.directory / "var"),
            "DATABASE_URL": f"sqlite:///{self.directory / 'var' / 'zantara.sqlite3'}",
            "ZANTARA_PLUGIN_DIRS": str(self.plugins),
            "ZANTARA_ANONYMOUS_RATE": "0",
            "PYTHONPATH": str(ROOT),
            **self.settings,
        }

    def write(self, path: str, code: str) -> Path:
        file = self.plugins / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
        return file

    def manage(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )

    def start(self, *options: str) -> None:
        """`options`: of uvicorn."""
        command = ["-m", "uvicorn", "zantara.asgi:application", "--log-level", "warning", *options]
        with (self.directory / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, *command, "--port", str(self.port)],
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        wait_until(self.answers, "the server's start")

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Signal the server and wait for its end: its exit code."""
        if self._server is None:
            return 0
        self._server.send_signal(how)
        code = self._server.wait(PATIENCE)
        self._server = None
        return code

    def signal(self, what: signal.Signals) -> None:
        if self._server:
            self._server.send_signal(what)

    def execute(self, name: str, **input_data: Any) -> httpx.Response:
        path = f"{self.url}/api/plugins/{name}/execute"
        return httpx.post(path, json={"input_data": input_data}, timeout=PATIENCE)

    @property
    def log(self) -> str:
        return (self.directory / "server.log").read_text()
