"""What a plugin says about itself."""

from __future__ import annotations

import datetime
import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import semver
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MODEL_FAMILIES = ("haiku", "sonnet", "opus")
MAX_RATE_LIMIT = 2_000
MAX_ATTEMPTS = 10
MAX_CONCURRENCY = 10_000
MAX_TOOL_NAME = 64
LONGEST_PAUSE = 5.0
"""Seconds between two attempts, at most."""
NAME_PATTERN = r"^[a-z][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*$"
RESERVED_NAMES = frozenset(
    ["list", "search", "statistics", "metrics", "health", "tools", "executions", "openapi", "batch"]
)
_ALIAS = re.compile(r"^[\x20-\x7e]{1,128}$")


class PluginCategory(StrEnum):
    AI_SERVICES = "ai-services"
    ANALYTICS = "analytics"
    AUTH = "auth"
    BALI_ZERO = "bali-zero"
    COMMUNICATION = "communication"
    GOOGLE_WORKSPACE = "google-workspace"
    IDENTITY = "identity"
    INTEL = "intel"
    MAPS = "maps"
    MEMORY = "memory"
    RAG = "rag"
    SYSTEM = "system"
    ZANTARA = "zantara"
    ZERO = "zero"
    IMMIGRATION = "immigration"
    TAX = "tax"
    BUSINESS = "business"
    PROPERTY = "property"
    LEGAL = "legal"
    FINANCE = "finance"
    GENERAL = "general"


def tool_name(name: str) -> str:
    """The name under which AI providers, which allow no dots, see a plugin."""
    return name.replace(".", "__")


def _plugin_name(name: str) -> str:
    if not re.fullmatch(NAME_PATTERN, name):
        raise ValueError(
            f"{name!r} is not a plugin name: lower-case words joined by dots, like 'family.action'"
        )
    if "__" in name:
        raise ValueError(f"{name!r} holds '__', which stands for the dot in tool names")
    if name in RESERVED_NAMES:
        raise ValueError(f"{name!r} is reserved for a page of the API")
    if len(tool_name(name)) > MAX_TOOL_NAME:
        raise ValueError(f"{name!r} is longer than {MAX_TOOL_NAME} characters as a tool name")
    return name


def _semantic_version(version: str) -> str:
    if not semver.Version.is_valid(version):
        raise ValueError(f"{version!r} is not a semantic version, like '1.2.0'")
    return version


def _alias(alias: str) -> str:
    if not _ALIAS.fullmatch(alias):
        raise ValueError(f"alias {alias!r} is not 1 to 128 printable ASCII characters")
    return alias


Alias = Annotated[str, AfterValidator(_alias)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Deprecation(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    date: datetime.date = Field(description="Day on which the plugin is planned to be removed.")
    replacement: str | None = Field(default=None, description="Name of the plugin to use instead.")
    message: str = Field(default="", description="What callers should know.")


class Example(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(default="", description="What the example shows.")
    input: dict[str, Any] = Field(description="Input data, as a caller would send it.")
    expect: dict[str, Any] | None = Field(
        default=None, description="Fields of the answer's data that must have exactly these values."
    )


class PluginMetadata(BaseModel):
    """Frozen; checked when the class is loaded. `timeout` and `estimated_time` are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_plugin_name)] = Field(
        description="Canonical name: family and action joined by a dot."
    )
    version: Annotated[str, AfterValidator(_semantic_version)] = Field(
        default="1.0.0", description="Semantic version of behaviour and schemas."
    )
    description: str = Field(
        default="", description="What the plugin does, in one or two sentences."
    )
    author: str = Field(default="", description="Who wrote it.")
    owner: str = Field(default="", description="Team or person who answers for it today.")
    category: PluginCategory = Field(
        default=PluginCategory.GENERAL, description="Shelf in the marketplace."
    )
    tags: tuple[str, ...] = Field(default=(), description="Words by which people look for it.")
    requires_auth: bool = Field(default=False, description="Anonymous callers are refused.")
    requires_admin: bool = Field(default=False, description="Only administrators may call it.")
    allowed_models: tuple[str, ...] = Field(
        default=MODEL_FAMILIES, description="Model families whose assistants may call it."
    )
    dependencies: tuple[str, ...] = Field(
        default=(),
        description="Plugins that must be loaded first, like 'team.list_members>=1.0.0'.",
    )
    estimated_time: Seconds = Field(default=1.0, description="Usual duration of a call in seconds.")
    timeout: Seconds | None = Field(
        default=None, description="Seconds an attempt may take; default max(5, 4 x estimated_time)."
    )
    rate_limit: int | None = Field(
        default=None, gt=0, le=MAX_RATE_LIMIT, description="Calls per minute and caller."
    )
    max_concurrency: int | None = Field(
        default=None, gt=0, description="Calls at once, over all processes."
    )
    cache_ttl: Seconds | None = Field(
        default=None, description="Seconds an answer may be reused; None means never."
    )
    cache_scope: Literal["caller", "public"] = Field(
        default="caller", description="Whether callers share cached answers."
    )
    read_only: bool = Field(default=False, description="Changes nothing anywhere.")
    idempotent: bool = Field(
        default=False, description="Calling twice does the same as calling once."
    )
    destructive: bool = Field(default=False, description="May delete or overwrite something.")
    open_world: bool = Field(default=True, description="Talks to systems outside this one.")
    max_attempts: int = Field(
        default=1,
        ge=1,
        le=MAX_ATTEMPTS,
        description="Attempts per call when failures are transient.",
    )
    isolation: Literal["inline", "thread", "process"] = Field(
        default="inline", description="Where the code runs: on the loop, in a thread, in a process."
    )
    long_running: bool = Field(default=False, description="Usually takes longer than callers wait.")
    queue: str | None = Field(default=None, description="Queue of its background executions.")
    priority: int = Field(default=0, ge=0, le=9, description="Priority in its queue; 9 goes first.")
    legacy_handler_key: Alias | None = Field(
        default=None, description="Name of the handler that it replaces; answered as an alias."
    )
    aliases: tuple[Alias, ...] = Field(default=(), description="Other names it is called by.")
    deprecated: Deprecation | None = Field(
        default=None, description="Set when it is to be removed."
    )
    examples: tuple[Example, ...] = Field(
        default=(), description="Inputs with expected answers; run by the conformance tests."
    )

    @model_validator(mode="after")
    def _promises_agree(self) -> Self:
        if self.max_attempts > 1 and not self.repeatable:
            raise ValueError("max_attempts above 1 needs read_only or idempotent")
        if self.cache_ttl is not None and not self.read_only:
            raise ValueError("cache_ttl needs read_only")
        if self.read_only and self.destructive:
            raise ValueError("read_only and destructive exclude each other")
        unknown = set(self.allowed_models) - set(MODEL_FAMILIES)
        if unknown:
            raise ValueError(f"allowed_models: unknown families {sorted(unknown)}")
        return self

    @property
    def repeatable(self) -> bool:
        """Whether a failed attempt may be followed by another."""
        return self.read_only or self.idempotent

    @property
    def attempt_timeout(self) -> float:
        """Seconds that one attempt may take."""
        return self.timeout or max(5.0, 4 * self.estimated_time)

    @property
    def call_timeout(self) -> float:
        """Seconds that all attempts with their pauses can take; a call's longest deadline."""
        return self.max_attempts * (self.attempt_timeout + LONGEST_PAUSE)

    @property
    def all_aliases(self) -> tuple[str, ...]:
        """Aliases and the legacy key, without repeats."""
        legacy = (self.legacy_handler_key,) if self.legacy_handler_key else ()
        return tuple(dict.fromkeys((*legacy, *self.aliases)))

    @property
    def parsed_version(self) -> semver.Version:
        return semver.Version.parse(self.version)


class PluginOverrides(BaseModel):
    """What an operator may set over the metadata; None keeps the value from the code.

    0 for `rate_limit`, `cache_ttl` and `max_concurrency` switches the limit or the cache off.
    `payloads` says whether inputs and outputs are kept in the log, masked, where the installation
    keeps them at all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate_limit: int | None = Field(default=None, ge=0, le=MAX_RATE_LIMIT)
    timeout: Seconds | None = None
    max_attempts: int | None = Field(default=None, ge=1, le=MAX_ATTEMPTS)
    max_concurrency: int | None = Field(default=None, ge=0, le=MAX_CONCURRENCY)
    cache_ttl: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    cache_scope: Literal["caller", "public"] | None = None
    allowed_models: tuple[Literal["haiku", "sonnet", "opus"], ...] | None = Field(
        default=None, min_length=1
    )
    visibility: Literal["public", "authenticated", "staff"] | None = None
    payloads: Literal["masked", "off"] | None = None

    def apply(self, metadata: PluginMetadata) -> PluginMetadata:
        """The metadata in force. A cache over a plugin that is not read_only stays off, and only
        what may be repeated is tried again."""
        changes = self.model_dump(exclude_none=True, exclude=_NOT_METADATA)
        changes |= {name: changes[name] or None for name in _SWITCHES & changes.keys()}
        if not metadata.read_only:
            changes.pop("cache_ttl", None)
        if not metadata.repeatable:
            changes.pop("max_attempts", None)
        return metadata.model_copy(update=changes) if changes else metadata


_NOT_METADATA = {"visibility", "payloads"}
_SWITCHES = {"rate_limit", "cache_ttl", "max_concurrency"}
NO_OVERRIDES = PluginOverrides()
