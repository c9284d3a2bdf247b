"""A folder of many plugins."""

from __future__ import annotations

from pathlib import Path

_SOURCE = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput

{classes}
"""
_CLASS = """
class Plugin{number}(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(
        name="many.p{number:04}", category={category!r}, tags=("t{tag}",), description="One."
    )

    async def execute(self, input_data):
        return PluginOutput(data={{}})
"""
_CATEGORIES = ("tax", "maps", "legal", "finance")


def write_many(family: Path, count: int) -> None:
    """`many.p0000` and so on: every fourth has the same category, every seventh the same tag."""
    classes = (
        _CLASS.format(number=n, category=_CATEGORIES[n % 4], tag=n % 7) for n in range(count)
    )
    (family / "many_plugins.py").write_text(_SOURCE.format(classes="".join(classes)))
