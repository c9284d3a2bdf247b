"""Checks of an installation that a running process can make. Each finding has a stable id."""

from __future__ import annotations

from plugins_app.services.doctor import (
    audit,
    catalogue,
    configuration,
    database,
    machine,
    queue,
    redis,
    servers,
)
from plugins_app.services.doctor.findings import Check, Finding, Level

__all__ = ["Finding", "Level", "examine"]

_FIRST: tuple[Check, ...] = (
    *machine.CHECKS,
    *configuration.CHECKS,
    *database.CHECKS,
    *redis.CHECKS,
    *queue.CHECKS,
)
_MIGRATED: tuple[Check, ...] = (
    *database.MIGRATED_CHECKS,
    *catalogue.MIGRATED_CHECKS,
    *servers.MIGRATED_CHECKS,
    *queue.MIGRATED_CHECKS,
    *audit.MIGRATED_CHECKS,
)
_NEEDED = frozenset(("ZD10", "ZD12"))


def examine() -> list[Finding]:
    """All checks; those that need a migrated database are left out where there is none."""
    findings = [finding for check in _FIRST for finding in check()]
    if not any(f.id in _NEEDED and f.level is Level.ERROR for f in findings):
        findings += [finding for check in _MIGRATED for finding in check()]
    return findings
