"""Who calls. A door builds it from what it authenticated, never from the input."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from plugins_app.core.metadata import MODEL_FAMILIES


def matches(plugin: str, globs: Iterable[str]) -> bool:
    """Whether one of these patterns, like 'team.*', names the plugin."""
    return any(fnmatchcase(plugin, glob) for glob in globs)


class Scope(StrEnum):
    """What an API key may do; users have the matching Django permissions."""

    LIST = "list"
    EXECUTE = "execute"
    METRICS = "metrics"
    LOGS = "logs"
    RELOAD = "reload"
    CONFIG = "config"
    ADMIN = "admin"


ALL_SCOPES = frozenset(Scope)
EVERY_PLUGIN = ("*",)


class CallerKind(StrEnum):
    ANONYMOUS = "anonymous"
    KEY = "key"
    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Caller:
    """`id` is what limits and logs count under: 'key:ab12', 'user:7', 'anonymous:1.2.3.4'."""

    id: str
    kind: CallerKind
    name: str = ""
    scopes: frozenset[Scope] = frozenset()
    is_admin: bool = False
    is_staff: bool = False
    model: str | None = None
    plugins: tuple[str, ...] = EVERY_PLUGIN
    rate_limit: int | None = field(default=None)
    """Calls per minute over all plugins, where this caller has a limit of its own."""
    address: str = ""

    @property
    def authenticated(self) -> bool:
        return self.kind is not CallerKind.ANONYMOUS

    def may(self, scope: Scope) -> bool:
        return self.is_admin or scope in self.scopes

    def may_use(self, plugin: str) -> bool:
        """Whether the allow-list of the key names this plugin."""
        return self.plugins == EVERY_PLUGIN or matches(plugin, self.plugins)


SYSTEM_CALLER = Caller(
    id="system",
    kind=CallerKind.SYSTEM,
    name="system",
    scopes=ALL_SCOPES,
    is_admin=True,
    is_staff=True,
)


def model_family(model: str) -> str | None:
    """'claude-3-5-haiku' -> 'haiku'; None where no family is a whole token of the name."""
    tokens = re.split(r"[^a-z0-9]+", model.lower())
    return next((family for family in MODEL_FAMILIES if family in tokens), None)


def model_allowed(model: str | None, allowed: Iterable[str]) -> bool:
    """A caller that states no model is not restricted; an unknown model is allowed nowhere."""
    return model is None or model_family(model) in tuple(allowed)
