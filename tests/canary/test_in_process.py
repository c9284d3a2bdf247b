"""What a caller inside of the process hands over is no JSON yet; and that the finder finds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.core.hiding import Hidden
from plugins_app.core.masking import Masker
from plugins_app.models import ExecutionLog, PluginRecord
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.execute import execute_and_wait
from tests.canary.canaries import Canaries
from tests.canary.served import PLUGINS

Rows = Callable[..., str]


@pytest.fixture
def canary() -> Canaries:
    return Canaries()


@pytest.fixture
def plugins(settings: Any) -> None:
    settings.ZANTARA_PLUGIN_DIRS = [PLUGINS]


@pytest.fixture
def rows_of(plugins: None, engine: Any) -> Rows:
    """Runs a call, and gives everything that its row holds."""

    def run(name: str = "vault.opens", **given: Any) -> str:
        execute_and_wait(name, given, caller=SYSTEM_CALLER, source="test")
        engine_loop.run(engine.close())
        return str(list(ExecutionLog.objects.values()))

    return run


def test_a_secret_that_is_a_secret_object_already_is_in_no_traceback(
    rows_of: Rows, canary: Canaries
) -> None:
    row = rows_of(way="crashes", secret=SecretStr(canary("object")))

    assert "RuntimeError" in row
    assert not canary.found_in(row)


def test_a_secret_inside_of_a_model_is_in_no_traceback(rows_of: Rows, canary: Canaries) -> None:
    from house.vault.plugins import Login, Ticket  # importable once the fixture has loaded it

    login = Login(password=SecretStr(canary("model")))
    row = rows_of(way="groups", logins=(login,), either=Ticket(code=canary("branch")))

    assert "ExceptionGroup" in row
    assert not canary.found_in(row)


def test_without_masks_the_database_holds_what_was_sent(
    rows_of: Rows, canary: Canaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Masker, "mask", lambda self, value: value)

    assert canary.found_in(rows_of(token=canary("token"))) == {"0 token"}


def test_without_hiding_the_database_holds_what_an_exception_quotes(
    rows_of: Rows, canary: Canaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hidden, "scrub", lambda self, text: text)

    found = canary.found_in(rows_of(way="crashes", token=canary("token"), pin=canary.number("pin")))

    assert found == {"0 token", "1 pin"}


def test_without_hiding_the_log_holds_what_a_plugin_writes(
    rows_of: Rows,
    canary: Canaries,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The lines themselves are only hidden where they are written."""
    rows_of("vault.thread", token=canary("token"))

    assert canary.found_in(caplog.text) == {"0 token"}


def test_calls_at_the_same_time_hide_only_their_own_secrets(canary: Canaries) -> None:
    async def call(own: str, other: str) -> str:
        from plugins_app.core.hiding import hiding, scrub

        with hiding(Hidden([own])):
            await asyncio.sleep(0)
            return scrub(f"{own} {other}")

    async def both() -> tuple[str, str]:
        return await asyncio.gather(call("first-secret", "second"), call("second-secret", "first"))

    assert tuple(asyncio.run(both())) == ("******** second", "******** first")


def test_what_a_plugin_keeps_in_its_store_is_its_own(rows_of: Rows, canary: Canaries) -> None:
    """It has to get back what it put there; nobody but the plugin reads it."""
    rows_of("vault.keeper", token=canary("kept"))

    assert canary.found_in(str(list(PluginRecord.objects.values()))) == {"0 kept"}
    assert not canary.found_in(str(list(ExecutionLog.objects.values())))
