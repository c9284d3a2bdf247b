"""Executions that a worker runs: queued here, claimed there, one row in the log.

The message carries the input, sealed; who calls, and what, is read from the row. So a message
alone runs nothing, and one that comes twice runs once.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.utils import timezone

from plugins_app.core.caller import Caller
from plugins_app.core.errors import Unauthenticated, Unavailable
from plugins_app.core.execution import TERMINAL, Execution, Status
from plugins_app.core.plugin import PluginOutput
from plugins_app.models import ExecutionLog
from plugins_app.runtime import queue as rows
from plugins_app.runtime import serving
from plugins_app.runtime.encryption import Unreadable, decrypt, encrypt
from plugins_app.runtime.engine import Engine, current_engine
from plugins_app.runtime.journal_rows import LEASE_SPARE
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.access import caller_again

logger = logging.getLogger(__name__)

RUN = "zantara.run"
"""Name of the task."""
DEFAULT_QUEUE = "default"
RETRY_SECONDS = 5.0
_POLL_SECONDS = 0.1


class Order(NamedTuple):
    """What a message says. `data` is JSON; `pinned`: the version that the caller named."""

    id: str
    data: Any
    pinned: str = ""
    use_cache: bool = True
    timeout_ms: float | None = None


def enqueue(
    name: str,
    data: Any,
    *,
    caller: Caller,
    source: str,
    queue: str = "",
    use_cache: bool = True,
    timeout_ms: float | None = None,
) -> Execution:
    """From a thread that is not the loop's. The execution has an error where the call is refused
    or no broker took it; else its row waits. `data` is JSON. `queue`: by default the plugin's."""
    _need_broker()
    execution = engine_loop.run(_check(name, data, caller, source, timeout_ms))
    if execution.error is None:
        pinned = execution.loaded.version if name.endswith(f"@{execution.loaded.version}") else ""
        order = Order(execution.id, execution.data, pinned, use_cache, timeout_ms)
        _put(execution, order, queue or execution.loaded.metadata.queue or DEFAULT_QUEUE)
    if execution.error and execution.plugin:
        engine_loop.run(_refuse(execution))
    return execution


def _need_broker() -> None:
    if not settings.ZANTARA_BROKER_URL:
        raise Unavailable("There is no queue: set REDIS_URL or ZANTARA_BROKER_URL")


async def _check(
    name: str, data: Any, caller: Caller, source: str, timeout_ms: float | None
) -> Execution:
    engine = current_engine()
    await engine.open()
    return await engine.executor.check(
        name, data, caller=caller, source=source, timeout_ms=timeout_ms
    )


async def _refuse(execution: Execution) -> None:
    """On the loop, as every refusal."""
    current_engine().journal.refuse(execution)


def _put(execution: Execution, order: Order, queue: str) -> None:
    """The row first: a message may be read before its sender goes on."""
    message = encrypt(orjson.dumps(tuple(order))).decode()
    rows.write(execution, payloads=settings.ZANTARA_LOG_PAYLOADS)
    try:
        _send(message, queue)
    except Unavailable as error:
        # It may have been sent all the same; then the row is gone or claimed, and that decides.
        if rows.withdraw(order.id):
            execution.answer, execution.error = None, error


def _send(message: str, queue: str) -> None:
    # Costs a quarter of a second, which only those pay who queue something.
    from zantara.celery import app

    try:
        app.send_task(RUN, [message], queue=queue, argsrepr="[sealed]")
    except Exception as error:  # every transport has failures of its own
        logger.warning("the broker failed", extra={"error": str(error)})
        raise Unavailable("The broker is not available", retry_after=RETRY_SECONDS) from error


# --- for those who wait ---------------------------------------------------------------------------


def wait(execution_id: str, patience: timedelta) -> ExecutionLog | None:
    """The ended row, or None when it has not ended in time, or is not there."""
    end = time.monotonic() + patience.total_seconds()
    while time.monotonic() < end:
        row = ExecutionLog.objects.filter(pk=execution_id).first()
        if row is None or row.status in TERMINAL:
            return row
        time.sleep(_POLL_SECONDS)
    return None


def longest_wait() -> timedelta:
    """Until then a row has ended, or been ended."""
    seconds = settings.ZANTARA_QUEUED_SECONDS + settings.ZANTARA_MAX_TIMEOUT + 2 * LEASE_SPARE
    return timedelta(seconds=seconds)


def output_of(row: ExecutionLog) -> PluginOutput:
    """An ended row as a value. Its data is what the log keeps: sensitive fields masked."""
    seconds = (row.duration_ms or 0) / 1000
    return PluginOutput(
        success=row.status == Status.SUCCEEDED,
        data=orjson.loads(row.output) if row.output else None,
        error=row.error or None,
        metadata={
            "execution_id": row.pk,
            "plugin": row.plugin,
            "plugin_version": row.version,
            "duration_ms": round(seconds * 1000),
            "execution_time": round(seconds, 6),
            "cached": row.cached,
            "attempts": row.attempts,
            **({"error_code": row.error_code} if row.error_code else {}),
        },
    )


# --- in the worker --------------------------------------------------------------------------------


def run_sealed(message: str) -> None:
    """What a message asks for, once. Raises the database's errors: then nothing was run."""
    try:
        order = Order(*orjson.loads(decrypt(message.encode())))
    except Unreadable:
        logger.error("a message was dropped: it is not sealed with our secret key")  # noqa: TRY400
        return
    run_order(order)


def run_order(order: Order) -> None:
    row = rows.find(order.id)
    if row is None:
        logger.info("nothing to run: it was claimed before", extra={"execution_id": order.id})
        return
    serving.ensure_started()
    engine = current_engine()
    name = f"{row.plugin}@{order.pinned}" if order.pinned else row.plugin
    if claimed := _claim(engine, row, name, order):
        caller = caller_again(claimed.caller, model=claimed.model)
        if caller is None:
            rows.refuse(claimed, Unauthenticated("The caller may not call any more"), _now())
        else:
            _run(engine, claimed, caller, name, order)


def _claim(engine: Engine, row: ExecutionLog, name: str, order: Order) -> ExecutionLog | None:
    plugin = engine.registry.snapshot.find(name)
    seconds = min(settings.ZANTARA_MAX_TIMEOUT, (order.timeout_ms or float("inf")) / 1000)
    if plugin:
        seconds = min(seconds, plugin.metadata.call_timeout)
    return rows.claim(
        row,
        worker=engine.worker,
        version=plugin.version if plugin else row.version,
        now=_now(),
        lease=timedelta(seconds=seconds + LEASE_SPARE),
    )


def _run(engine: Engine, row: ExecutionLog, caller: Caller, name: str, order: Order) -> None:
    execution = engine_loop.run(
        engine.executor.run(
            name,
            order.data,
            caller=caller,
            source=row.source,
            request_id=row.request_id,
            use_cache=order.use_cache,
            timeout_ms=order.timeout_ms,
            claimed=row.pk,
        )
    )
    if execution.plugin is None and execution.error:
        rows.refuse(row, execution.error, _now())
    logger.info("execution ended", extra={"execution_id": row.pk, "status": str(execution.status)})


def _now() -> datetime:
    return timezone.now()
