"""Rows of executions that wait for a worker: written before their message is sent, claimed by
whoever runs them. The claim is one fenced update, so a message may come twice, or late."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from plugins_app.core.errors import Refused, Unavailable
from plugins_app.core.execution import Execution
from plugins_app.models import ExecutionLog, Status
from plugins_app.runtime.journal_dialect import journal_sql
from plugins_app.runtime.journal_rows import row_of
from plugins_app.runtime.rollup import Rollup, Tally, minute_of

BATCH = 500


def write(execution: Execution, *, payloads: bool) -> None:
    """The row of a call that was checked and shall run elsewhere."""
    waiting = replace(execution, answer=None, admitted=True)
    row = row_of(waiting, worker="", payloads=payloads)
    ExecutionLog.objects.create(**row | {"status": Status.QUEUED, "lease_until": None})


def withdraw(execution_id: str) -> bool:
    """Whether the row still waited, and is gone: its caller is told that nothing will run."""
    return bool(_waiting(execution_id).delete()[0])


def find(execution_id: str) -> ExecutionLog | None:
    return _waiting(execution_id).first()


def claim(
    row: ExecutionLog, *, worker: str, version: str, now: datetime, lease: timedelta
) -> ExecutionLog | None:
    """The row as it runs now, or None where somebody else was faster."""
    running = {
        "status": Status.RUNNING,
        "worker": worker,
        "version": version,
        "started_at": now,
        "lease_until": now + lease,
    }
    if not _waiting(row.pk).update(**running):
        return None
    return ExecutionLog.objects.get(pk=row.pk)


def refuse(row: ExecutionLog, error: Exception, now: datetime) -> bool:
    """Whether it ended a claimed row that no plugin was found for, or no caller."""
    code = error.code if isinstance(error, Refused) else Refused.code
    return _end(row, Status.REFUSED, code, str(error), now)


def sweep(now: datetime, patience: timedelta) -> int:
    """Rows ended as `abandoned`: their message was lost, or nobody listens to their queue."""
    late = ExecutionLog.objects.filter(status=Status.QUEUED, started_at__lt=now - patience)
    swept = 0
    while rows := list(late.order_by("id")[:BATCH]):
        swept += sum(
            _end(row, Status.ABANDONED, Unavailable.code, "No worker took it in time", now)
            for row in rows
        )
    return swept


def _waiting(execution_id: str) -> QuerySet[ExecutionLog]:
    return ExecutionLog.objects.filter(pk=execution_id, status=Status.QUEUED)


def _end(row: ExecutionLog, status: Status, code: str, error: str, now: datetime) -> bool:
    """Fenced: whoever moved the row in the meantime wins. What ended is counted, once."""
    with transaction.atomic():
        ended = ExecutionLog.objects.filter(pk=row.pk, status=row.status).update(
            status=status,
            error_code=code,
            error=error,
            finished_at=now,
            duration_ms=(now - row.started_at) / timedelta(milliseconds=1),
            lease_until=None,
        )
        if ended:
            journal_sql().add(_rollup(row, status, code))
    return bool(ended)


def _rollup(row: ExecutionLog, status: Status, code: str) -> Rollup:
    total = Rollup()
    kinds = (0, 0, 1) if status is Status.REFUSED else (1, 1, 0)
    counts = {f"status:{status}": 1, f"error:{code}": 1}
    total.count(
        Tally(row.plugin, row.version, minute_of(row.started_at), counts, row.caller, kinds)
    )
    return total
