"""The innermost step: what the plugin returned becomes a checked, serialised answer."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json

from plugins_app.core.errors import InvalidOutput
from plugins_app.core.execution import Answer, Execution
from plugins_app.core.loaded import own_fields
from plugins_app.core.plugin import BASE_OUTPUT_FIELDS, PluginOutput

MAX_OUTPUT_BYTES = 8 * 1024 * 1024


class CheckOutput:
    def __init__(self, max_bytes: int = MAX_OUTPUT_BYTES) -> None:
        self._max_bytes = max_bytes

    async def __call__(self, execution: Execution) -> Answer:
        plugin, output = execution.loaded, execution.output
        try:
            if not _failed(output):
                output = plugin.output_model.model_validate(output)
            data = _serialise(output)
        except (ValidationError, PydanticSerializationError) as error:
            raise InvalidOutput(
                f"Plugin {plugin.name!r} answered something else than it declares"
            ) from error
        if len(data) > self._max_bytes:
            raise InvalidOutput(
                f"Plugin {plugin.name!r} answered {len(data)} bytes; {self._max_bytes} are allowed"
            )
        return Answer(output.success, data, output.error, dict(output.metadata))


def _failed(output: Any) -> bool:
    """`MyOutput.fail()` leaves required fields out, so it is not checked against them."""
    return isinstance(output, PluginOutput) and not output.success


def _serialise(output: PluginOutput) -> bytes:
    if not own_fields(type(output)):
        return to_json(output.data)
    dumped = output.model_dump(
        mode="json",
        exclude=set(BASE_OUTPUT_FIELDS),
        by_alias=True,
        warnings="none" if not output.success else "error",
    )
    return to_json(dumped)
