from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import CommandParser

from plugins_app.management.command import ZantaraCommand
from plugins_app.management.durations import span
from plugins_app.services import retention
from plugins_app.services.audit import CLI


class Command(ZantaraCommand):
    help = "Delete old executions and metrics. Running rows and the audit trail always stay."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than",
            type=span,
            default=timedelta(days=settings.ZANTARA_RETENTION_DAYS),
            help=f"Age of succeeded and refused ones; default {settings.ZANTARA_RETENTION_DAYS}d.",
        )
        parser.add_argument(
            "--keep-failures",
            type=span,
            default=timedelta(days=settings.ZANTARA_RETENTION_FAILURES_DAYS),
            help=f"Age of all others; default {settings.ZANTARA_RETENTION_FAILURES_DAYS}d.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def run(
        self, *, older_than: timedelta, keep_failures: timedelta, dry_run: bool, **_: Any
    ) -> None:
        with self.progress("Deleting") as progress:
            counts = retention.prune(
                CLI,
                older_than=older_than,
                keep_failures=keep_failures,
                dry_run=dry_run,
                progress=progress,
            )
        verb = "would be deleted" if dry_run else "deleted"
        for what, count in counts.items():
            self.say(f"{count:>10} {what} {verb}")
        self.emit({"success": True, "dry_run": dry_run, "deleted": counts})
