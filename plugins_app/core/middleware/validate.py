from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from plugins_app.core.errors import (
    CallTimeout,
    FieldError,
    InvalidInput,
    PluginCrashed,
    ZantaraError,
)
from plugins_app.core.execution import Answer, CallNext, Execution
from plugins_app.core.masking import Masker, revealed

_SECRET_MESSAGE = "Invalid value"  # noqa: S105  (what is said of a secret field, not a secret)
_SHOWN_FIELDS = 50
_ABOUT_THE_NAME = {"missing", "extra_forbidden"}
"""Codes whose message never speaks of the value."""


class Validate:
    """Raw JSON becomes the plugin's input model; then the plugin's own `validate` may object."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    async def __call__(self, execution: Execution, call_next: CallNext) -> Answer:
        plugin = execution.loaded
        if plugin.secrets:
            execution.hidden.add(plugin.secrets)
        execution.hidden.wary = plugin.input_mask.active or plugin.output_mask.active
        _hide(execution, execution.data)
        try:
            execution.input = plugin.input_model.model_validate(execution.data)
        except ValidationError as error:
            fields = field_errors(error, execution.data, plugin.input_mask, execution.hidden.scrub)
            raise InvalidInput(_summary(fields), fields) from None
        _hide(execution, execution.input)  # which may be spelled otherwise, or be a default
        if plugin.checks_input:
            await self._run_own_check(execution)
        return await call_next(execution)

    async def _run_own_check(self, execution: Execution) -> None:
        plugin = execution.loaded
        try:
            verdict = plugin.plugin.validate(execution.input)
            if inspect.isawaitable(verdict):
                left = execution.deadline - self._clock()
                verdict = await asyncio.wait_for(verdict, left)
        except TimeoutError:
            raise CallTimeout(f"Plugin {plugin.name!r} did not check its input in time") from None
        except ValueError as error:
            message = _SECRET_MESSAGE if plugin.input_mask.active else str(error)
            raise InvalidInput(message, [FieldError("", "value_error", message)]) from None
        except ZantaraError:
            raise
        except Exception as error:
            raise PluginCrashed(f"Plugin {plugin.name!r} failed to check its input") from error
        if verdict is False:
            raise InvalidInput(f"Plugin {plugin.name!r} refused the input")


def _hide(execution: Execution, given: Any) -> None:
    masker = execution.loaded.input_mask
    if masker.active:
        with suppress(RecursionError):  # it contains itself, and is refused for that
            execution.hidden.add(masker.secrets(revealed(given)))


def field_errors(
    error: ValidationError, data: Any, masker: Masker, scrub: Callable[[str], str] = str
) -> list[FieldError]:
    """Without the values: a message that might quote a secret is replaced."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        FieldError(
            pointer=json_pointer(steps),
            code=detail["type"],
            message=_SECRET_MESSAGE if hidden else scrub(detail["msg"]),
        )
        for detail in details[:_SHOWN_FIELDS]
        for steps in [_steps(detail["loc"], data, detail["type"])]
        for hidden in [detail["type"] not in _ABOUT_THE_NAME and masker.covers(tuple(steps))]
    ]


def json_pointer(steps: Sequence[int | str]) -> str:
    """RFC 6901: ['a/b', 0] -> '/a~1b/0'."""
    return "".join(f"/{_escape(str(step))}" for step in steps)


def _steps(location: Sequence[int | str], data: Any, code: str) -> list[int | str]:
    """Without the labels that pydantic puts in for branches of a union."""
    steps: list[int | str] = []
    for index, step in enumerate(location):
        if _leads_into(data, step):
            data = data[step]
        elif code != "missing" or index < len(location) - 1:
            continue
        steps.append(step)
    return steps


def _leads_into(data: Any, step: int | str) -> bool:
    if isinstance(data, dict):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and step < len(data)


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _summary(fields: list[FieldError]) -> str:
    if len(fields) == 1:
        return f"{fields[0].pointer or 'input'}: {fields[0].message}"
    return f"{len(fields)} fields are invalid"
