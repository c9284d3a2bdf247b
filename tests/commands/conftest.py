from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from plugins_app.runtime.engine import close_engine
from tests.serving import Installation


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(transactional_db: None) -> Callable[..., Ran]:
    """run('list_plugins', '--json'): what the command printed and its exit code.

    A command is a process of its own: it does not go on with the engine of the test before."""
    close_engine()

    def run(name: str, *arguments: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command(name, *arguments, stdout=out, stderr=err)
        except CommandError as error:
            return Ran(error.returncode, out.getvalue(), f"{err.getvalue()}{error}")
        return Ran(0, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def family(settings: Any, tmp_path: Path) -> Path:
    """An empty family; the only plugin directory of the test."""
    family = tmp_path / f"plugins_{tmp_path.name}" / "shop"
    family.mkdir(parents=True)
    settings.ZANTARA_PLUGIN_DIRS = [family.parent]
    return family


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    assert installation.manage("migrate", "-v0").returncode == 0
    yield installation
    installation.kill()
