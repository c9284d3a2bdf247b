"""When plugins were last called and last changed: a seek in an index for each, however long the
log and the rollups are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from plugins_app.models import InstalledPlugin, MetricHour, MetricMinute, PluginVersion
from plugins_app.services.timelines import EXECUTED
from plugins_app.services.windows import HOUR, floor

HOURS = 24


def last_used(names: Collection[str] | None = None) -> dict[str, datetime]:
    """plugin -> the minute of its last call, for older ones the hour; without those that nobody
    called. None: all plugins."""
    newest = Coalesce(_newest(MetricMinute), _newest(MetricHour))
    rows = _chosen(InstalledPlugin.objects.order_by(), "name", names)
    return dict(rows.annotate(used=newest).filter(used__isnull=False).values_list("name", "used"))


def last_changed(names: Collection[str] | None = None) -> dict[str, datetime]:
    """plugin -> when its newest source was first seen."""
    rows = _chosen(PluginVersion.objects.order_by(), "plugin_id", names)
    return dict(rows.values_list("plugin_id").annotate(changed=Max("first_seen")))


def by_hour(names: Collection[str]) -> dict[str, list[int]]:
    """plugin -> answered calls of the last 24 hours, the running one last."""
    last = floor(timezone.now(), HOUR)
    first = last - (HOURS - 1) * HOUR
    rows = MetricHour.objects.filter(plugin__in=names, at__gte=first, metric__in=EXECUTED)
    found = {name: [0] * HOURS for name in names}
    sums = rows.order_by().values_list("plugin", "at").annotate(total=Sum("value"))
    for name, at, amount in sums:
        if at <= last:
            found[name][(at - first) // HOUR] = amount
    return found


def _newest(model: type[Any]) -> Subquery:
    rows = model.objects.filter(plugin=OuterRef("name")).order_by("-at")
    return Subquery(rows.values("at")[:1])


def _chosen(rows: QuerySet[Any], field: str, names: Collection[str] | None) -> QuerySet[Any]:
    return rows if names is None else rows.filter(**{f"{field}__in": names})
