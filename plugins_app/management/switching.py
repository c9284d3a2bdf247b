"""What enable_plugins and disable_plugins share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.management import CommandParser

from plugins_app.management.command import NOT_FOUND, ZantaraCommand
from plugins_app.management.selection import add_selectors, selected
from plugins_app.services.audit import CLI


class SwitchCommand(ZantaraCommand):
    verb: ClassVar[str]
    done: ClassVar[str]
    enabled: ClassVar[bool]
    switch: ClassVar[Callable[..., list[str]]]

    def arguments(self, parser: CommandParser) -> None:
        add_selectors(parser)
        parser.add_argument("--reason", default="", help="Kept in the audit trail.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would change.")
        parser.add_argument("--no-input", action="store_true", help="Do not ask.")

    def run(self, *, reason: str, dry_run: bool, no_input: bool, **options: Any) -> None:
        views = [view for view in selected(options) if view.loaded or view.row]
        if not views:
            self.fail(
                "No plugin matches; name one, or use --category, --tag or --status", NOT_FOUND
            )
        names = [view.name for view in views if view.enabled is not self.enabled]
        unchanged = [view.name for view in views if view.enabled is self.enabled]
        if not dry_run and names:
            wide = len(names) > 1 and not self.enabled and not no_input
            self.confirm(f"{self.verb.capitalize()} {', '.join(names)}?", ask=wide)
            names = type(self).switch(names, CLI, reason)
        for name in names:
            self.say(f"{name} {'would be ' if dry_run else ''}{self.done}")
        for name in unchanged:
            self.say(f"{name} is {self.done} already")
        self.emit({"success": True, "dry_run": dry_run, self.done: names, "unchanged": unchanged})
