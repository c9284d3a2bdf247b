from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from plugins_app.management.command import ZantaraCommand
from plugins_app.services.audit import CLI
from plugins_app.services.backup import NotPossible, backup


class Command(ZantaraCommand):
    help = "Copy the SQLite database into FILE, whole, while servers go on writing."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="It must not exist yet.")

    def run(self, *, file: Path, **_: Any) -> None:
        try:
            size = backup(CLI, file)
        except (NotPossible, OSError, sqlite3.Error) as error:
            self.fail(f"No backup was made: {error}")
        self.say(f"{file}: {size} bytes")
        self.emit({"success": True, "file": str(file), "bytes": size})
