"""Plugins as tool definitions for AI providers, with a name map that leads back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import tool_name


def anthropic_tools(plugins: Iterable[LoadedPlugin]) -> list[dict[str, Any]]:
    """Only the provider's own keys, so that the list can be passed on as it is."""
    return [
        {
            "name": tool_name(plugin.name),
            "description": plugin.metadata.description,
            "input_schema": plugin.input_schema,
        }
        for plugin in plugins
    ]


def name_map(plugins: Iterable[LoadedPlugin]) -> dict[str, str]:
    """tool name -> plugin name."""
    return {tool_name(plugin.name): plugin.name for plugin in plugins}
