"""Forgetting: old executions and metrics go, in batches that never hold the log for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from plugins_app.models import (
    BreakerEvent,
    CallerHour,
    ExecutionLog,
    GaugeMinute,
    IdempotencyRecord,
    MetricHour,
    MetricMinute,
    Status,
)
from plugins_app.runtime.partitions import UNENDED, drop_before
from plugins_app.services.audit import Actor, record
from plugins_app.services.windows import HOURS_KEPT, MINUTES_KEPT

BATCH = 1_000
Progress = Callable[[int, int, str], None]

_WHOLE_DAYS = "executions of whole days"
_UNINTERESTING = (Status.SUCCEEDED, Status.REFUSED)


def prune(
    actor: Actor,
    *,
    older_than: timedelta,
    keep_failures: timedelta,
    dry_run: bool = False,
    progress: Progress = lambda done, total, what: None,
) -> dict[str, int]:
    """What was deleted, or would be: kind of rows -> how many."""
    chosen = _chosen(older_than, keep_failures)
    if dry_run:
        return {what: rows.count() for what, rows in chosen.items()}
    deleted: dict[str, int] = {}
    try:
        if rows_gone := drop_before(timezone.now() - max(older_than, keep_failures)):
            deleted[_WHOLE_DAYS] = rows_gone
        for what, rows in chosen.items():
            for done in _delete(rows, what, progress):
                deleted[what] = done
    finally:  # interrupted or not, what is gone is on record
        if any(deleted.values()):
            record(actor, "prune", "executions", after=deleted)
    return deleted


def _chosen(older_than: timedelta, keep_failures: timedelta) -> dict[str, QuerySet[Any]]:
    now = timezone.now()
    ended = ExecutionLog.objects.exclude(status__in=UNENDED)
    ordinary = ended.filter(status__in=_UNINTERESTING)
    failed = ended.exclude(status__in=_UNINTERESTING)
    return {
        "executions": ordinary.filter(started_at__lt=now - older_than),
        "failed executions": failed.filter(started_at__lt=now - keep_failures),
        "minute metrics": MetricMinute.objects.filter(at__lt=now - MINUTES_KEPT),
        "minute gauges": GaugeMinute.objects.filter(at__lt=now - MINUTES_KEPT),
        "hour metrics": MetricHour.objects.filter(at__lt=now - HOURS_KEPT),
        "hours of callers": CallerHour.objects.filter(at__lt=now - HOURS_KEPT),
        "idempotency keys": IdempotencyRecord.objects.filter(expires_at__lt=now),
        "breaker events": BreakerEvent.objects.filter(at__lt=now - HOURS_KEPT),
    }


def _delete(rows: QuerySet[Any], what: str, progress: Progress) -> Iterator[int]:
    """How many are gone, after each batch."""
    total, done = rows.count(), 0
    yield done
    while keys := list(rows.order_by().values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            done += rows.model._default_manager.filter(pk__in=keys).delete()[0]
        yield done
        progress(done, max(total, done), what)
