from __future__ import annotations

from django.core.management.commands import migrate

from plugins_app.services.audit import CLI
from plugins_app.services.migrations import on_record


class Command(migrate.Command):
    """Django's, and the audit trail has it where somebody runs it; other code that calls it says
    itself who does."""

    def run_from_argv(self, argv: list[str]) -> None:
        with on_record(CLI):
            super().run_from_argv(argv)
