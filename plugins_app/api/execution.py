"""Execute, from a request's bytes to an answer's bytes: the same for every HTTP door."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import orjson
from pydantic import Field

from plugins_app.api.body import Body, parse_body
from plugins_app.api.deprecation import deprecation_headers, warnings_of
from plugins_app.api.problems import engine_problem, problem_of
from plugins_app.api.reply import Reply, json_reply
from plugins_app.core.caller import Caller
from plugins_app.core.execution import Answer, Execution
from plugins_app.core.executor import describe
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.reservation import Reservation
from plugins_app.services.execute import (
    checked_input,
    execute,
    execute_and_wait,
    validate_and_wait,
)

API_ROOT = "/api/plugins/"


class ExecuteBody(Body):
    """`timeout_ms` is the deadline of the whole call."""

    input_data: dict[str, Any] = Field(default_factory=dict)
    use_cache: bool = True
    timeout_ms: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class ExecuteCall(NamedTuple):
    """What a door knows of the request once it has authenticated the caller."""

    name: str
    body: bytes
    content_type: str
    caller: Caller
    request_id: str
    content_encoding: str = ""
    root: str = API_ROOT
    """What stands before the name in the address."""


async def answer(call: ExecuteCall) -> Reply:
    """For a door on the engine's loop."""
    try:
        return reply_to(call, await run(call))
    except Exception as error:
        return problem_of(error, request_id=call.request_id, caller=call.caller)


def answer_and_wait(call: ExecuteCall) -> Reply:
    """The same for a door on a thread of its own."""
    try:
        execution = execute_and_wait(call.name, **_options(call))
    except Exception as error:
        return problem_of(error, request_id=call.request_id, caller=call.caller)
    return reply_to(call, execution)


async def run(call: ExecuteCall, reservation: Reservation | None = None) -> Execution:
    return await execute(call.name, **_options(call), reservation=reservation)


def check_and_wait(call: ExecuteCall) -> Reply:
    """Whether `answer` would refuse the call, on a thread of its own."""
    try:
        asked = asked_of(call)
        execution = validate_and_wait(
            call.name, asked.input_data, caller=call.caller, timeout_ms=asked.timeout_ms
        )
    except Exception as error:
        return problem_of(error, request_id=call.request_id, caller=call.caller)
    if execution.error is not None:
        return engine_problem(execution.error, request_id=call.request_id, caller=call.caller)
    plugin = execution.loaded
    body = {
        "success": True,
        "plugin": plugin.name,
        "plugin_version": plugin.version,
        "input_data": checked_input(execution),
    }
    return json_reply(body, headers=content_location(call.root, call.name, plugin, "/validate"))


def asked_of(call: ExecuteCall) -> ExecuteBody:
    return parse_body(ExecuteBody, call.body, call.content_type, call.content_encoding)


def _options(call: ExecuteCall) -> dict[str, Any]:
    asked = asked_of(call)
    return {
        "data": asked.input_data,
        "caller": call.caller,
        "source": "rest",
        "request_id": call.request_id,
        "use_cache": asked.use_cache,
        "timeout_ms": asked.timeout_ms,
    }


def reply_to(call: ExecuteCall, execution: Execution) -> Reply:
    """A plugin's own success=False is an answer: 200."""
    headers = {
        **_rate_headers(execution),
        **_deprecation_headers(execution),
        **_degraded_headers(execution),
    }
    if execution.error is not None:
        return engine_problem(
            execution.error,
            request_id=call.request_id,
            caller=call.caller,
            execution=execution,
            headers=headers,
        )
    assert execution.answer is not None
    headers |= content_location(call.root, call.name, execution.loaded, "/execute")
    return json_reply(_body(execution, execution.answer), headers=headers)


def _body(execution: Execution, given: Answer) -> dict[str, Any]:
    return {
        "success": given.success,
        "ok": given.success,
        "data": orjson.Fragment(given.data),
        "error": given.error,
        "metadata": describe(execution),
        **warnings_of(execution.loaded.metadata),
    }


def content_location(
    root: str, asked: str, plugin: LoadedPlugin, suffix: str = ""
) -> dict[str, str]:
    """The canonical address, where the caller used another name or asked for a version."""
    if asked == plugin.name:
        return {}
    pinned = asked.endswith(f"@{plugin.version}")
    return {"Content-Location": f"{root}{plugin.key if pinned else plugin.name}{suffix}"}


def _deprecation_headers(execution: Execution) -> dict[str, str]:
    return deprecation_headers(execution.plugin.metadata) if execution.plugin else {}


def _degraded_headers(execution: Execution) -> dict[str, str]:
    """That this process decided about limits and breakers without the others."""
    degraded = execution.admission and execution.admission.degraded
    return {"ZANTARA-Degraded": "shared-state"} if degraded else {}


def _rate_headers(execution: Execution) -> dict[str, str]:
    """The draft's structured fields, and the older X- ones. Seconds are rounded up. A call that was
    refused before it was counted is told the limit, and not what is left of it."""
    rate = execution.admission.rate if execution.admission else None
    if rate is None:
        limit = execution.plugin.metadata.rate_limit if execution.plugin else None
        return {"RateLimit-Policy": f'"plugin";q={limit};w=60'} if limit else {}
    reset = str(math.ceil(rate.reset))
    return {
        "RateLimit-Policy": f'"plugin";q={rate.limit};w={math.ceil(rate.window)}',
        "RateLimit": f'"plugin";r={rate.remaining};t={reset}',
        "X-RateLimit-Limit": str(rate.limit),
        "X-RateLimit-Remaining": str(rate.remaining),
        "X-RateLimit-Reset": reset,
    }
