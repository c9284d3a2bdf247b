from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import createsuperuser

from plugins_app.services.audit import CLI
from plugins_app.services.people import on_record


class Command(createsuperuser.Command):
    """Django's, and the audit trail has it."""

    def handle(self, *args: Any, **options: Any) -> Any:
        with on_record(CLI):
            return super().handle(*args, **options)
