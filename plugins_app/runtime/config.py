"""Configured values of plugins, from the TOML file that ZANTARA_PLUGIN_CONFIG names:

["team.search_member"]
roster_file = "var/roster.csv"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from plugins_app.core.errors import LoadError


class TomlConfig:
    """Reads the file anew for each plugin, so that a reload takes over what was edited."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, plugin: str) -> dict[str, Any]:
        if not self._path:
            return {}
        try:
            values = tomllib.loads(Path(self._path).read_text()).get(plugin, {})
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise LoadError(f"Plugin configuration: {error}", file=self._path) from error
        if not isinstance(values, dict):
            raise LoadError(f"Plugin configuration: {plugin!r} is not a table", file=self._path)
        return values
