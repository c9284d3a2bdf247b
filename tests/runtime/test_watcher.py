"""What keeps a serving process up to date and visible, and how such a process starts and ends."""

from __future__ import annotations

import gc
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import InterfaceError, OperationalError

from plugins_app.models import ExecutionLog, InstalledPlugin, Worker
from plugins_app.runtime import serving, watcher
from plugins_app.runtime.engine import current_engine
from plugins_app.runtime.watcher import Seen, Watcher
from plugins_app.services.generation import raise_generation
from tests.runtime.conftest import write_plugin
from tests.runtime.test_engine import ECHO, EngineOf, answered, call
from tests.serving import wait_until

OTHER = ECHO.replace("[self.loaded, self.unloaded]", "'other'")


def test_a_reload_asked_for_elsewhere_is_done_here(engine_of: EngineOf, family: Path) -> None:
    watch = Watcher(engine_of(ECHO))
    watch.seen = Seen.now()
    write_plugin(family / "m0.py", OTHER)
    watch.look()
    assert answered(call("echo")) == [1, 0]
    raise_generation("plugins", reloads=["echo"])
    watch.look()
    assert answered(call("echo")) == "other"


def test_a_plugin_that_was_found_elsewhere_is_served_here(
    engine_of: EngineOf, family: Path
) -> None:
    watch = Watcher(engine_of())
    write_plugin(family / "m0.py", ECHO)
    raise_generation("plugins")
    watch.look()
    assert answered(call("echo")) == [1, 0]


def test_a_reload_that_this_process_did_itself_is_not_repeated(engine_of: EngineOf) -> None:
    engine = engine_of(ECHO)
    watch = Watcher(engine)
    engine.reloaded["echo"] = raise_generation("plugins", reloads=["echo"])
    before = engine.registry.resolve("echo").plugin
    watch.look()
    assert engine.registry.resolve("echo").plugin is before


def test_a_broken_reload_leaves_the_old_code_serving_and_is_not_tried_for_ever(
    engine_of: EngineOf, family: Path
) -> None:
    engine = engine_of(ECHO)
    watch = Watcher(engine)
    write_plugin(family / "m0.py", "nonsense(")
    raise_generation("plugins", reloads=["echo"])
    watch.look()
    assert answered(call("echo")) == [1, 0]
    assert watch.seen == Seen.now()
    assert Worker.objects.get().errors[0]["plugin"] == "echo"


def test_a_plugin_disabled_elsewhere_is_disabled_here(engine_of: EngineOf) -> None:
    watch = Watcher(engine_of(ECHO))
    InstalledPlugin.objects.create(
        name="echo", enabled=False, version="1.0.0", category="general", last_seen=_now()
    )
    raise_generation("policies")
    watch.look()
    error = call("echo").error
    assert error
    assert error.code == "plugin_disabled"


def test_changed_configuration_makes_new_instances(engine_of: EngineOf) -> None:
    engine = engine_of(ECHO)
    watch, before = Watcher(engine), engine.registry.resolve("echo").plugin
    raise_generation("config")
    watch.look()
    assert engine.registry.resolve("echo").plugin is not before


def test_a_look_that_finds_nothing_new_loads_nothing(
    engine_of: EngineOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of(ECHO)
    watch = Watcher(engine)
    watch.look()
    monkeypatch.setattr(engine, "take_policies", None)
    monkeypatch.setattr(engine.registry, "load", None)
    watch.look()


def test_dead_processes_rows_are_swept(engine_of: EngineOf) -> None:
    past = _now() - timedelta(minutes=5)
    ExecutionLog.objects.create(
        id="0" * 26, plugin="p", status="running", caller="c", started_at=past, lease_until=past
    )
    Watcher(engine_of()).look()
    assert ExecutionLog.objects.get().status == "abandoned"


def test_a_worker_is_seen_while_it_runs_and_gone_after(engine_of: EngineOf) -> None:
    engine = engine_of(ECHO)
    watch, looked = Watcher(engine), threading.Event()
    look = watch.look
    watch.look = lambda: [look(), looked.set()][1]  # type: ignore[method-assign]
    watch.start(Seen.now())
    assert looked.wait(10)
    worker = Worker.objects.get()
    assert (worker.id, len(worker.registry_hash), worker.errors) == (engine.worker, 64, [])
    watch.stop()
    assert not Worker.objects.exists()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, ValueError])
def test_the_watcher_survives_errors(
    engine_of: EngineOf, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(watcher, "POLL_SECONDS", 0.0)
    watch, looks = Watcher(engine_of()), 0
    survived = threading.Event()

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise error("gone")
        survived.set()

    watch.look = look  # type: ignore[method-assign]
    watch.start(Seen())
    assert survived.wait(10)
    watch.stop()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_connection_that_died_is_not_kept(
    engine_of: EngineOf, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(watcher, "POLL_SECONDS", 0.0)
    closed = threading.Event()
    monkeypatch.setattr(watcher, "close_thread_connections", closed.set)
    watch = Watcher(engine_of())

    def look() -> None:
        raise error("gone")

    watch.look = look  # type: ignore[method-assign]
    watch.start(Seen())
    assert closed.wait(10)
    watch.stop()


# --- serving --------------------------------------------------------------------------------------


async def test_a_server_adopts_its_loop_watches_and_signs_off(
    family: Path, transactional_db: None
) -> None:
    import asyncio

    from plugins_app.runtime.engine import forget_engine
    from plugins_app.runtime.loop import engine_loop

    write_plugin(family / "m0.py", ECHO)
    forget_engine()
    await serving.start_on_this_loop()
    engine = current_engine()
    assert engine_loop.get() is asyncio.get_running_loop()
    assert (engine.loaded, engine.registry.get_all_plugin_names()) == (True, ["echo"])
    assert gc.get_freeze_count()
    await serving.stop()
    assert not gc.get_freeze_count()
    assert (engine.executor.draining, engine_loop.running) == (True, False)
    assert current_engine() is not engine


def test_sigterm_refuses_new_calls_and_then_goes_to_the_servers_own_handler(
    engine_of: EngineOf,
) -> None:
    engine, told = engine_of(ECHO), list[int]()
    before = signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))
    try:
        serving._drain_on_sigterm(engine)
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    error = call("echo").error
    assert error
    assert error.code == "draining"
    wait_until(lambda: told == [signal.SIGTERM], "the server's own handler")


def test_without_a_lifespan_the_first_request_starts_one_watcher(
    engine_of: EngineOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine_of(ECHO)
    serving.ensure_started()
    first = serving._watcher
    serving.ensure_started()
    assert first
    assert serving._watcher is first
    first.stop()
    monkeypatch.setattr(serving, "_watcher", None)


def _now() -> datetime:
    return datetime.now(UTC)
