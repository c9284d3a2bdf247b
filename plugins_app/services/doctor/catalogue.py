"""Plugins and the keys of those who call them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError

from plugins_app.core.errors import ZantaraError
from plugins_app.models import ApiKey, InstalledPlugin
from plugins_app.services.doctor.findings import Check, Finding, error, ok, warning
from plugins_app.services.registry import snapshot


def _plugins() -> Iterator[Finding]:
    try:
        current = snapshot()
    except (DatabaseError, ZantaraError) as failure:
        title = f"No plugins could be loaded: {failure}"
        yield error("ZD13", title, "Nothing is served.", "python manage.py migrate")
        return
    yield ok("ZD13", f"{len(current.plugins)} plugins loaded")
    for broken in current.errors:
        yield error(
            "ZD14",
            f"{broken.plugin or broken.module}: {broken.message}",
            f"It is not served ({broken.location}).",
            "Mend it, then: python manage.py discover_plugins",
        )
    yield from _waiting()


def _waiting() -> Iterator[Finding]:
    if waiting := InstalledPlugin.objects.filter(installed=True, enabled=False).count():
        yield warning(
            "ZD15",
            f"{waiting} plugins are disabled",
            "Their callers get 409.",
            "python manage.py enable_plugins NAME, if that is not what you want.",
        )


def _keys() -> Iterator[Finding]:
    for name in ApiKey.objects.filter(expires=None, revoked=None).values_list("name", flat=True):
        yield warning(
            "ZD19",
            f"The API key {name!r} never expires",
            "Whoever finds it may use it for ever.",
            f"python manage.py api_keys rotate {name}",
        )


MIGRATED_CHECKS: tuple[Check, ...] = (_plugins, _keys)
