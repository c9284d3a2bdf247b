"""A call as JSON, for a worker, and the call again inside of it."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from plugins_app.core.caller import Caller, CallerKind, Scope
from plugins_app.core.execution import Execution
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.masking import revealed


def request_of(execution: Execution, remaining: float) -> dict[str, Any]:
    """`remaining`: seconds until the call's deadline."""
    plugin = execution.loaded
    cls = type(plugin.plugin)
    return {
        "type": "call",
        "id": execution.id,
        "name": plugin.name,
        "key": plugin.key,
        "module": plugin.module,
        "class": cls.__qualname__,
        "packages": _packages_around(plugin.module),
        "config": _config(plugin),
        "data": revealed(execution.data),
        "caller": asdict(execution.caller),
        "remaining": remaining,
        "log_level": logging.getLogger().getEffectiveLevel(),
        "limit": min(remaining, plugin.metadata.attempt_timeout),
    }


def _config(plugin: LoadedPlugin) -> Any:
    config = plugin.plugin.config
    return revealed(config) if isinstance(config, BaseModel) else {}


def _packages_around(module: str) -> dict[str, list[str]]:
    """Packages that discovery made for directories which are not on the import path."""
    found: dict[str, list[str]] = {}
    while module := module.rpartition(".")[0]:
        package = sys.modules.get(module)
        if package is not None and getattr(package, "__spec__", None) is None:
            found[module] = list(getattr(package, "__path__", []))
    return found


def execution_of(request: dict[str, Any], plugin: LoadedPlugin) -> Execution:
    """Its input is not validated yet."""
    now = time.monotonic()
    return Execution(
        id=request["id"],
        name=request["name"],
        data=request["data"],
        caller=_caller(request["caller"]),
        source="worker",
        request_id="",
        started=now,
        started_at=datetime.now(UTC),
        deadline=now + request["remaining"],
        plugin=plugin,
    )


def _caller(fields: dict[str, Any]) -> Caller:
    return Caller(
        **{
            **fields,
            "kind": CallerKind(fields["kind"]),
            "scopes": frozenset(map(Scope, fields["scopes"])),
            "plugins": tuple(fields["plugins"]),
        }
    )
