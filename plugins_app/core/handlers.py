"""Existing functions as plugins: the signature becomes the input model, the result the data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Optional, get_origin

from pydantic import ConfigDict, Field, TypeAdapter, create_model

from plugins_app.core.metadata import PluginCategory, PluginMetadata
from plugins_app.core.plugin import Plugin, PluginInput, PluginOutput

Handler = Callable[..., Any]
_VARIADIC: dict[Any, str] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}
_ENVELOPE = {"success", "ok", "data", "error"}


class FreeInput(PluginInput):
    """Any object: the handler takes it whole."""

    model_config = ConfigDict(extra="allow")


def wrap_handler(
    function: Handler,
    *,
    name: str,
    category: PluginCategory | str = PluginCategory.GENERAL,
    description: str | None = None,
    **metadata: Any,
) -> type[Plugin[Any, Any]]:
    """A plugin class around a function, sync (it gets a thread of its own) or async.

    `{"success": false, "error": ...}` and `{"ok": false, ...}` become failed answers, the same
    with true and `data` are unwrapped, anything else is the data. `metadata` are further fields
    of PluginMetadata. Raises TypeError for a signature that a JSON object cannot fill.
    """
    metadata.update(name=name, category=PluginCategory(category), description=description)
    return _wrapped(function, metadata, module=_module_of_caller())


def wrap_handler_as_plugin(
    name: str,
    category: PluginCategory | str,
    description: str,
    handler: Handler,
    **metadata: Any,
) -> type[Plugin[Any, Any]]:
    """wrap_handler in the order of the deployment guide."""
    metadata.update(name=name, category=PluginCategory(category), description=description)
    return _wrapped(handler, metadata, module=_module_of_caller())


def _module_of_caller() -> str:
    """The class belongs to the module that wraps, where discovery looks for it."""
    frame = inspect.currentframe()
    while frame and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", __name__)) if frame else __name__


def _wrapped(function: Handler, metadata: dict[str, Any], *, module: str) -> type[Plugin[Any, Any]]:
    is_async = _is_async(function)
    if metadata["description"] is None:
        metadata["description"] = _first_paragraph(function)
    metadata.setdefault("isolation", "inline" if is_async else "thread")
    members = {
        "__module__": module,
        "__doc__": function.__doc__,
        "metadata": PluginMetadata(**metadata),
        "output_model": PluginOutput,
        **(_taking_whole_object(function) if _wants_params(function) else _taking_names(function)),
    }
    members["execute"] = _execute(function, members.pop("arguments"), is_async=is_async)
    return type(f"{_camel(metadata['name'])}Plugin", (Plugin,), members)


def _execute(function: Handler, arguments: Callable[[Any], Any], *, is_async: bool) -> Handler:
    async def run_async(self: Any, input_data: Any) -> PluginOutput:
        positional, named = arguments(input_data)
        return _output(await function(*positional, **named))

    def run(self: Any, input_data: Any) -> PluginOutput:
        positional, named = arguments(input_data)
        return _output(function(*positional, **named))

    return run_async if is_async else run


def _is_async(function: Handler) -> bool:
    found = inspect.unwrap(function)
    called = getattr(type(found), "__call__", None)  # noqa: B004  (an object's own method)
    return inspect.iscoroutinefunction(found) or inspect.iscoroutinefunction(called)


def _camel(name: str) -> str:
    words = name.replace(".", "_").replace("-", "_").split("_")
    return "".join(word[:1].upper() + word[1:] for word in words)


def _first_paragraph(function: Handler) -> str:
    return " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())


def _parameters(function: Handler) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function, eval_str=True).parameters.values())
    except NameError as error:
        raise TypeError(f"{_label(function)}: a type cannot be resolved: {error}") from error


def _label(function: Handler) -> str:
    return f"{getattr(function, '__qualname__', repr(function))}()"


def _wants_params(function: Handler) -> bool:
    """The legacy form: one parameter `params`, a dict or without a type."""
    parameters = _parameters(function)
    if [p.name for p in parameters if p.kind not in _VARIADIC] != ["params"]:
        return False
    hint = parameters[0].annotation
    is_dict = (get_origin(hint) or hint) in (dict, Mapping)
    return len(parameters) == 1 and (is_dict or hint in (Any, inspect.Parameter.empty))


def _taking_whole_object(function: Handler) -> dict[str, Any]:
    def arguments(input_data: PluginInput) -> tuple[list[Any], dict[str, Any]]:
        return [dict(input_data.model_extra or {})], {}

    return {"input_model": FreeInput, "arguments": arguments}


def _taking_names(function: Handler) -> dict[str, Any]:
    """Fields have neutral names and the parameters' as aliases, since a parameter may be called
    like a method of the model."""
    parameters = _parameters(function)
    fields = {f"field_{i}": _field(function, p) for i, p in enumerate(parameters)}
    name = f"{_camel(getattr(function, '__name__', 'handler'))}Input"
    model: type[PluginInput] = create_model(name, __base__=PluginInput, **fields)

    def arguments(input_data: PluginInput) -> tuple[list[Any], dict[str, Any]]:
        values = [(p, getattr(input_data, f"field_{i}")) for i, p in enumerate(parameters)]
        positional = [value for p, value in values if p.kind is p.POSITIONAL_ONLY]
        return positional, {p.name: value for p, value in values if p.kind is not p.POSITIONAL_ONLY}

    return {"input_model": model, "arguments": arguments}


def _field(function: Handler, parameter: inspect.Parameter) -> Any:
    place = f"{_label(function)}: parameter {parameter.name!r}"
    if stars := _VARIADIC.get(parameter.kind):
        raise TypeError(f"{place} ({stars}{parameter.name}) has no fixed names: list them instead")
    hint = Any if parameter.annotation is parameter.empty else parameter.annotation
    default = ... if parameter.default is parameter.empty else parameter.default
    if default is None:
        hint = Optional[hint]  # noqa: UP045  (the type is only known when this runs)
    try:
        TypeAdapter(hint)
    except Exception as error:
        raise TypeError(f"{place} has a type that JSON cannot fill: {hint!r}") from error
    return hint, Field(default=default, alias=parameter.name)


def _output(result: Any) -> PluginOutput:
    if isinstance(result, PluginOutput):
        return result
    verdict = _verdict(result)
    if verdict is False:
        message = result.get("error") or result.get("message") or "The handler failed"
        return PluginOutput(success=False, error=_text(message), data=result.get("data"))
    if verdict and "data" in result and result.keys() <= _ENVELOPE:
        return PluginOutput(data=result["data"])
    return PluginOutput(data=result)


def _verdict(result: Any) -> bool | None:
    """What an envelope says of itself; None where the result is none."""
    if not isinstance(result, dict):
        return None
    marks = [result[key] for key in ("success", "ok") if isinstance(result.get(key), bool)]
    return all(marks) if marks else None


def _text(message: Any) -> str:
    if isinstance(message, dict):
        message = message.get("message", message)
    return str(message)
