"""Source code of plugins that tests write."""

from __future__ import annotations

from pathlib import Path

_SOURCE = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput


class EchoPlugin(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name={name!r}, version={version!r}, description={description!r})

    async def execute(self, input_data):
        return PluginOutput(data={{"version": {version!r}}})
"""


def write_plugin(
    family: Path, name: str = "pages.echo", version: str = "1.0.0", description: str = "Echoes."
) -> Path:
    file = family / "echo_plugin.py"
    file.write_text(_SOURCE.format(name=name, version=version, description=description))
    return file
