"""Where the things lead that events are about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.urls import NoReverseMatch, reverse

from plugins_app.models import ApiKey, AuditEvent, InstalledPlugin, User

_PLACES = {
    "registry": "admin:marketplace",
    "executions": "admin:executions",
    "audit": "admin:audit",
}


def links(events: Iterable[AuditEvent]) -> dict[str, str]:
    """Object -> address, of those that are still there; one query for each kind of thing."""
    objects = {event.object for event in events}
    plugins = InstalledPlugin.objects.filter(pk__in=_named("", objects))
    return {
        **{name: reverse(route) for name, route in _PLACES.items() if name in objects},
        **{plugin: _plugin(plugin) for plugin in plugins.values_list("pk", flat=True)},
        **_rows("key", ApiKey, "name", "admin:api-key", objects),
        **_rows("user", User, "username", "admin:plugins_app_user_change", objects),
    }


def _rows(
    kind: str, model: type[Model], field: str, route: str, objects: set[str]
) -> dict[str, str]:
    names = _named(f"{kind}:", objects)
    rows: Any = model._default_manager.filter(**{f"{field}__in": names}) if names else ()
    return {f"{kind}:{getattr(row, field)}": reverse(route, args=[row.pk]) for row in rows}


def _named(start: str, objects: set[str]) -> list[str]:
    """Without a start: what has none."""
    return sorted(
        each.removeprefix(start)
        for each in objects
        if (each.startswith(start) if start else ":" not in each and each not in _PLACES)
    )


def _plugin(name: str) -> str:
    try:
        return reverse("admin:plugin-detail", args=[name])
    except NoReverseMatch:
        return ""
