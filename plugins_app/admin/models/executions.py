from __future__ import annotations

from django.contrib import admin

from plugins_app.admin.models.base import ElsewhereAdmin
from plugins_app.models import ExecutionLog


@admin.register(ExecutionLog)
class ExecutionLogAdmin(ElsewhereAdmin):
    list_route, row_route = "admin:executions", "admin:execution"
