from __future__ import annotations

from typing import Any

import orjson
from django.core.management import CommandParser

from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.core.errors import LoadError
from plugins_app.management.command import ZantaraCommand
from plugins_app.services import catalogue, metrics, presentation


class Command(ZantaraCommand):
    help = "Show one plugin: metadata, status, numbers of the last 24 hours, schemas."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="Name, alias or tool name.")
        parser.add_argument("--schema", action="store_true", help="Show the schemas as well.")

    def run(self, *, name: str, schema: bool, **_: Any) -> None:
        view = catalogue.view(SYSTEM_CALLER, name)
        if view.loaded is None:
            assert view.failure
            raise LoadError(view.failure.message, file=view.failure.file, line=view.failure.line)
        shown = presentation.in_detail(view, view.loaded, metrics.total(view.name))
        self.emit({"success": True, "plugin": shown})
        self.say(f"{view.name}  {view.version}  {view.status} {view.status_detail}".rstrip())
        self.say(view.description)
        self._facts("Metadata", shown["metadata"], skip=("name", "version", "description"))
        self._facts("Last 24 hours", shown["metrics"])
        if schema:
            for part in ("input_schema", "output_schema"):
                pretty = orjson.dumps(shown[part], option=orjson.OPT_INDENT_2).decode()
                self.say(f"\n{part}\n{pretty}")

    def _facts(self, title: str, facts: dict[str, Any], skip: tuple[str, ...] = ()) -> None:
        self.say(f"\n{title}")
        for name, value in facts.items():
            if name not in skip and value not in (None, "", [], {}) and name != "examples":
                shown = ", ".join(map(str, value)) if isinstance(value, list) else value
                self.say(f"  {name:<20} {shown}")
