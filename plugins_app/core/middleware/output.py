"""The innermost step: what the plugin returned becomes a checked, serialised answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pydantic_core import to_json, to_jsonable_python

from plugins_app.core.errors import InvalidOutput
from plugins_app.core.execution import OUTPUT, Answer, Execution
from plugins_app.core.loaded import LoadedPlugin, own_fields
from plugins_app.core.masking import revealed
from plugins_app.core.plugin import BASE_OUTPUT_FIELDS, PluginOutput

MAX_OUTPUT_BYTES = 8 * 1024 * 1024
_BASE_FIELDS = set(BASE_OUTPUT_FIELDS)


class CheckOutput:
    def __init__(
        self, max_bytes: int = MAX_OUTPUT_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_bytes, self._clock = max_bytes, clock

    async def __call__(self, execution: Execution) -> Answer:
        execution.marks += (OUTPUT, self._clock())
        plugin = execution.loaded
        try:
            _hide(execution)
            answer = _answer(plugin, execution.output)
        except Exception as error:  # serialisers and computed fields are the plugin's own code
            raise InvalidOutput(
                f"Plugin {plugin.name!r} answered something else than it declares"
            ) from error
        if (size := len(answer.data)) > self._max_bytes:
            raise InvalidOutput(
                f"Plugin {plugin.name!r} answered {size} bytes; {self._max_bytes} are allowed"
            )
        return answer


def _hide(execution: Execution) -> None:
    """A secret that the plugin made may stand in its message too, or in why it is invalid."""
    masker, output = execution.loaded.output_mask, execution.output
    if masker.active and isinstance(plain := revealed(output), dict):
        own = {key: value for key, value in plain.items() if key not in BASE_OUTPUT_FIELDS}
        execution.hidden.add(masker.secrets(own))


def _answer(plugin: LoadedPlugin, output: Any) -> Answer:
    if isinstance(output, PluginOutput) and not output.success:
        return _failed(output)
    checked = plugin.output_model.model_validate(output)
    data = _own(checked) if plugin.wraps_data else to_json(checked.data, inf_nan_mode="null")
    return Answer(checked.success, data, checked.error, _plain(checked.metadata))


def _failed(output: PluginOutput) -> Answer:
    """`MyOutput.fail()` leaves required fields out, so only the base's own are checked."""
    head = PluginOutput(success=False, error=output.error, metadata=output.metadata)
    present = set(own_fields(type(output))) & vars(output).keys()
    data: Any = output.data
    if own_fields(type(output)):
        data = output.model_dump(mode="json", include=present, by_alias=True, warnings="none")
    return Answer(False, to_json(data, inf_nan_mode="null"), head.error, _plain(head.metadata))


def _own(output: PluginOutput) -> bytes:
    text = output.model_dump_json(exclude=_BASE_FIELDS, by_alias=True, warnings="error")
    return text.encode()


def _plain(metadata: dict[str, Any]) -> dict[str, Any]:
    return to_jsonable_python(metadata, inf_nan_mode="null") if metadata else {}
