"""A serving process warms itself when the registry state asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugins_app.models import ExecutionLog, RegistryState, Worker
from plugins_app.runtime.watcher import Seen, Watcher
from tests.runtime.conftest import write_plugin
from tests.runtime.test_engine import EngineOf, call
from tests.serving import wait_until

WARM = """
class Warm(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="warm", read_only=True, cache_ttl=300, cache_scope="public",
                              examples=({"input": {}},))
    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput(data="fresh")
"""
Watching = Callable[..., Watcher]
SLOW = WARM.replace("read_only", "timeout=250, read_only").replace(
    "        return", "        await asyncio.sleep(600)\n        return"
)


@pytest.fixture
def watching(engine_of: EngineOf) -> Iterator[Watching]:
    """watching(code, ...): a watcher over an engine of these modules; `look` is one round."""
    watchers: list[Watcher] = []

    def make(*modules: str) -> Watcher:
        watchers.append(Watcher(engine_of(*modules)))
        watchers[-1].seen = Seen.now()
        return watchers[-1]

    yield make
    for watcher in watchers:
        watcher._warmer.stop()


def ask(**warms: int) -> None:
    RegistryState.objects.update_or_create(pk=1, defaults={"warms": warms})


def reports(watcher: Watcher, name: str = "warm") -> dict[str, object]:
    """What this process's row says, as soon as it says something about the plugin."""

    def told() -> dict[str, object] | None:
        watcher.look()
        return Worker.objects.get().warmed.get(name)

    return wait_until(told, "the report")


def test_the_examples_are_in_the_cache_and_the_row_tells(watching: Watching) -> None:
    watcher = watching(WARM)
    ask(warm=1)

    assert reports(watcher) == {"request": 1, "answers": 1, "examples": 1, "error": ""}
    assert call("warm").cached


def test_warming_is_in_the_log(watching: Watching) -> None:
    watcher = watching(WARM)
    ask(warm=1)
    reports(watcher)

    logged = ExecutionLog.objects.get()
    assert (logged.plugin, logged.caller, logged.source) == ("warm", "system", "system")


def test_a_request_from_before_the_start_is_not_done(watching: Watching) -> None:
    ask(warm=1)
    watcher = watching(WARM, WARM.replace('"warm"', '"other"'))
    ask(warm=1, other=2)
    reports(watcher, "other")

    assert list(Worker.objects.get().warmed) == ["other"]


def test_a_plugin_that_is_not_here_is_reported(watching: Watching) -> None:
    watcher = watching()
    ask(warm=1)

    assert "'warm'" in str(reports(watcher)["error"])


def test_code_that_came_with_the_request_is_what_is_warmed(
    watching: Watching, family: Path
) -> None:
    watcher = watching(WARM)
    write_plugin(family / "m0.py", WARM.replace("fresh", "new"))
    RegistryState.objects.update_or_create(
        pk=1, defaults={"plugins": 1, "reloads": {"warm": 1}, "warms": {"warm": 1}}
    )
    reports(watcher)
    execution = call("warm")

    assert execution.answer
    assert (execution.cached, execution.answer.data) == (True, b'"new"')


def test_a_slow_plugin_does_not_hold_up_the_watcher(watching: Watching) -> None:
    watcher = watching(SLOW)
    ask(warm=1)
    watcher.look()
    watcher.look()

    assert Worker.objects.get().warmed == {}
    assert watcher.seen == Seen.now()


def test_an_end_of_the_process_ends_the_warming(watching: Watching) -> None:
    watcher = watching(SLOW)
    ask(warm=1)
    watcher.start(watcher.seen)
    wait_until(lambda: watcher._engine.executor.in_flight, "the warming")
    watcher.stop()

    wait_until(lambda: not watcher._engine.executor.in_flight, "the end of the warming")
