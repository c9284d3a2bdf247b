"""System checks: mistakes in settings and environment, with stable ids and hints."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning

_FIXED_SQLITE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


@register(Tags.compatibility)
def plugin_directories(**_: Any) -> Sequence[CheckMessage]:
    return [
        Error(
            f"Plugin directory {str(directory)!r} does not exist.",
            hint="Create it, or correct ZANTARA_PLUGIN_DIRS.",
            id="zantara.E001",
        )
        for directory in settings.ZANTARA_PLUGIN_DIRS
        if not directory.is_dir()
    ]


@register(Tags.database)
def sqlite_wal_reset(**_: Any) -> Sequence[CheckMessage]:
    """SQLite's own release notes: a checkpoint that meets a write may lose committed pages."""
    on_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if not on_sqlite or sqlite_has_wal_fix():
        return []
    return [
        CheckWarning(
            f"SQLite {sqlite3.sqlite_version} has a rare fault that can corrupt a WAL database.",
            hint="Use SQLite 3.51.3, 3.50.7, 3.44.6 or later, or PostgreSQL in production.",
            id="zantara.W001",
        )
    ]


def sqlite_has_wal_fix(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    newest = _FIXED_SQLITE[0]
    return version >= newest or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in _FIXED_SQLITE[1:]
    )


@register(Tags.security, deploy=True)
def unlimited_anonymous_callers(**_: Any) -> Sequence[CheckMessage]:
    """Anonymous callers are a choice; in production it should be a visible one."""
    if not settings.ZANTARA_ANONYMOUS_API or settings.ZANTARA_ANONYMOUS_RATE:
        return []
    return [
        CheckWarning(
            "Anonymous callers may execute plugins without any limit.",
            hint="Set ZANTARA_ANONYMOUS_RATE, or ZANTARA_ANONYMOUS_API=off.",
            id="zantara.W002",
        )
    ]
