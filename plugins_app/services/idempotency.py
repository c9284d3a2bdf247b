"""What became of a call with an Idempotency-Key."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils import timezone

from plugins_app.core.reservation import KeptReply
from plugins_app.models import ExecutionLog, IdempotencyRecord, Status
from plugins_app.runtime.encryption import Unreadable
from plugins_app.runtime.idempotency import kept_reply

_ON_ITS_WAY = (Status.QUEUED, Status.RUNNING)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The call that has the key. Without a `reply` it still runs, or nobody knows how it ended."""

    execution_id: str
    request_hash: str
    running: bool
    reply: KeptReply | None


def earlier_call(caller: str, plugin: str, key: str) -> Earlier | None:
    """None where the key is free. One statement, so that the call cannot end between two looks."""
    row = ExecutionLog.objects.filter(pk=OuterRef("execution_id"), status__in=_ON_ITS_WAY)
    record = (
        IdempotencyRecord.objects.annotate(runs=Exists(row))
        .filter(caller=caller, plugin=plugin, key=key, expires_at__gte=timezone.now())
        .first()
    )
    if record is None:
        return None
    return Earlier(record.execution_id, record.request_hash, record.runs, _reply(record))


def _reply(record: IdempotencyRecord) -> KeptReply | None:
    try:
        return kept_reply(record)
    except Unreadable:
        return None
