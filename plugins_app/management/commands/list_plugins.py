from __future__ import annotations

from typing import Any

from django.core.management import CommandParser

from plugins_app.core.caller import SYSTEM_CALLER, model_allowed
from plugins_app.management.command import ZantaraCommand
from plugins_app.management.selection import add_filters, filtered
from plugins_app.services import catalogue, metrics, presentation
from plugins_app.services.catalogue import PluginView

_COLUMNS = ("name", "version", "status", "category", "calls_24h", "p95_ms")


class Command(ZantaraCommand):
    help = "List the plugins with their status."

    def arguments(self, parser: CommandParser) -> None:
        add_filters(parser)
        parser.add_argument("--model", help="Only what assistants of this model may call.")
        parser.add_argument(
            "--sort", default="name", choices=sorted(presentation.ORDERINGS), metavar="COLUMN"
        )
        parser.add_argument("--columns", default=",".join(_COLUMNS), help="Names with commas.")

    def run(self, *, model: str | None, sort: str, columns: str, **options: Any) -> None:
        wanted = self._columns(columns)
        found = [view for view in filtered(options) if _allows(view, model)]
        counted = metrics.totals()
        rows = [presentation.in_list(view, counted) for view in found]
        rows.sort(key=lambda row: (row.get(sort) is None, row.get(sort), row["name"]))
        self.table(wanted, [[row.get(column) for column in wanted] for row in rows])
        self.say(f"{len(rows)} of {len(catalogue.views(SYSTEM_CALLER))} plugins")
        for view in found:
            if view.failure:
                self.note(f"! {view.name}: {view.failure.message} ({view.failure.location})")
        self.emit({"success": True, "count": len(rows), "plugins": rows, "errors": _errors(found)})

    def _columns(self, columns: str) -> list[str]:
        wanted = [column.strip() for column in columns.split(",") if column.strip()]
        if unknown := sorted(set(wanted) - presentation.LIST_FIELDS):
            known = ", ".join(sorted(presentation.LIST_FIELDS))
            self.fail(f"Unknown columns {', '.join(unknown)}; known: {known}")
        return wanted


def _allows(view: PluginView, model: str | None) -> bool:
    return not model or bool(view.metadata and model_allowed(model, view.metadata.allowed_models))


def _errors(found: list[PluginView]) -> list[dict[str, Any]]:
    return [
        {"name": v.name, "message": v.failure.message, "location": v.failure.location}
        for v in found
        if v.failure
    ]
