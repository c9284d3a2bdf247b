"""What the page of one plugin shows beside its numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from plugins_app.admin.facts import facts
from plugins_app.admin.schema_tables import Row, rows
from plugins_app.admin.snippets import curl
from plugins_app.core.metadata import tool_name
from plugins_app.services.catalogue import PluginView


@dataclass(frozen=True, slots=True)
class SchemaTable:
    slug: str
    title: str
    empty: str
    rows: list[Row]
    source: str

    @property
    def marks_required(self) -> bool:
        """Of an answer, nearly every field is always there; saying so at each is noise."""
        return self.slug == "input"


@dataclass(frozen=True, slots=True)
class ShownExample:
    title: str
    input: str


def page_of(view: PluginView, base: str) -> dict[str, Any]:
    """`base` is where the API is, without a slash at its end."""
    plugin = view.loaded
    if plugin is None:
        return {}
    return {
        "facts": facts(plugin),
        "schemas": [
            _schema("input", "Input", "It takes no input.", plugin.input_schema),
            _schema("output", "Output", "Any JSON value.", plugin.output_schema),
        ],
        "examples": [
            ShownExample(each.title or "Example", _json(each.input))
            for each in plugin.metadata.examples
        ],
        "tool_name": tool_name(plugin.name),
        "aliases": plugin.metadata.all_aliases,
        "legacy_key": plugin.metadata.legacy_handler_key,
        "curl": curl(plugin, base),
    }


def _schema(slug: str, title: str, empty: str, schema: dict[str, Any]) -> SchemaTable:
    return SchemaTable(slug, title, empty, rows(schema), _json(schema))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
