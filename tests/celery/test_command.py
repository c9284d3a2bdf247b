"""What `run_plugin` says about queues without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from plugins_app.models import ExecutionLog
from tests.commands.conftest import Ran, run
from tests.commands.plugins import plugin

__all__ = ["run"]


def test_without_a_broker_the_command_says_which_setting_is_missing(
    run: Callable[..., Ran], family: Path, settings: Any
) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    settings.ZANTARA_BROKER_URL = ""
    ran = run("run_plugin", "shop.buy", "--queue")

    assert (ran.code, "set REDIS_URL or ZANTARA_BROKER_URL" in ran.err) == (1, True)
    assert not ExecutionLog.objects.exists()


def test_there_is_nothing_to_wait_for_without_a_queue(run: Callable[..., Ran]) -> None:
    ran = run("run_plugin", "shop.buy", "--wait")

    assert (ran.code, "--wait goes with --queue" in ran.err) == (2, True)
