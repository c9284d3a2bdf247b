"""Plugins as tool definitions for AI providers, with a name map that leads back.

Only the provider's own keys, so that a list can be passed on as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import tool_name


def anthropic_tools(plugins: Iterable[LoadedPlugin]) -> list[dict[str, Any]]:
    """For `tools` of the Messages API."""
    return [
        {
            "name": tool_name(plugin.name),
            "description": plugin.metadata.description,
            "input_schema": plugin.input_schema,
        }
        for plugin in plugins
    ]


def openai_tools(plugins: Iterable[LoadedPlugin]) -> list[dict[str, Any]]:
    """For `tools` of Chat Completions. Without `strict`, which would want every field required."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool_name(plugin.name),
                "description": plugin.metadata.description,
                "parameters": plugin.input_schema,
            },
        }
        for plugin in plugins
    ]


def name_map(plugins: Iterable[LoadedPlugin]) -> dict[str, str]:
    """tool name -> plugin name."""
    return {tool_name(plugin.name): plugin.name for plugin in plugins}
