from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management import CommandParser

from plugins_app.management.command import FAILED, NOT_FOUND, PARTIAL, ZantaraCommand
from plugins_app.management.durations import positive_span
from plugins_app.management.selection import add_selectors, filtered, selected
from plugins_app.services import warming
from plugins_app.services.audit import CLI
from plugins_app.services.catalogue import PluginView
from plugins_app.services.warming import Outcome

PATIENCE = timedelta(seconds=60)
_COLUMNS = ("name", "server", "answers", "examples", "error")


class Command(ZantaraCommand):
    help = "Fill the caches of the running servers from the plugins' examples; default all plugins."

    def arguments(self, parser: CommandParser) -> None:
        add_selectors(parser)
        parser.add_argument(
            "--timeout", type=positive_span, default=PATIENCE, help="How long to wait; default 60s."
        )

    def run(self, *, timeout: timedelta, **options: Any) -> None:
        views = selected(options) if options["names"] else filtered(options)
        if not views:
            self.fail("No plugin matches", NOT_FOUND)
        skipped = {view.name: reason for view in views if (reason := _obstacle(view))}
        for name, reason in skipped.items():
            self.note(f"{name} skipped: {reason}")
        names = [view.name for view in views if view.name not in skipped]
        outcome = warming.warm_servers(CLI, names, timeout) if names else Outcome([], 0, 0)
        if names and not outcome.total:
            self.fail("No server is running, and a cache lives in a server's memory. Start one.")
        self._show(outcome, skipped)
        self._judge(outcome)

    def _show(self, outcome: Outcome, skipped: dict[str, str]) -> None:
        rows = [asdict(each) for each in outcome.warmed]
        if rows:
            self.table(_COLUMNS, [[row[column] for column in _COLUMNS] for row in rows])
        self.say(f"{outcome.ready}/{outcome.total} servers" if outcome.total else "Nothing to warm")
        self.emit(
            {
                "success": not _trouble(outcome),
                "warmed": rows,
                "skipped": [{"name": n, "reason": reason} for n, reason in skipped.items()],
                "servers": {"ready": outcome.ready, "total": outcome.total},
            }
        )

    def _judge(self, outcome: Outcome) -> None:
        if trouble := _trouble(outcome):
            some = any(each.answers for each in outcome.warmed)
            self.fail(trouble, PARTIAL if some else FAILED)


def _obstacle(view: PluginView) -> str:
    return warming.obstacle(view.loaded) if view.loaded else "it could not be loaded"


def _trouble(outcome: Outcome) -> str:
    if behind := outcome.total - outcome.ready:
        return f"{behind} of {outcome.total} servers are not through yet"
    if incomplete := sorted({each.name for each in outcome.warmed if not each.complete}):
        return f"Not all examples of {', '.join(incomplete)} were answered; see the execution log"
    return ""
