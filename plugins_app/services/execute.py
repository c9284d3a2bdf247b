"""The one way to run a plugin, for every door."""

from __future__ import annotations

from functools import partial
from typing import Any

from plugins_app.core.caller import Caller
from plugins_app.core.errors import PluginNotFound
from plugins_app.core.execution import Execution
from plugins_app.core.reservation import Reservation
from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.engine import current_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.catalogue import load_error, sees_broken


async def execute(
    name: str,
    data: Any,
    *,
    caller: Caller,
    source: str,
    request_id: str = "",
    use_cache: bool = True,
    timeout_ms: float | None = None,
    reservation: Reservation | None = None,
) -> Execution:
    """On the engine's loop. Ends with an answer or an error in the execution."""
    engine = current_engine()
    await engine.open()
    execution = await engine.executor.run(
        name,
        data,
        caller=caller,
        source=source,
        request_id=request_id,
        use_cache=use_cache,
        timeout_ms=timeout_ms,
        reservation=reservation,
    )
    if isinstance(execution.error, PluginNotFound) and sees_broken(caller):
        broken = await in_database_thread(partial(load_error, caller, name))
        execution.error = broken or execution.error
    return execution


def execute_and_wait(name: str, data: Any, **options: Any) -> Execution:
    """The same from a thread that is not the loop's; options as for `execute`."""
    return engine_loop.run(execute(name, data, **options))


async def validate(
    name: str, data: Any, *, caller: Caller, timeout_ms: float | None = None
) -> Execution:
    """Whether `execute` would refuse the call before it is admitted. Runs and records nothing."""
    engine = current_engine()
    await engine.open()
    return await engine.executor.check(name, data, caller=caller, timeout_ms=timeout_ms)


def validate_and_wait(name: str, data: Any, **options: Any) -> Execution:
    return engine_loop.run(validate(name, data, **options))


def checked_input(execution: Execution) -> Any:
    """The input as the plugin would get it, in JSON's terms and with sensitive fields masked."""
    assert execution.input is not None
    plain = execution.input.model_dump(mode="json", by_alias=True)
    return execution.loaded.input_mask.mask(plain)
