"""The recipe for a plugin works, step by step, as it stands there."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

import plugins
from tests._markdown import block, text_of
from tests.serving import Installation

TEXT = text_of("CONTRIBUTING.md")
PLUGIN = block(TEXT, "python", "class WorkingDaysPlugin")
TESTS = block(TEXT, "python", "async def test_the_examples_come_true")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Without any plugin yet: the recipe adds one beside it."""
    installation = Installation(tmp_path_factory.mktemp("recipe"))
    installation.manage("migrate", "-v0")
    installation.start()
    yield installation
    installation.stop()


def run(server: Installation, line: str) -> str:
    """A line for the shell, against this server; what it printed or was answered."""
    words = shlex.split(line)
    if words[0] != "curl":
        done = server.manage(*words[2:])
        assert done.returncode == 0, done.stderr
        return done.stdout
    path = next(urlsplit(word).path for word in words if word.startswith("http"))
    body = json.loads(words[words.index("-d") + 1]) if "-d" in words else None
    return httpx.request("POST" if body else "GET", f"{server.url}{path}", json=body).text


def lines(containing: str) -> list[str]:
    return block(TEXT, "bash", containing).replace("\\\n", " ").splitlines()


def test_the_steps_find_run_reload_and_call_it(server: Installation) -> None:
    server.write("dates/working_days.py", PLUGIN)

    found, ran, shown = (run(server, line) for line in lines("discover_plugins"))
    (reloaded,) = (run(server, line) for line in lines("reload_plugins"))
    called, detail = (json.loads(run(server, line)) for line in lines("curl -X POST"))

    assert "dates.working_days" in found
    assert json.loads(ran)["days"] == 5
    assert "1.0.0" in shown
    assert "1/1 servers" in reloaded
    assert called["data"] == {"days": 5}
    assert detail["plugin"]["metadata"]["name"] == "dates.working_days"


async def test_the_tests_of_the_recipe_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = tmp_path / "dates"
    family.mkdir()
    (family / "working_days.py").write_text(PLUGIN)
    monkeypatch.setattr(plugins, "__path__", [*plugins.__path__, str(tmp_path)])
    names: dict[str, Any] = {}

    exec(compile(TESTS, "test_working_days.py", "exec"), names)
    for example in names["WorkingDaysPlugin"].metadata.examples:
        await names["test_the_examples_come_true"](example)
    await names["test_days_in_the_wrong_order_are_an_error_that_the_caller_understands"]()
