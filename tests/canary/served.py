"""A running installation that secrets are brought into, and what came out of it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.canary.canaries import Canaries
from tests.serving import ROOT, Installation, wait_until

PLUGINS = Path(__file__).parent / "house"
CONFIGURED = ("opens", "careless", "leaver", "fragile", "misfit")
_SCRIPT = """
import contextlib, io, json, sys, django
django.setup()
from django.core.management import call_command
said = []
for command in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        with contextlib.suppress(SystemExit):
            try:
                call_command(*command)
            except Exception as error:
                print(error)
    said.append(out.getvalue())
print(json.dumps(said))
"""


@dataclass
class House(Installation):
    """`said`: where, and what, that must not hold what anybody sent."""

    canary: Canaries = field(default_factory=Canaries)
    said: list[tuple[str, str]] = field(default_factory=list)
    key: str = ""

    def serve(self, *command: str) -> None:
        """A console's output beside the server's log: it shows the administrator's password."""
        with (
            (self.directory / "console.log").open("ab") as out,
            (self.directory / "server.log").open("ab") as log,
        ):
            self._server = subprocess.Popen(
                [sys.executable, *command, "--port", str(self.port)],
                env=self.environment,
                cwd=ROOT,
                stdout=out,
                stderr=log,
            )
        wait_until(self.answers, "the server's start")

    def commands(self, *commands: list[str]) -> list[str]:
        """Each one's output; all in one process, since to start one takes seconds."""
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            env=self.environment,
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        self.said.append(("commands' log", done.stderr))
        return list(json.loads(done.stdout.splitlines()[-1]))

    def send(
        self, label: str, method: str, path: str, *, expected: bool = True, **more: Any
    ) -> httpx.Response:
        """`expected=False`: the plugin answers its own caller with what it was given."""
        with httpx.Client(base_url=self.url, timeout=30) as client:
            answer = client.request(method, path, **more)
        if expected:
            self.said.append((f"{label} {answer.status_code}", answer.text))
        return answer

    @property
    def authorised(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def secrets(self, label: str) -> dict[str, Any]:
        """An input of `vault.opens` with a secret in every place."""
        new = self.canary
        return {
            "token": new(f"token.{label}", "long" * 20 + "'\"é\\ &"),
            "secret": new(f"secret.{label}"),
            "pin": new.number(f"pin.{label}"),
            "login": {"user": "ayu", "password": new(f"login.{label}")},
            "logins": [{"user": "budi", "password": new(f"logins.{label}")}],
            "by_name": {"citra": {"password": new(f"by_name.{label}")}},
            "either": {"kind": "ticket", "code": new(f"either.{label}")},
            "re-named": new(f"renamed.{label}"),
            "shouted": new(f"shouted.{label}"),
        }

    @property
    def database(self) -> Path:
        return self.directory / "var" / "zantara.sqlite3"

    def dump(self) -> str:
        connection = sqlite3.connect(self.database)
        try:
            return "\n".join(connection.iterdump())
        finally:
            connection.close()

    def files(self) -> Iterator[tuple[str, str]]:
        """Databases with what was deleted in them, and everything beside, but not what is
        collected from the repository."""
        var = self.directory / "var"
        for path in var.rglob("*"):
            if path.is_file() and path.relative_to(var).parts[0] != "static":
                yield str(path.relative_to(var)), path.read_bytes().decode("utf-8", "replace")


def build(folder: Path) -> House:
    canary = Canaries()
    config = folder / "plugins.toml"
    tables = [
        f'["vault.{name}"]\napi_key = {json.dumps(canary(f"config.{name}"))}\n'
        for name in CONFIGURED
    ]
    config.write_text("".join(tables))
    settings = {
        "ZANTARA_PLUGIN_DIRS": str(PLUGINS),
        "ZANTARA_PLUGIN_CONFIG": str(config),
        "LOG_LEVEL": "DEBUG",
        "SECRET_KEY": canary.plain("SECRET_KEY"),
        "ZANTARA_API_KEY_PEPPER": canary.plain("pepper"),
        "ZANTARA_METRICS_TOKEN": canary.plain("metrics token"),
    }
    return House(folder, settings, canary=canary)
