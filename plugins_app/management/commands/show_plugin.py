from __future__ import annotations

from typing import Any

from django.core.management import CommandParser

from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.core.errors import LoadError
from plugins_app.management.command import ZantaraCommand
from plugins_app.management.tables import to_json
from plugins_app.services import catalogue, metrics, presentation

_ELSEWHERE = frozenset(("name", "version", "description", "examples"))


class Command(ZantaraCommand):
    help = "Show one plugin: metadata, status, numbers of the last 24 hours, schemas."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="Name, alias or tool name.")
        parser.add_argument("--schema", action="store_true", help="Show the schemas as well.")

    def run(self, *, name: str, schema: bool, **_: Any) -> None:
        view = catalogue.view(SYSTEM_CALLER, name)
        if view.loaded is None:
            assert view.failure
            raise LoadError(
                f"{view.name} could not be loaded. {view.failure.message}",
                file=view.failure.file,
                line=view.failure.line,
            )
        shown = presentation.in_detail(view, view.loaded, metrics.total(view.name))
        self.emit({"success": True, "plugin": shown})
        self.say(f"{view.name}  {view.version}  {view.status} {view.status_detail}".rstrip())
        self.say(view.description)
        self.facts("Metadata", _told(shown["metadata"]))
        self.facts("Last 24 hours", _told(shown["metrics"]))
        if schema:
            for part in ("input_schema", "output_schema"):
                self.say(f"\n{part}\n{to_json(shown[part])}")


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    """Without what is said elsewhere, and without what is empty."""
    return {
        name: value
        for name, value in facts.items()
        if name not in _ELSEWHERE and value not in (None, "", [], {})
    }
