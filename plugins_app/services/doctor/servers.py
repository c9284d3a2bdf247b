"""The processes that serve plugins, and whether they go together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connections
from django.db.models import Max
from django.utils import timezone

from plugins_app.core.memory_state import MemoryState
from plugins_app.models import AuditEvent, ExecutionLog, Worker
from plugins_app.runtime.engine import current_engine
from plugins_app.services.doctor.database import on_sqlite
from plugins_app.services.doctor.findings import Check, Finding, error, ok, warning
from plugins_app.services.workers import live_workers

CLOCK_TOLERANCE = timedelta(seconds=5)


def _workers() -> Iterator[Finding]:
    alive = list(live_workers())
    yield ok("ZD16", f"{len(alive)} server{'' if len(alive) == 1 else 's'} running")
    yield from _silent(alive)
    yield from _state(len(alive))
    yield from _hosts(alive)
    if len({worker.registry_hash for worker in alive}) > 1:
        yield error(
            "ZD18",
            "Servers have loaded different code",
            "The same call may get different answers.",
            "python manage.py reload_plugins --all --wait",
        )


def _silent(alive: list[Worker]) -> Iterator[Finding]:
    for worker in Worker.objects.exclude(pk__in=[worker.pk for worker in alive]):
        yield warning(
            "ZD20",
            f"The server {worker} was last seen {worker.seen:%Y-%m-%d %H:%M:%S} UTC",
            "It hangs or was killed; what it was running ends as abandoned.",
            "Start it again; a server that is gone for good is forgotten after an hour.",
        )


def _state(running: int) -> Iterator[Finding]:
    """Those that run, or that uvicorn is told to start."""
    servers = max(running, _web_concurrency())
    if servers > 1 and isinstance(current_engine().state, MemoryState):
        yield error(
            "ZD17",
            f"{servers} servers keep their limits each for itself",
            "Rate limits, breakers and caches hold per process, so limits are exceeded.",
            "Set REDIS_URL on all of them, or run one server process.",
        )


def _web_concurrency() -> int:
    stated = os.environ.get("WEB_CONCURRENCY", "")
    return int(stated) if stated.isdigit() else 1


def _hosts(alive: list[Worker]) -> Iterator[Finding]:
    hosts = {worker.host for worker in alive}
    if len(hosts) > 1 and on_sqlite():
        yield error(
            "ZD26",
            f"{len(hosts)} hosts write into one SQLite file",
            "Its locks do not hold over a network: the database will be damaged.",
            "Use PostgreSQL.",
        )


def _clock() -> Iterator[Finding]:
    """Whatever is on record lies in the past, unless a clock is wrong."""
    now = timezone.now()
    ahead = max(filter(None, (_latest_record(), _database_time())), default=now) - now
    if ahead > CLOCK_TOLERANCE:
        yield error(
            "ZD21",
            f"This machine's clock is {ahead.total_seconds():.0f} s behind what is on record",
            "Leases, limits and expiry dates are wrong, and live servers may be taken for dead.",
            "Synchronise the clocks of all machines (NTP).",
        )
    else:
        yield ok("ZD21", "The clock agrees with what is on record")


def _latest_record() -> datetime | None:
    newest = (
        Worker.objects.aggregate(at=Max("seen"))["at"],
        ExecutionLog.objects.order_by("-id").values_list("started_at", flat=True).first(),
        AuditEvent.objects.order_by("-id").values_list("at", flat=True).first(),
    )
    return max(filter(None, newest), default=None)


def _database_time() -> datetime | None:
    """A server of its own has a clock of its own."""
    if on_sqlite():
        return None
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


MIGRATED_CHECKS: tuple[Check, ...] = (_workers, _clock)
