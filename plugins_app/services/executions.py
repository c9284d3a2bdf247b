"""Reading the execution log."""

from __future__ import annotations

from plugins_app.models import ExecutionLog


def recent(plugin: str, limit: int = 10) -> list[ExecutionLog]:
    """Newest first."""
    return list(ExecutionLog.objects.filter(plugin=plugin).order_by("-id")[:limit])
