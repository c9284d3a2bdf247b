"""The engine of a process, from its first use to its end, and what it hands to plugins."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from plugins_app.core.caller import Caller, CallerKind, Scope
from plugins_app.core.errors import PluginNotFound
from plugins_app.core.execution import Execution
from plugins_app.models import ExecutionLog, InstalledPlugin
from plugins_app.runtime.engine import Engine, current_engine, forget_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.execute import execute_and_wait
from tests.core.calls import GUEST, USER
from tests.runtime.conftest import write_plugin

EngineOf = Callable[..., Engine]
ECHO = """
class Echo(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="echo")
    loaded = unloaded = 0

    def on_load(self):
        type(self).loaded += 1

    def on_unload(self):
        type(self).unloaded += 1

    async def execute(self, input_data):
        return PluginOutput(data=[self.loaded, self.unloaded])
"""
CALLS = """
class Calls(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="calls")

    async def execute(self, input_data, context: Context):
        return PluginOutput(data=await context.call("inner"))
"""
INNER = """
class Inner(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="inner"{more})

    async def execute(self, input_data, context: Context):
        return PluginOutput(data=[context.caller.id, context.remaining])
"""


def call(name: str, data: Any = None, caller: Caller = USER, **how: Any) -> Execution:
    return execute_and_wait(name, data or {}, caller=caller, source="test", **how)


def answered(execution: Execution) -> Any:
    import orjson

    assert execution.answer, execution.error
    return orjson.loads(execution.answer.data)


# --- from open to close ---------------------------------------------------------------------------


def test_opening_twice_loads_once(engine_of: EngineOf) -> None:
    engine = engine_of(ECHO)
    engine_loop.run(engine.open())
    assert answered(call("echo")) == [1, 0]


def test_the_first_calls_of_a_process_share_one_load(
    family: Path, transactional_db: None, engine_of: EngineOf
) -> None:
    write_plugin(family / "m.py", ECHO)
    forget_engine()
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(call, "echo") for _ in range(16)]
        assert {tuple(answered(answer.result())) for answer in answers} == {(1, 0)}


def test_a_closed_engine_unloads_and_opens_again(engine_of: EngineOf) -> None:
    engine = engine_of(ECHO)
    first = type(engine.registry.resolve("echo").plugin)
    engine_loop.run(engine.close())
    assert (first.unloaded, engine.loaded) == (1, False)
    assert call("echo").error is None


def test_what_operators_decided_holds_from_the_first_call(
    family: Path, engine_of: EngineOf
) -> None:
    InstalledPlugin.objects.create(
        name="echo",
        enabled=False,
        version="1.0.0",
        category="general",
        last_seen="2026-01-01T00:00Z",
    )
    engine_of(ECHO)
    error = call("echo").error
    assert error
    assert error.code == "plugin_disabled"


def test_a_call_through_the_service_is_logged(engine_of: EngineOf) -> None:
    engine_of(ECHO)
    execution = call("echo", request_id="r")
    written = ExecutionLog.objects.get(pk=execution.id)
    assert (written.status, written.request_id, written.source) == ("succeeded", "r", "test")
    assert written.worker == current_engine().worker


# --- plugins that call plugins --------------------------------------------------------------------


def test_a_nested_call_has_its_callers_name_and_deadline(engine_of: EngineOf) -> None:
    engine_of(CALLS, INNER.format(more=""))
    caller, left = answered(call("calls", timeout_ms=2_000))
    assert caller == USER.id
    assert 0 < left <= 2.0


def test_a_nested_call_is_logged_as_a_plugins(engine_of: EngineOf) -> None:
    engine_of(CALLS, INNER.format(more=""))
    call("calls", request_id="r")
    found = ExecutionLog.objects.order_by("id").values_list("plugin", "source", "request_id")
    assert list(found) == [("calls", "test", "r"), ("inner", "plugin", "r")]


@pytest.mark.parametrize(
    ("caller", "more", "code"),
    [
        (GUEST, ", requires_auth=True", "not found"),
        (USER, ", requires_admin=True", "for administrators"),
        (
            Caller("key:1", CallerKind.KEY, scopes=frozenset(Scope), plugins=("calls",)),
            "",
            "not found",
        ),
    ],
)
def test_a_plugin_reaches_nothing_that_its_caller_may_not(
    engine_of: EngineOf, caller: Caller, more: str, code: str
) -> None:
    engine_of(CALLS, INNER.format(more=more))
    error = call("calls", caller=caller).error
    assert error
    assert (error.code, code in str(error)) == ("plugin_error", True)


def test_the_catalogue_lists_what_the_caller_may_see(engine_of: EngineOf) -> None:
    look = """
    class Look(Plugin[PluginInput, PluginOutput]):
        metadata = PluginMetadata(name="look")

        async def execute(self, input_data, context: Context):
            names = [entry.name for entry in await context.catalogue.list()]
            try:
                await context.catalogue.get("inner")
            except Exception as error:
                names.append(type(error).__name__)
            return PluginOutput(data=names)
    """
    engine_of(look, INNER.format(more=", requires_auth=True"))
    assert answered(call("look", caller=GUEST)) == ["look", PluginNotFound.__name__]
    assert answered(call("look")) == ["inner", "look"]


# --- the deployment guide's names -----------------------------------------------------------------

SCRIPT = """
import asyncio, sys, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput
from plugins_app.runtime import executor, registry

class Twice(PluginInput):
    n: int = 0

class Double(Plugin[Twice, PluginOutput]):
    metadata = PluginMetadata(name="guide.double", read_only=True, cache_ttl=60,
                              examples=[{"input": {"n": 2}, "expect": None}])
    async def execute(self, input_data):
        return PluginOutput(data=2 * input_data.n)

async def main():
    plugin = await registry.register(Double)
    assert plugin.name == "guide.double"
    await registry.discover_plugins(sys.argv[1], "found_here")
    assert registry.get_all_plugin_names() == ["echo", "guide.double"]
    assert registry.get_statistics()["total_plugins"] == 2
    assert registry.get("guide.double").version == "1.0.0"
    assert [p.name for p in registry.list_plugins(category="general")] != []
    assert [p.name for p in registry.search("double")] == ["guide.double"]
    answer = await executor.execute("guide.double", {"n": 21}, timeout=10000)
    assert (answer.ok, answer.data) == (True, 42)
    many = await asyncio.gather(*(executor.execute("guide.double", {"n": n}) for n in range(10)))
    assert [a.data for a in many] == [2 * n for n in range(10)]
    assert await executor.warm_plugins(["guide.double"]) == {"guide.double": 1}
    assert executor.get_metrics("guide.double")["calls"] == 12
    assert (await registry.reload("echo")).name == "echo"

asyncio.run(main())
asyncio.run(main.__globals__["executor"].execute("guide.double", {"n": 1}))
assert registry.get_statistics()["total_plugins"] == 2
print("done")
"""


def test_the_guides_snippets_run_in_a_plain_script(tmp_path: Path) -> None:
    plugins = tmp_path / "more"
    plugins.mkdir()
    write_plugin(plugins / "echo.py", ECHO)
    (tmp_path / "none").mkdir()
    (tmp_path / "script.py").write_text(SCRIPT)
    settings = {
        "DJANGO_SETTINGS_MODULE": "zantara.settings",
        "ZANTARA_VAR_DIR": str(tmp_path / "var"),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'script.sqlite3'}",
        "ZANTARA_PLUGIN_DIRS": str(tmp_path / "none"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py"), str(plugins)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr


def test_the_guides_executor_runs_on_the_engines_loop_from_any_other(engine_of: EngineOf) -> None:
    from plugins_app.runtime import executor, registry

    async def loop_of() -> Any:
        return await executor.execute("where")

    engine_of("""
    class Where(Plugin[PluginInput, PluginOutput]):
        metadata = PluginMetadata(name="where")

        async def execute(self, input_data):
            return PluginOutput(data=id(asyncio.get_running_loop()))
    """)
    assert asyncio.run(loop_of()).data == id(engine_loop.get())
    assert registry.get_all_plugin_names() == ["where"]
