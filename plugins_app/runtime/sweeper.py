"""Ends rows that nobody else will: their process died and the lease ran out, or no worker came."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from plugins_app.models import ExecutionLog, Status
from plugins_app.runtime import queue
from plugins_app.runtime.journal_dialect import journal_sql
from plugins_app.runtime.rollup import Rollup, Tally, minute_of

BATCH = 500


def sweep(now: datetime) -> int:
    """Rows ended as `abandoned`. Safe beside live servers and other sweepers."""
    swept = 0
    while rows := list(_expired(now)[:BATCH]):
        swept += _abandon(rows, now)
    return swept + queue.sweep(now, timedelta(seconds=settings.ZANTARA_QUEUED_SECONDS))


def _expired(now: datetime) -> QuerySet[ExecutionLog]:
    return ExecutionLog.objects.filter(status=Status.RUNNING, lease_until__lt=now).order_by("id")


def _abandon(rows: list[ExecutionLog], now: datetime) -> int:
    with transaction.atomic():
        ended = [row for row in rows if _abandon_one(row, now)]
        journal_sql().add(_rollup(ended))
    return len(ended)


def _abandon_one(row: ExecutionLog, now: datetime) -> bool:
    """Fenced: a finish that came in the meantime wins."""
    return bool(
        ExecutionLog.objects.filter(pk=row.pk, status=Status.RUNNING).update(
            status=Status.ABANDONED,
            error_code="outcome_unknown",
            error="The process that ran it ended before it did",
            finished_at=now,
            duration_ms=(now - row.started_at) / timedelta(milliseconds=1),
            lease_until=None,
        )
    )


def _rollup(rows: list[ExecutionLog]) -> Rollup:
    total = Rollup()
    counts = {f"status:{Status.ABANDONED}": 1, "error:outcome_unknown": 1}
    for row in rows:
        minute = minute_of(row.started_at)
        total.count(Tally(row.plugin, row.version, minute, counts, row.caller, (1, 1, 0)))
    return total
