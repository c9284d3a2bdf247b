from __future__ import annotations

from django.contrib import admin

from plugins_app.admin.models.base import ReadOnlyAdmin
from plugins_app.models import RegistryState, Worker


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ("id", "host", "pid", "started", "seen", "generation", "load_errors")
    list_filter = ("host",)
    search_fields = ("id", "host")

    @admin.display(description="load errors")
    def load_errors(self, row: Worker) -> int:
        return len(row.errors)


@admin.register(RegistryState)
class RegistryStateAdmin(ReadOnlyAdmin):
    list_display = ("id", "plugins", "policies", "keys", "config")
