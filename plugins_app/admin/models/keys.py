from __future__ import annotations

from django.contrib import admin

from plugins_app.admin.models.base import ElsewhereAdmin
from plugins_app.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(ElsewhereAdmin):
    list_route, row_route = "admin:api-keys", "admin:api-key"
