"""A plugin class that kept its contract, with all that calls need of it worked out once."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from plugins_app.core.errors import LoadError
from plugins_app.core.masking import Masker, revealed
from plugins_app.core.metadata import NO_OVERRIDES, PluginMetadata, PluginOverrides
from plugins_app.core.plugin import BASE_OUTPUT_FIELDS, Plugin, PluginInput, PluginOutput
from plugins_app.core.state import BreakerRule

JsonSchema = dict[str, Any]


@dataclass(slots=True)
class InFlight:
    """Calls that still run on one plugin object; `idle` is told when the last one is over."""

    count: int = 0
    waiting: int = 0
    idle: Callable[[], None] | None = None

    def enter(self) -> None:
        self.count += 1

    def leave(self) -> None:
        self.count -= 1
        if not self.count and self.idle:
            self.idle()


@dataclass(frozen=True, eq=False)
class LoadedPlugin:
    """`metadata` is in force: what the code declares, with the operator's overrides over it."""

    plugin: Plugin[Any, Any]
    declared: PluginMetadata
    metadata: PluginMetadata
    input_model: type[PluginInput]
    output_model: type[PluginOutput]
    module: str
    path: str
    source_hash: str
    takes_context: bool
    is_async: bool
    enabled: bool = True
    overrides: PluginOverrides = NO_OVERRIDES
    config_generation: int = 0
    calls: InFlight = field(default_factory=InFlight)
    loaded_at: float = field(default_factory=time.monotonic)
    """What a worker process imported before then is older than this."""

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def version(self) -> str:
        return self.metadata.version

    @cached_property
    def key(self) -> str:
        return f"{self.name}@{self.version}"

    @cached_property
    def breaker(self) -> BreakerRule:
        """Of its circuit breaker in the shared state: another version starts closed."""
        return BreakerRule(f"breaker:{self.key}", self.metadata.attempt_timeout + 1)

    @property
    def visibility(self) -> str:
        return self.overrides.visibility or "public"

    @property
    def keeps_payloads(self) -> bool:
        """Whether the log may hold its inputs and outputs."""
        return self.overrides.payloads != "off"

    @cached_property
    def checks_input(self) -> bool:
        """Whether it has a `validate` of its own."""
        return type(self.plugin).validate is not Plugin.validate

    @cached_property
    def wraps_data(self) -> bool:
        """Whether the answer's `data` is the output model's own fields."""
        return bool(own_fields(self.output_model))

    @cached_property
    def input_schema(self) -> JsonSchema:
        return self.input_model.model_json_schema(mode="validation")

    @cached_property
    def output_schema(self) -> JsonSchema:
        """Describes the answer's `data`: the subclass's own fields."""
        if not own_fields(self.output_model):
            return {"description": "Any JSON value."}
        schema = self.output_model.model_json_schema(mode="serialization")
        for name in BASE_OUTPUT_FIELDS:
            schema["properties"].pop(name, None)
        required = [n for n in schema.get("required", ()) if n not in BASE_OUTPUT_FIELDS]
        return {**schema, "required": required}

    @cached_property
    def input_mask(self) -> Masker:
        return Masker(self.input_schema)

    @cached_property
    def secrets(self) -> frozenset[str]:
        """Sensitive values of its configuration."""
        config = self.plugin.config
        if not isinstance(config, BaseModel):
            return frozenset()
        masker = Masker(type(config).model_json_schema())
        return frozenset(masker.secrets(revealed(config)))

    @cached_property
    def output_mask(self) -> Masker:
        return Masker(self.output_schema)

    def under(
        self, overrides: PluginOverrides, *, enabled: bool, config_generation: int
    ) -> LoadedPlugin:
        """The same object under an operator's decisions."""
        return replace(
            self,
            overrides=overrides,
            enabled=enabled,
            config_generation=config_generation,
            metadata=overrides.apply(self.declared),
        )


def own_fields(model: type[PluginOutput]) -> list[str]:
    return [name for name in model.model_fields if name not in BASE_OUTPUT_FIELDS]


ConfigFor = Callable[[str], dict[str, Any]]


def build(cls: type[Plugin[Any, Any]], config_for: ConfigFor, source_hash: str) -> LoadedPlugin:
    """Check the class's contract and construct it; raises LoadError. `on_load` is not run here."""
    plugin = _construct(cls)
    metadata = _metadata(cls, plugin)
    plugin.config = _config(cls, metadata.name, config_for(metadata.name))
    input_model, output_model = _models(cls, plugin)
    _check_output_model(output_model)
    takes_context, is_async = _inspect_execute(cls, metadata)
    if metadata.isolation == "process":
        _check_importable(cls)
    return LoadedPlugin(
        plugin=plugin,
        declared=metadata,
        metadata=metadata,
        input_model=input_model,
        output_model=output_model,
        module=cls.__module__,
        path=_source_path(cls),
        source_hash=source_hash,
        takes_context=takes_context,
        is_async=is_async,
    )


def _construct(cls: type[Plugin[Any, Any]]) -> Plugin[Any, Any]:
    try:
        return cls()
    except TypeError as error:
        raise LoadError(
            f"{cls.__name__} cannot be constructed without arguments: {error}"
        ) from error


def _metadata(cls: type, plugin: Plugin[Any, Any]) -> PluginMetadata:
    metadata = getattr(plugin, "metadata", None)
    if not isinstance(metadata, PluginMetadata):
        raise LoadError(f"{cls.__name__}.metadata is not a PluginMetadata")
    return metadata


def _config(cls: type[Plugin[Any, Any]], name: str, values: dict[str, Any]) -> BaseModel | None:
    if cls.config_model is None:
        if values:
            raise LoadError(f"{name} is configured, but {cls.__name__} has no config_model")
        return None
    masker = Masker(cls.config_model.model_json_schema())
    try:
        return cls.config_model.model_validate(values)
    except ValidationError as error:
        secret = masker.covers
        places = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {'invalid' if secret(e['loc']) else e['msg']}"
            for e in error.errors()
        )
        raise LoadError(f"Configuration of {name} is invalid: {places}") from None
    except Exception as error:
        if not masker.active:
            raise
        kind = type(error).__name__
        raise LoadError(f"Configuration of {name} cannot be checked: {kind}") from None


def _models(cls: type, plugin: Plugin[Any, Any]) -> tuple[type[PluginInput], type[PluginOutput]]:
    """From `input_model`/`output_model`, the guide's `input_schema`/`output_schema` properties,
    or the type parameters of Plugin[...]."""
    parameters = _type_parameters(cls)
    models: tuple[Any, Any] = (
        plugin.input_model or _model_property(plugin, "input_schema") or parameters[0],
        plugin.output_model or _model_property(plugin, "output_schema") or parameters[1],
    )
    for model, base in zip(models, _MODEL_BASES, strict=True):
        if not _is_model(model, base):
            raise LoadError(
                f"{cls.__name__} names no {base.__name__} model: "
                "write Plugin[MyInput, MyOutput] or set input_model and output_model"
            )
    return models


_MODEL_BASES: tuple[type[BaseModel], type[BaseModel]] = (PluginInput, PluginOutput)


def _is_model(value: Any, base: type[BaseModel]) -> bool:
    return inspect.isclass(value) and issubclass(value, base)


def _model_property(plugin: Plugin[Any, Any], name: str) -> Any:
    value = getattr(plugin, name, None)
    return value if inspect.isclass(value) else None


def _type_parameters(cls: type) -> tuple[Any, Any]:
    for base in cls.__mro__:
        for generic in base.__dict__.get("__orig_bases__", ()):
            arguments = get_args(generic)
            if len(arguments) == 2 and all(map(_is_model, arguments, _MODEL_BASES)):
                return arguments[0], arguments[1]
    return None, None


def _check_output_model(model: type[PluginOutput]) -> None:
    redefined = sorted(
        name
        for base in model.__mro__
        if base is not PluginOutput and issubclass(base, PluginOutput)
        for name in inspect.get_annotations(base)
        if name in BASE_OUTPUT_FIELDS
    )
    if redefined:
        raise LoadError(f"{model.__name__} redefines {', '.join(redefined)} of PluginOutput")


def _inspect_execute(cls: type[Plugin[Any, Any]], metadata: PluginMetadata) -> tuple[bool, bool]:
    """(takes a context, is a coroutine function), from the unbound attribute of the class."""
    function = inspect.unwrap(inspect.getattr_static(cls, "execute"))
    if not inspect.isfunction(function):
        raise LoadError(f"{cls.__name__}.execute is not a plain method")
    parameters = list(inspect.signature(function).parameters.values())[1:]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if len(parameters) not in (1, 2) or any(p.kind not in positional for p in parameters):
        raise LoadError(
            f"{cls.__name__}.execute takes (self, input_data) or (self, input_data, context)"
        )
    is_async = inspect.iscoroutinefunction(function)
    if not is_async and metadata.isolation == "inline":
        raise LoadError(
            f"{cls.__name__}.execute is not async: write 'async def', "
            "or declare isolation='thread' for blocking code"
        )
    return len(parameters) == 2, is_async


def _check_importable(cls: type) -> None:
    """A worker process imports the module and looks for the class by its name."""
    module = sys.modules.get(cls.__module__)
    if cls.__module__ == "__main__" or getattr(module, cls.__qualname__, None) is not cls:
        raise LoadError(
            f"{cls.__name__} with isolation='process' is not found at the top of "
            f"{cls.__module__} under its own name"
        )


def _source_path(cls: type) -> str:
    try:
        return inspect.getsourcefile(cls) or ""
    except (TypeError, OSError):
        return ""
