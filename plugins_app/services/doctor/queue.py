"""Work in the background: the broker, those who take from it, and what a schedule should do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from plugins_app.models import ExecutionLog
from plugins_app.models.execution import Status
from plugins_app.services.doctor.findings import Check, Finding, error, ok, warning

ANSWER_SECONDS = 1.0
GRACE = timedelta(days=2)
"""A schedule runs once a day; one that failed once is not yet missing."""


def _broker() -> Iterator[Finding]:
    if not settings.ZANTARA_BROKER_URL:
        return
    try:
        answers = _ping()
    except Exception as failure:  # every transport has failures of its own
        yield error(
            "ZD50",
            f"The queue's broker does not answer: {type(failure).__name__}",
            "Nothing can be queued, and workers wait.",
            "Start it, or correct ZANTARA_BROKER_URL.",
        )
        return
    yield ok("ZD50", "The queue's broker answers")
    yield from _answering(len(answers))


def _ping() -> list[Any]:
    # Costs a quarter of a second, which only those pay who have a queue.
    from zantara.celery import app

    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
        return app.control.ping(timeout=ANSWER_SECONDS, connection=connection) or []


def _answering(workers: int) -> Iterator[Finding]:
    if workers:
        yield ok("ZD51", f"{workers} workers of the queue answer")
    else:
        yield warning(
            "ZD51",
            "No worker of the queue answers",
            "What is queued waits, and ends as abandoned after ZANTARA_QUEUED_SECONDS.",
            "Start one: celery -A zantara worker --beat",
        )


def _schedule() -> Iterator[Finding]:
    """Whoever prunes, a worker's schedule or cron: it shows in what is still there."""
    kept = timedelta(days=settings.ZANTARA_RETENTION_DAYS) + GRACE
    late = ExecutionLog.objects.filter(
        status=Status.SUCCEEDED, started_at__lt=timezone.now() - kept
    )
    if late.exists():
        yield warning(
            "ZD52",
            f"Executions are kept longer than the {settings.ZANTARA_RETENTION_DAYS} days allowed",
            "Personal data stays, and the log grows for ever.",
            "Start a worker with --beat, or run prune_executions once a day.",
        )
    else:
        yield ok("ZD52", "No execution is kept longer than allowed")


CHECKS: tuple[Check, ...] = (_broker,)
MIGRATED_CHECKS: tuple[Check, ...] = (_schedule,)
