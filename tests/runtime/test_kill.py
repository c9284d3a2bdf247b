"""What a client has seen survives `kill -9` of the server at any moment."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime._killing import PLUGINS, Load, check
from tests.serving import Installation

KILLS = 20 if os.environ.get("ZANTARA_SOAK") else 3


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
    chance, load = random.Random(7), Load(installation)
    for _ in range(KILLS):
        installation.start()
        with load.running():
            time.sleep(chance.uniform(0.5, 1.5))  # The moment of the kill is what is drawn here.
            installation.kill()
    assert len(load.answered) > 10 * KILLS, installation.log
    check(installation, load)
