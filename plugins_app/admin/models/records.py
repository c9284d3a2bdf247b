from __future__ import annotations

from django.contrib import admin

from plugins_app.admin.models.log import Column, Filter, LogAdmin
from plugins_app.admin.values import NOTHING, instant, plugin_link
from plugins_app.models import PluginRecord


@admin.register(PluginRecord)
class PluginRecordAdmin(LogAdmin):
    """What plugins keep belongs to them and to their callers: operators see that it is there, and
    not what it says."""

    lead = "Documents that plugins store. What they say is for the plugin and its owner alone."
    empty = "No plugin has stored anything yet."
    deferred = ("document",)
    without = ("document",)
    columns = (
        Column("Plugin", lambda row: plugin_link(row.plugin)),
        Column("Collection", lambda row: row.collection),
        Column("Key", lambda row: row.key),
        Column("Owner", lambda row: row.owner or NOTHING),
        Column("Updated", lambda row: instant(row.updated)),
    )
    filters = (
        Filter("plugin", "Plugin", hint="bali_zero.pricing"),
        Filter("owner", "Owner", hint="user:1"),
        Filter("collection", "Collection"),
        Filter("key", "Key"),
    )
