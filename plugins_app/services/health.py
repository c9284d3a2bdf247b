"""How this installation is doing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone

from plugins_app.core.caller import Caller, Scope
from plugins_app.core.importing import Failure
from plugins_app.models import Worker
from plugins_app.runtime.engine import current_engine
from plugins_app.runtime.watcher import STALE_SECONDS
from plugins_app.services.catalogue import sees_failure


@dataclass(frozen=True, slots=True)
class _Facts:
    loaded: int
    failures: tuple[Failure, ...]
    database: bool
    draining: bool


def database_answers() -> bool:
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connections["default"].close()
        return False
    return True


def _facts() -> _Facts:
    engine = current_engine()
    snapshot = engine.registry.snapshot
    return _Facts(
        len(snapshot.plugins), snapshot.errors, database_answers(), engine.executor.draining
    )


def not_ready() -> list[str]:
    """Why this process should get no calls now; empty where it should."""
    facts = _facts()
    reasons = {
        "draining": facts.draining,
        "no plugins are loaded yet": not current_engine().loaded,
        "the database is not available": not facts.database,
    }
    return [reason for reason, holds in reasons.items() if holds]


def report(reader: Caller | None = None) -> dict[str, Any]:
    """`unhealthy` only where no registry is loaded or the database is away; load errors alone
    are `degraded`. With the errors that the reader may see and the workers for an administrator."""
    facts = _facts()
    broken = not current_engine().loaded or not facts.database
    status = "unhealthy" if broken else "degraded" if facts.failures else "healthy"
    short = {
        "success": not broken,
        "status": status,
        "plugins_loaded": facts.loaded,
        "load_errors": len(facts.failures),
    }
    if reader is None or not reader.may(Scope.ADMIN):
        return short
    return {
        **short,
        "database": "ok" if facts.database else "away",
        "errors": [describe_failure(each) for each in facts.failures if sees_failure(reader, each)],
        "workers": _workers() if facts.database else [],
    }


def describe_failure(failure: Failure) -> dict[str, Any]:
    return {
        "plugin": failure.plugin,
        "module": failure.module,
        "type": failure.error_type,
        "message": failure.message,
        "location": failure.location,
        "at": failure.at,
        "serving": failure.serving,
    }


def _workers() -> list[dict[str, Any]]:
    alive = timezone.now() - timedelta(seconds=STALE_SECONDS)
    return [
        {
            "worker": worker.id,
            "generation": worker.generation,
            "registry_hash": worker.registry_hash[:12],
            "seen": worker.seen,
            "alive": worker.seen >= alive,
            "load_errors": len(worker.errors),
        }
        for worker in Worker.objects.all()
    ]
