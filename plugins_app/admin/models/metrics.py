"""The rows behind the charts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from plugins_app.admin.formats import number
from plugins_app.admin.models.log import Column, Filter, LogAdmin
from plugins_app.admin.values import NOTHING, instant, plugin_link
from plugins_app.models import BreakerEvent, CallerHour, GaugeMinute, MetricHour, MetricMinute

PLUGIN = Column("Plugin", lambda row: plugin_link(row.plugin))
AT = Column("Bucket", lambda row: instant(row.at))
BY_PLUGIN = Filter("plugin", "Plugin", hint="bali_zero.pricing")


def _count(label: str, field: str) -> Column:
    return Column(label, lambda row: number(getattr(row, field)), numeric=True)


class _CounterAdmin(LogAdmin):
    columns = (
        AT,
        PLUGIN,
        Column("Version", lambda row: row.version),
        Column("Counter", lambda row: row.metric),
        _count("Value", "value"),
    )
    filters = (BY_PLUGIN, Filter("metric", "Counter", hint="calls"))


@admin.register(MetricMinute)
class MetricMinuteAdmin(_CounterAdmin):
    lead = "Counters by the minute, kept for 48 hours."


@admin.register(MetricHour)
class MetricHourAdmin(_CounterAdmin):
    lead = "Counters by the hour, kept for 13 months."


@admin.register(CallerHour)
class CallerHourAdmin(LogAdmin):
    lead = "Who called what, by the hour."
    columns = (
        AT,
        PLUGIN,
        Column("Caller", lambda row: row.caller),
        _count("Calls", "calls"),
        _count("Errors", "errors"),
        _count("Refused", "refused"),
    )
    filters = (BY_PLUGIN, Filter("caller", "Caller", hint="key:zan_..., user:1"))


@admin.register(GaugeMinute)
class GaugeMinuteAdmin(LogAdmin):
    lead = "Peaks within each minute, kept for 48 hours."
    columns = (
        AT,
        PLUGIN,
        _count("At once", "in_flight"),
        _count("Waiting", "queued"),
        Column("Quota used", lambda row: f"{row.peak_quota} %", numeric=True),
    )
    filters = (BY_PLUGIN,)


def _states() -> list[tuple[str, str]]:
    return [(state, state.replace("_", "-")) for state in ("open", "half_open", "closed")]


def _change(row: Any) -> str:
    return f"{row.previous} → {row.state}".replace("_", "-")


@admin.register(BreakerEvent)
class BreakerEventAdmin(LogAdmin):
    lead = "When circuit breakers opened and closed."
    columns = (
        Column("Time", lambda row: instant(row.at)),
        PLUGIN,
        Column("Version", lambda row: row.version),
        Column("Change", _change),
        Column("Reason", lambda row: row.reason or NOTHING),
    )
    filters = (BY_PLUGIN, Filter("state", "State", _states))
