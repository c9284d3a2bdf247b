"""Running what was run once more."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from plugins_app.core.caller import Caller
from plugins_app.core.execution import Execution
from plugins_app.models import ExecutionLog
from plugins_app.services.audit import Actor, record
from plugins_app.services.execute import execute_and_wait


def run_again(row: ExecutionLog, data: Any, *, caller: Caller, actor: Actor) -> Execution:
    """As this caller, by the plugin's newest version, and without the cache. Who did it stands in
    the audit trail, beside the new row of the log."""
    done = execute_and_wait(
        row.plugin,
        data,
        caller=caller,
        source=actor.source,
        request_id=actor.request_id,
        use_cache=False,
    )
    with transaction.atomic():
        after = {"again": row.pk, "status": str(done.status)}
        if done.admitted:
            after["execution_id"] = done.id
        record(actor, "execute.again", row.plugin, after=after)
    return done
