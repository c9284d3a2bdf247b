"""Writes the demo's plugins as modules that anybody can read, change and reload."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pprint import pformat
from string import Template
from typing import Any

from plugins_app.demo.catalogue import (
    BROKEN,
    DEPRECATED,
    FIRST_VERSION,
    SLOW,
    TAG,
    UPGRADED,
    DemoPlugin,
)

NOTE = """\
These plugins are invented. `manage.py seed_demo` wrote them, and `manage.py seed_demo --clear`
removes them with everything that is known about them.
"""
_NEW_FIELD = "newest_first:"
_KINDS = Path(__file__).with_name("kinds")
_PLUGIN = Template((_KINDS / "plugin.py.txt").read_text())


def write_all(directory: Path, plugins: list[DemoPlugin]) -> None:
    directory.mkdir(parents=True)
    (directory / "README.md").write_text(NOTE)
    for plugin in plugins:
        write(directory, plugin)


def write(directory: Path, plugin: DemoPlugin) -> Path:
    family = directory / plugin.family
    family.mkdir(exist_ok=True)
    path = family / f"{plugin.action}.py"
    path.write_text(source(plugin))
    return path


def newer(plugin: DemoPlugin) -> DemoPlugin:
    """Twice as fast, and fails half as often."""
    return replace(
        plugin, version="1.1.0", seconds=plugin.seconds / 2, failures=plugin.failures / 2
    )


def source(plugin: DemoPlugin) -> str:
    return _PLUGIN.substitute(
        description=plugin.description,
        missing="\nimport googlemaps\n" if plugin.name == BROKEN else "",
        models=_models(plugin),
        class_name="".join(word.title() for word in plugin.name.replace(".", "_").split("_")),
        metadata=",\n".join(
            f"        {name}={_literal(value)}" for name, value in _metadata(plugin).items()
        ),
        mu=f"{math.log(plugin.seconds):.3f}",
        spread=0.7 if plugin.name == SLOW else 0.4,
        failures=plugin.failures,
    )


def _models(plugin: DemoPlugin) -> str:
    """Of the kind; what is new in a version is not in the one before it."""
    lines = (_KINDS / f"{plugin.kind}.py.txt").read_text().strip().splitlines(keepends=True)
    old = plugin.name in UPGRADED and plugin.version == FIRST_VERSION
    return "".join(line for line in lines if not (old and _NEW_FIELD in line))


def _metadata(plugin: DemoPlugin) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": plugin.name,
        "version": plugin.version,
        "description": plugin.description,
        "author": "ZANTARA demo",
        "owner": plugin.owner,
        "category": plugin.category,
        "tags": (TAG, plugin.family, plugin.kind),
        "estimated_time": round(plugin.seconds, 2),
        "timeout": 8.0 if plugin.name == SLOW else max(2.0, round(plugin.seconds * 12)),
        "rate_limit": plugin.rate_limit,
        "read_only": plugin.reads,
        "idempotent": plugin.reads or plugin.kind == "update",
        "destructive": plugin.kind == "delete",
        "legacy_handler_key": f"{plugin.family}-{plugin.action}",
    }
    if plugin.kind in {"get", "compute"} and plugin.name != SLOW:
        facts["cache_ttl"] = 300.0
    if plugin.reads:
        facts["max_attempts"] = 2
    if plugin.name in DEPRECATED:
        end = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
        facts["deprecated"] = {"date": end, "replacement": DEPRECATED[plugin.name]}
    return facts


def _literal(value: Any) -> str:
    return pformat(value, width=80, sort_dicts=False)
