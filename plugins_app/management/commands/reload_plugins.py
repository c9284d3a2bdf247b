from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.core.management import CommandParser

from plugins_app.core.errors import ReloadRejected
from plugins_app.management.command import FAILED, NOT_FOUND, PARTIAL, ZantaraCommand
from plugins_app.management.selection import add_selectors, filtered, selected
from plugins_app.services import lifecycle, workers
from plugins_app.services.audit import CLI
from plugins_app.services.catalogue import PluginView
from plugins_app.services.lifecycle import ReloadResult

WAIT = timedelta(seconds=10)


@dataclass(slots=True)
class _Outcome:
    done: list[ReloadResult] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    ready: int | None = None
    total: int | None = None

    @property
    def servers_behind(self) -> int:
        return (self.total or 0) - (self.ready or 0)

    def document(self) -> dict[str, Any]:
        waited = None if self.total is None else {"ready": self.ready, "total": self.total}
        return {
            "success": not self.rejected and not self.servers_behind,
            "reloaded": [asdict(result) for result in self.done],
            "rejected": self.rejected,
            "workers": waited,
        }


class Command(ZantaraCommand):
    help = "Import plugins anew from their source, here and in every running server."

    def arguments(self, parser: CommandParser) -> None:
        add_selectors(parser)
        parser.add_argument("--all", action="store_true", help="Every plugin.")
        parser.add_argument("--reason", default="", help="Kept in the audit trail.")
        parser.add_argument("--wait", action="store_true", help="Until all servers have done it.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would happen.")

    def run(self, *, dry_run: bool, wait: bool, reason: str, **options: Any) -> None:
        views = filtered(options) if options["all"] else selected(options)
        if not views:
            self.fail("No plugin matches; name one, or use --all", NOT_FOUND)
        if dry_run:
            self._would(views)
            return
        outcome = _Outcome()
        with self.progress("Reloading") as progress:
            for number, view in enumerate(views, 1):
                self._reload(view.name, reason, outcome)
                progress(number, len(views), view.name)
        if wait and outcome.done:
            self._wait(outcome)
        self.emit(outcome.document())
        self._judge(outcome)

    def _would(self, views: list[PluginView]) -> None:
        for view in views:
            self.say(f"{view.name} {view.version}".rstrip() + " would be reloaded")
        self.emit({"success": True, "dry_run": True, "reloaded": [v.name for v in views]})

    def _reload(self, name: str, reason: str, outcome: _Outcome) -> None:
        served = lifecycle.served_version(name)
        try:
            result = lifecycle.reload(name, CLI, reason, served=served or None)
        except ReloadRejected as error:
            self._rejected(name, served, error)
            outcome.rejected.append(
                {"name": name, "error": str(error), "at": error.location, "serving": served}
            )
        else:
            moved = f"{result.from_version or 'new'} -> {result.to_version}"
            self.say(f"{result.name} {moved}   validated {result.duration_ms} ms")
            outcome.done.append(result)

    def _rejected(self, name: str, served: str, error: ReloadRejected) -> None:
        keeps = f"Version {served} is still serving." if served else "No server serves it now."
        self.note(f"{name}: reload rejected. {error}\n  {error.location}\n  {keeps}")
        if self.verbosity > 2:
            self.note(error.traceback)

    def _wait(self, outcome: _Outcome) -> None:
        outcome.ready, outcome.total = workers.wait_for_generation(WAIT)
        self.say(f"{outcome.ready}/{outcome.total} servers")

    def _judge(self, outcome: _Outcome) -> None:
        if outcome.rejected:
            self.fail(f"{len(outcome.rejected)} rejected", PARTIAL if outcome.done else FAILED)
        if behind := outcome.servers_behind:
            self.fail(f"{behind} of {outcome.total} servers have not taken it over yet", PARTIAL)
