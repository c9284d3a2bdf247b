"""What was done to plugins while the numbers were counted, from the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Annotation
from plugins_app.models import AuditEvent

AT_MOST = 12
"""The latest ones: more lines than these hide what they explain."""


def changes(asked: Asked) -> list[Annotation]:
    """Oldest first. Who did it stands in the audit trail, which takes a permission of its own."""
    window = asked.window
    found = AuditEvent.objects.filter(at__gte=window.since, at__lt=window.until, action__in=_TOLD)
    if asked.plugin:
        found = found.filter(object=asked.plugin)
    latest = found.order_by("-at", "-pk")[:AT_MOST]
    return [_annotation(event, named=asked.plugin is None) for event in reversed(latest)]


def _annotation(event: AuditEvent, *, named: bool) -> Annotation:
    label, detail = _TOLD[event.action]
    subject = event.object if named else ""
    return Annotation(event.at, label, " ".join(filter(None, (subject, detail(event)))))


def _versions(event: AuditEvent) -> str:
    before, after = (_version(facts) for facts in (event.before, event.after))
    return f"{before} → {after}" if before and before != after else after


def _version(facts: Any) -> str:
    return str(facts.get("version", "")) if isinstance(facts, dict) else ""


def _settings(event: AuditEvent) -> str:
    before, after = (each if isinstance(each, dict) else {} for each in (event.before, event.after))
    return ", ".join(
        f"{name} {before.get(name, 'as in code')} → {after.get(name, 'as in code')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _nothing(event: AuditEvent) -> str:
    return ""


_TOLD: dict[str, tuple[str, Callable[[AuditEvent], str]]] = {
    "reload": ("Reloaded", _versions),
    "reload.rejected": ("Reload rejected", _nothing),
    "overrides": ("Settings changed", _settings),
    "enable": ("Enabled", _nothing),
    "disable": ("Disabled", _nothing),
    "breaker.force_open": ("Breaker forced open", _nothing),
    "breaker.force_closed": ("Breaker forced closed", _nothing),
    "breaker.reset": ("Breaker reset", _nothing),
}
