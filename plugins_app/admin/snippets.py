"""Lines that an operator copies into a terminal."""

from __future__ import annotations

import json
from shlex import quote
from typing import Any

from plugins_app.core.loaded import LoadedPlugin


def curl(plugin: LoadedPlugin, base: str) -> str:
    """Runs as it is, with the plugin's first example."""
    examples = plugin.metadata.examples
    return curl_with(plugin, examples[0].input if examples else {}, base)


def curl_with(plugin: LoadedPlugin, input_data: Any, base: str) -> str:
    """A plugin that refuses anonymous callers takes the key from the shell."""
    body = json.dumps({"input_data": input_data}, ensure_ascii=False)
    parts = [
        f"curl -X POST {quote(f'{base}/api/plugins/{plugin.name}/execute')}",
        *(['-H "Authorization: Bearer $ZANTARA_API_KEY"'] if needs_key(plugin) else []),
        "-H 'Content-Type: application/json'",
        f"-d {quote(body)}",
    ]
    return " \\\n  ".join(parts)


def needs_key(plugin: LoadedPlugin) -> bool:
    metadata = plugin.metadata
    return metadata.requires_auth or metadata.requires_admin or plugin.visibility != "public"
