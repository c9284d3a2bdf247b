from __future__ import annotations

from typing import Any

from django.core.management import CommandParser

from plugins_app.demo import seeding
from plugins_app.management.command import ZantaraCommand


class Command(ZantaraCommand):
    help = (
        "Fill the marketplace with invented plugins and a past of calls, made by the real engine. "
        "Not in production."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--plugins", type=int, default=143, help="How many; default 143.")
        parser.add_argument("--days", type=int, default=30, help="Length of the past; default 30.")
        parser.add_argument(
            "--calls", type=int, default=1_000, help="Calls on an ordinary day; default 1000."
        )
        parser.add_argument("--seed", type=int, default=1, help="Another number, another past.")
        parser.add_argument("--clear", action="store_true", help="Remove the demo.")

    def run(self, *, plugins: int, days: int, calls: int, seed: int, clear: bool, **_: Any) -> None:
        try:
            if clear:
                self._clear()
            else:
                self._seed(plugins, days, calls, seed)
        except seeding.DemoRefused as error:
            self.fail(str(error))

    def _clear(self) -> None:
        gone = seeding.clear()
        self.say(f"{gone} plugins of the demo are gone, with their executions and keys.")
        self.emit({"success": True, "plugins": gone})

    def _seed(self, plugins: int, days: int, calls: int, seed: int) -> None:
        for value, name in ((plugins, "--plugins"), (days, "--days"), (calls, "--calls")):
            if value < 1:
                self.fail(f"{name} must be at least 1")
        with self.progress("Living through the days") as progress:
            executions = seeding.seed(plugins, days, calls, seed, progress)
        self.say(f"{plugins} plugins with {executions:,} executions over {days} days.")
        self.say("Look at them in the marketplace; manage.py seed_demo --clear removes them.")
        self.emit({"success": True, "plugins": plugins, "executions": executions})
