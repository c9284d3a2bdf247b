"""What was done to a plugin: the newest lines of the audit trail about it."""

from __future__ import annotations

from plugins_app.models import AuditEvent

SHOWN = 20


def of_plugin(name: str) -> list[AuditEvent]:
    """Newest first."""
    return list(AuditEvent.objects.filter(object=name).order_by("-id")[:SHOWN])
