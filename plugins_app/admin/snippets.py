"""Lines that an operator copies into a terminal."""

from __future__ import annotations

import json
from shlex import quote

from plugins_app.core.loaded import LoadedPlugin


def curl(plugin: LoadedPlugin, base: str) -> str:
    """Runs as it is; a plugin that refuses anonymous callers takes the key from the shell."""
    examples = plugin.metadata.examples
    body = json.dumps({"input_data": examples[0].input if examples else {}}, ensure_ascii=False)
    parts = [
        f"curl -X POST {quote(f'{base}/api/plugins/{plugin.name}/execute')}",
        *(['-H "Authorization: Bearer $ZANTARA_API_KEY"'] if _needs_key(plugin) else []),
        "-H 'Content-Type: application/json'",
        f"-d {quote(body)}",
    ]
    return " \\\n  ".join(parts)


def _needs_key(plugin: LoadedPlugin) -> bool:
    metadata = plugin.metadata
    return metadata.requires_auth or metadata.requires_admin or plugin.visibility != "public"
