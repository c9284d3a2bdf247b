from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management import CommandParser

from plugins_app.core.errors import LoadError
from plugins_app.management.command import FAILED, NOT_FOUND, PARTIAL, ZantaraCommand
from plugins_app.management.selection import add_selectors, filtered, selected
from plugins_app.services import lifecycle, workers
from plugins_app.services.audit import CLI

WAIT = timedelta(seconds=10)


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
            for view in views:
                self.say(f"{view.name} {view.version} would be reloaded")
            self.emit({"success": True, "dry_run": True, "reloaded": [v.name for v in views]})
            return
        done: list[dict[str, Any]] = []
        rejected: list[dict[str, Any]] = []
        for view in views:
            self._reload(view.name, reason, done, rejected)
        waited = self._wait() if wait and done else None
        self.emit(
            {"success": not rejected, "reloaded": done, "rejected": rejected, "workers": waited}
        )
        if rejected:
            self.fail(f"{len(rejected)} rejected", PARTIAL if done else FAILED)

    def _reload(
        self, name: str, reason: str, done: list[dict[str, Any]], rejected: list[dict[str, Any]]
    ) -> None:
        try:
            result = lifecycle.reload(name, CLI, reason)
        except LoadError as error:
            serving = lifecycle.serving_version(name)
            keeps = f"Version {serving} is still serving." if serving else "Nothing is serving."
            self.note(f"{name}: reload rejected. {error} ({error.location})\n{keeps}")
            rejected.append(
                {"name": name, "error": str(error), "at": error.location, "serving": serving}
            )
        else:
            self.say(
                f"{name} {result.from_version or 'new'} -> {result.to_version}   "
                f"{result.duration_ms} ms"
            )
            done.append(asdict(result))

    def _wait(self) -> dict[str, int]:
        ready, total = workers.wait_for_generation(WAIT)
        self.say(f"{ready}/{total} servers")
        if ready < total:
            self.fail(f"{total - ready} of {total} servers have not taken it over", PARTIAL)
        return {"ready": ready, "total": total}
