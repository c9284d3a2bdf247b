"""The class that a plugin author writes, and the models around it."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, computed_field

from plugins_app.core.context import Context


class PluginInput(BaseModel):
    """Base of input models. Unknown fields are refused unless the model's config says otherwise."""

    model_config = ConfigDict(extra="forbid")


class PluginOutput(BaseModel):
    """Base of output models: subclasses add their own fields, which are the answer's `data`.

    A plain PluginOutput passes `data` through. `success=False` is an answer, not a crash.
    """

    model_config = ConfigDict(revalidate_instances="always")

    success: bool = Field(default=True, description="Whether the plugin did what was asked.")
    data: Any = Field(default=None, description="The answer.")
    error: str | None = Field(default=None, description="Why it failed, for the caller.")
    metadata: dict[str, Any] = Field(default_factory=dict, description="About the execution.")

    @computed_field(description="The same as success, under its former name.")  # type: ignore[prop-decorator]
    @property
    def ok(self) -> bool:
        return self.success

    @classmethod
    def fail(cls, message: str, **metadata: Any) -> Self:
        """A failed answer with a public message; required fields of the subclass are left out."""
        return cls.model_construct(success=False, error=message, metadata=metadata)  # type: ignore[return-value]


BASE_OUTPUT_FIELDS = frozenset({*PluginOutput.model_fields, "ok"})

InputT = TypeVar("InputT", bound=PluginInput)
OutputT = TypeVar("OutputT", bound=PluginOutput)


class Plugin(Generic[InputT, OutputT]):
    """One capability. Constructed without arguments; `config` is set before `on_load`.

    Subclasses set `metadata` and write `execute(self, input_data, context)`; `context` may be
    left out. No ABC: subclass checks against one are quadratic over a large class tree, so the
    registry checks the contract when it loads the class.
    """

    metadata: Any  # PluginMetadata, or a property that gives one
    input_model: ClassVar[type[PluginInput] | None] = None
    output_model: ClassVar[type[PluginOutput] | None] = None
    config_model: ClassVar[type[BaseModel] | None] = None

    config: Any = None

    async def execute(self, input_data: InputT, context: Context) -> OutputT:
        raise TypeError(f"{type(self).__name__} does not define execute")

    def validate(self, input_data: InputT) -> Any:
        """May refuse input that is well-formed: return False or raise ValueError. May be async."""
        return True

    def on_load(self) -> Any:
        """Runs once before the first call; an exception is a load error. May be async."""

    def on_unload(self) -> Any:
        """Runs when the last call of a replaced version returned. May be async."""

    def health(self) -> Any:
        """None or an empty string when well, else what is wrong. May be async."""
