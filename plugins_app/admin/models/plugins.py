from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from plugins_app.admin.models.base import ReadOnlyAdmin
from plugins_app.admin.values import Item, items, plugin_link
from plugins_app.models import InstalledPlugin, PluginVersion


@admin.register(InstalledPlugin)
class InstalledPluginAdmin(ReadOnlyAdmin):
    """The rows; operators work with the marketplace, which shows what is loaded too."""

    list_display = (
        "name",
        "version",
        "category",
        "enabled",
        "installed",
        "overridden",
        "last_seen",
    )
    list_filter = ("enabled", "installed", ("category", admin.AllValuesFieldListFilter))
    search_fields = ("name", "description")

    @admin.display(description="overridden")
    def overridden(self, row: InstalledPlugin) -> str:
        return ", ".join(sorted(row.overrides)) or "-"

    def page_about(self, row: InstalledPlugin, request: HttpRequest) -> dict[str, Any]:
        links = [("In the marketplace", reverse("admin:plugin-detail", args=[row.name]))]
        if request.user.has_perm("plugins_app.change_installedplugin"):
            links.append(("Settings", reverse("admin:plugin-config", args=[row.name])))
        return {**super().page_about(row, request), "links": links}


@admin.register(PluginVersion)
class PluginVersionAdmin(ReadOnlyAdmin):
    list_display = ("plugin_id", "version", "source", "first_seen", "last_seen")
    search_fields = ("plugin__name", "=version", "source_hash__startswith")
    without = ("plugin",)

    @admin.display(description="source")
    def source(self, row: PluginVersion) -> str:
        return format_html("<code>{}</code>", row.source_hash[:12])

    def items(self, row: PluginVersion) -> Iterator[Item]:
        yield Item("Plugin", plugin_link(row.plugin_id))
        yield from items(row, self.without)
