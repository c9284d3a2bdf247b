from __future__ import annotations

from django.contrib import admin

from plugins_app.admin.models.log import Column, Filter, LogAdmin
from plugins_app.admin.values import NOTHING, instant, plugin_link
from plugins_app.models import IdempotencyRecord


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(LogAdmin):
    """The kept answers are for the callers alone."""

    lead = "Keys by which clients repeat a request without running it twice; free after a day."
    empty = "No client has sent an Idempotency-Key lately."
    deferred = ("body",)
    without = ("body", "headers")
    columns = (
        Column("Plugin", lambda row: plugin_link(row.plugin)),
        Column("Key", lambda row: row.key),
        Column("Caller", lambda row: row.caller),
        Column("Answer", lambda row: str(row.status or NOTHING)),
        Column("Used", lambda row: instant(row.created_at)),
        Column("Free again", lambda row: instant(row.expires_at)),
    )
    filters = (
        Filter("plugin", "Plugin", hint="bali_zero.pricing"),
        Filter("caller", "Caller", hint="key:ab12"),
        Filter("key", "Key"),
        Filter("execution_id", "Execution"),
    )
