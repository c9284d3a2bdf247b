"""The settings of a plugin as a form: what the code says, what is in force, what was entered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from plugins_app.admin.facts import at_once, models, rate_limit
from plugins_app.admin.formats import plural, span
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import (
    MAX_ATTEMPTS,
    MAX_CONCURRENCY,
    MAX_RATE_LIMIT,
    MODEL_FAMILIES,
    PluginMetadata,
)

Options = tuple[tuple[str, str], ...]
Entered = Mapping[str, Any]
"""Field -> text as typed; for a field of several choices the list of them. Empty: from the code."""

MAX_TEXT = 40
_VISIBILITIES = (
    ("public", "Everybody, as far as the plugin allows"),
    ("authenticated", "Users and API keys"),
    ("staff", "Staff only"),
)
_SCOPES = (("caller", "Each caller has answers of its own"), ("public", "All callers share them"))
_PAYLOADS = (("masked", "Kept, with secrets masked"), ("off", "Not kept"))
_FAMILIES = tuple((family, family.capitalize()) for family in MODEL_FAMILIES)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is known of a setting before anybody sets it. `said` tells the value of a plugin."""

    name: str
    label: str
    said: Callable[[PluginMetadata], str]
    help: str
    unit: str = ""
    options: Options = ()
    several: bool = False
    useless: Callable[[PluginMetadata], str] = lambda metadata: ""
    """Why the setting does nothing for this plugin; else empty."""


def _cache(metadata: PluginMetadata) -> str:
    return span(metadata.cache_ttl) if metadata.cache_ttl else "Off"


def _no_cache(metadata: PluginMetadata) -> str:
    if metadata.read_only:
        return ""
    return "Without effect here: the plugin changes data, so its answers are never reused."


def _no_repeats(metadata: PluginMetadata) -> str:
    if metadata.repeatable:
        return ""
    return "Without effect here: the plugin changes data, and a repeated call might do so twice."


_KINDS = (
    _Kind(
        "rate_limit",
        "Rate limit",
        rate_limit,
        f"Per caller, 1 to {MAX_RATE_LIMIT:,}. 0 switches the limit off.",
        unit="calls / min",
    ),
    _Kind(
        "max_concurrency",
        "Calls at once",
        at_once,
        f"Over all callers and servers, 1 to {MAX_CONCURRENCY:,}. 0 switches the limit off.",
    ),
    _Kind(
        "timeout",
        "Timeout",
        lambda metadata: span(metadata.attempt_timeout),
        "For one attempt; more than 0.",
        unit="seconds",
    ),
    _Kind(
        "max_attempts",
        "Attempts",
        lambda metadata: plural(metadata.max_attempts, "attempt"),
        f"How often a call is tried when it fails for a passing reason, 1 to {MAX_ATTEMPTS}.",
        useless=_no_repeats,
    ),
    _Kind(
        "cache_ttl",
        "Cache",
        _cache,
        "How long an answer may be reused. 0 switches the cache off.",
        unit="seconds",
        useless=_no_cache,
    ),
    _Kind(
        "cache_scope",
        "Cached answers",
        lambda metadata: dict(_SCOPES)[metadata.cache_scope],
        "Share them only where the answer is the same for everybody.",
        options=_SCOPES,
        useless=_no_cache,
    ),
    _Kind(
        "allowed_models",
        "AI models",
        models,
        "Assistants of other models neither see nor call it. None chosen leaves it to the code.",
        options=_FAMILIES,
        several=True,
    ),
    _Kind(
        "visibility",
        "Visibility",
        lambda metadata: dict(_VISIBILITIES)["public"],
        "Who finds the plugin at all.",
        options=_VISIBILITIES,
    ),
    _Kind(
        "payloads",
        "Inputs and outputs",
        lambda metadata: dict(_PAYLOADS)["masked"],
        "Whether the execution log keeps those of new runs.",
        options=_PAYLOADS,
    ),
)
FIELDS = tuple(kind.name for kind in _KINDS)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as the form shows it. `value` is what stands in the control."""

    name: str
    label: str
    unit: str
    help: str
    default: str
    in_force: str
    overridden: bool
    value: Any
    error: str = ""
    options: Options = ()
    several: bool = False

    @property
    def describedby(self) -> str:
        ids = [f"{self.name}-facts", f"{self.name}-help"]
        return " ".join([*ids, f"{self.name}-error"] if self.error else ids)


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `after` as people read them."""

    label: str
    before: str
    after: str


def entered(posted: QueryDict) -> dict[str, Any]:
    return {
        kind.name: _texts(posted, kind.name) if kind.several else _text(posted.get(kind.name, ""))
        for kind in _KINDS
    }


def stored_as_entered(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_entered(stored.get(name)) for name in FIELDS}


def overrides_of(values: Entered) -> dict[str, Any]:
    """For the service: None goes back to the code."""
    return {name: value or None for name, value in values.items()}


def settings_of(
    plugin: LoadedPlugin,
    stored: Mapping[str, Any],
    shown: Entered,
    errors: Mapping[str, str],
) -> list[Setting]:
    return [
        Setting(
            name=kind.name,
            label=kind.label,
            unit=kind.unit,
            help=kind.useless(plugin.declared) or kind.help,
            default=kind.said(plugin.declared),
            in_force=_in_force(kind, plugin),
            overridden=stored.get(kind.name) is not None,
            value=shown[kind.name],
            error=errors.get(kind.name, ""),
            options=kind.options,
            several=kind.several,
        )
        for kind in _KINDS
    ]


def changes(before: LoadedPlugin, after: LoadedPlugin) -> Iterator[Change]:
    """What is in force otherwise under `after`, or follows the code no more."""
    for kind in _KINDS:
        old, new = _set(kind, before), _set(kind, after)
        if old != new:
            yield Change(kind.label, old, new)


def _set(kind: _Kind, plugin: LoadedPlugin) -> str:
    said = _in_force(kind, plugin)
    return said if _override(kind, plugin) is not None else f"{said} (from code)"


def _in_force(kind: _Kind, plugin: LoadedPlugin) -> str:
    """Some settings have no field in the metadata: the override itself is what is in force."""
    chosen = _override(kind, plugin)
    if chosen is not None and kind.name not in PluginMetadata.model_fields:
        return dict(kind.options)[chosen]
    return kind.said(plugin.metadata)


def _override(kind: _Kind, plugin: LoadedPlugin) -> Any:
    return getattr(plugin.overrides, kind.name)


def _text(value: str) -> str:
    return value.replace("\0", "").strip()[:MAX_TEXT]


def _texts(posted: QueryDict, name: str) -> Sequence[str]:
    return [_text(value) for value in posted.getlist(name)[: len(FIELDS)]]


def _as_entered(value: Any) -> Any:
    if isinstance(value, list):
        return value
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
