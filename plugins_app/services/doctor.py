"""Checks of an installation that a running process can make. Each finding has a stable id."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.utils import timezone

from plugins_app.checks import sqlite_has_wal_fix
from plugins_app.core.errors import ZantaraError
from plugins_app.models import ApiKey, AuditEvent, ExecutionLog, InstalledPlugin, Worker
from plugins_app.services.health import database_answers
from plugins_app.services.registry import snapshot
from plugins_app.services.workers import live_workers

LEAST_FREE_BYTES = 512 * 1024 * 1024
LEAST_SECRET = 50
LEAST_VARIETY = 5
CLOCK_TOLERANCE = timedelta(seconds=5)


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    id: str
    level: Level
    title: str
    consequence: str = ""
    fix: str = ""


Check = Callable[[], Iterator[Finding]]


def examine() -> list[Finding]:
    """All checks; those that need a migrated database are left out where there is none."""
    findings = [finding for check in _LOCAL for finding in check()]
    if not any(f.id in _NEEDED and f.level is Level.ERROR for f in findings):
        findings += [finding for check in _WITH_DATABASE for finding in check()]
    return findings


def _ok(number: str, title: str) -> Finding:
    return Finding(number, Level.OK, title)


def _versions() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info < (3, 14):
        yield Finding(
            "ZD01",
            Level.ERROR,
            f"Python {version}",
            "ZANTARA is tested on 3.11 to 3.13 only.",
            "Make the environment anew: make clean && make PYTHON=python3.12 run",
        )
    else:
        yield _ok("ZD01", f"Python {version}")


def _variable_directory() -> Iterator[Finding]:
    directory = settings.VAR_DIR
    if not os.access(directory, os.W_OK):
        yield Finding(
            "ZD02",
            Level.ERROR,
            f"{directory} is not writable",
            "Neither the database nor the secret key can be written.",
            "Correct its owner, or set ZANTARA_VAR_DIR.",
        )
        return
    free = shutil.disk_usage(directory).free
    title = f"{free // 1024**2} MiB free for {directory}"
    if free < LEAST_FREE_BYTES:
        consequence = "When the disk is full, every call is refused: no audit, no act."
        yield Finding("ZD02", Level.ERROR, title, consequence, "Free space, or prune_executions.")
    else:
        yield _ok("ZD02", title)


def _directories() -> Iterator[Finding]:
    for directory in settings.ZANTARA_PLUGIN_DIRS:
        if directory.is_dir() and os.access(directory, os.R_OK):
            yield _ok("ZD03", f"Plugin directory {directory}")
        else:
            yield Finding(
                "ZD03",
                Level.ERROR,
                f"Plugin directory {directory} cannot be read",
                "Its plugins are missing from the catalogue.",
                "Create it, or correct ZANTARA_PLUGIN_DIRS.",
            )


def _debug() -> Iterator[Finding]:
    if settings.DEBUG:
        level = Level.WARNING if settings.EMBEDDED else Level.ERROR
        consequence = "Error pages show code and settings to everybody."
        yield Finding("ZD04", level, "DEBUG is on", consequence, "Unset DEBUG.")
    else:
        yield _ok("ZD04", "DEBUG is off")


def _secret_key() -> Iterator[Finding]:
    if len(settings.SECRET_KEY) < LEAST_SECRET or len(set(settings.SECRET_KEY)) < LEAST_VARIETY:
        yield Finding(
            "ZD08",
            Level.ERROR,
            "SECRET_KEY is short or simple",
            "Whoever guesses it can sign in as anybody.",
            "python -c 'import secrets; print(secrets.token_urlsafe(64))'",
        )
    else:
        yield _ok("ZD08", "SECRET_KEY is long and random")


def _pepper() -> Iterator[Finding]:
    if not settings.EMBEDDED and settings.ZANTARA_API_KEY_PEPPER == settings.SECRET_KEY:
        yield Finding(
            "ZD05",
            Level.WARNING,
            "API keys are hashed with SECRET_KEY",
            "A change of SECRET_KEY ends all API keys.",
            "Set ZANTARA_API_KEY_PEPPER to a random value of its own.",
        )
    else:
        yield _ok("ZD05", "API keys have their pepper")


def _anonymous() -> Iterator[Finding]:
    unlimited = settings.ZANTARA_ANONYMOUS_API and not settings.ZANTARA_ANONYMOUS_RATE
    if unlimited or (settings.ZANTARA_ANONYMOUS_API and not settings.EMBEDDED):
        rate = f"{settings.ZANTARA_ANONYMOUS_RATE} calls a minute" if not unlimited else "no limit"
        yield Finding(
            "ZD06",
            Level.WARNING,
            f"Anonymous callers may execute plugins, with {rate}",
            "Whoever reaches the server may use every public plugin.",
            "Set ZANTARA_ANONYMOUS_API=off, or a ZANTARA_ANONYMOUS_RATE.",
        )
    else:
        yield _ok("ZD06", "Anonymous callers are limited or refused")


def _static_files() -> Iterator[Finding]:
    if any(settings.STATIC_ROOT.glob("*")):
        yield _ok("ZD07", "Static files are collected")
    else:
        yield Finding(
            "ZD07",
            Level.WARNING,
            "Static files are not collected",
            "The marketplace has no styles.",
            "python manage.py collectstatic",
        )


def _database() -> Iterator[Finding]:
    if not database_answers():
        yield Finding(
            "ZD10",
            Level.ERROR,
            "The database does not answer",
            "Every call is refused with 503.",
            "Start it, or correct DATABASE_URL.",
        )
        return
    yield _ok("ZD10", f"Database: {connections['default'].vendor}")
    if connections["default"].vendor != "sqlite":
        return
    if sqlite_has_wal_fix():
        yield _ok("ZD11", f"SQLite {sqlite3.sqlite_version}")
    else:
        yield Finding(
            "ZD11",
            Level.WARNING,
            f"SQLite {sqlite3.sqlite_version} has a rare fault in WAL mode",
            "A checkpoint that meets a write may damage the database.",
            "Use SQLite 3.51.3, 3.50.7 or 3.44.6 or later, or PostgreSQL.",
        )


def _migrations() -> Iterator[Finding]:
    if not database_answers():
        return
    executor = MigrationExecutor(connections["default"])
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield Finding(
            "ZD12",
            Level.ERROR,
            f"{len(plan)} migrations are not applied",
            "Pages and calls fail on missing tables.",
            "python manage.py migrate",
        )
    else:
        yield _ok("ZD12", "The database is migrated")


def _plugins() -> Iterator[Finding]:
    try:
        current = snapshot()
    except (DatabaseError, ZantaraError) as error:
        fix = "python manage.py migrate"
        yield Finding("ZD13", Level.ERROR, f"No plugins could be loaded: {error}", fix=fix)
        return
    yield _ok("ZD13", f"{len(current.plugins)} plugins loaded")
    for failure in current.errors:
        yield Finding(
            "ZD14",
            Level.ERROR,
            f"{failure.plugin or failure.module}: {failure.message}",
            f"It is not served ({failure.location}).",
            "Mend it, then: python manage.py discover_plugins",
        )
    yield from _waiting()


def _waiting() -> Iterator[Finding]:
    waiting = InstalledPlugin.objects.filter(installed=True, enabled=False).count()
    if waiting:
        yield Finding(
            "ZD15",
            Level.WARNING,
            f"{waiting} plugins are disabled",
            "Their callers get 409.",
            "python manage.py enable_plugins NAME, if that is not what you want.",
        )


def _workers() -> Iterator[Finding]:
    alive = list(live_workers())
    yield _ok("ZD16", f"{len(alive)} servers running")
    for worker in Worker.objects.exclude(pk__in=[worker.pk for worker in alive]):
        yield Finding(
            "ZD20",
            Level.WARNING,
            f"The server {worker} was last seen {worker.seen:%Y-%m-%d %H:%M:%S} UTC",
            "It hangs or was killed; what it was running ends as abandoned.",
            "Start it again; a server that is gone for good is forgotten after an hour.",
        )
    if len(alive) > 1:
        yield Finding(
            "ZD17",
            Level.ERROR,
            f"{len(alive)} servers keep their limits each for itself",
            "Rate limits, breakers and caches hold per process, so limits are exceeded.",
            "Run one server process with the state in memory.",
        )
    if len({worker.registry_hash for worker in alive}) > 1:
        yield Finding(
            "ZD18",
            Level.ERROR,
            "Servers have loaded different code",
            "The same call may get different answers.",
            "python manage.py reload_plugins --all --wait",
        )


def _keys() -> Iterator[Finding]:
    forever = ApiKey.objects.filter(expires=None, revoked=None).values_list("name", flat=True)
    for name in forever:
        yield Finding(
            "ZD19",
            Level.WARNING,
            f"The API key {name!r} never expires",
            "Whoever finds it may use it for ever.",
            f"python manage.py api_keys rotate {name}",
        )


def _clock() -> Iterator[Finding]:
    """Whatever is on record lies in the past, unless a clock is wrong."""
    latest = max(filter(None, (_latest_record(), _database_time())), default=timezone.now())
    ahead = latest - timezone.now()
    if ahead > CLOCK_TOLERANCE:
        yield Finding(
            "ZD21",
            Level.ERROR,
            f"This machine's clock is {ahead.total_seconds():.0f} s behind what is on record",
            "Leases, limits and expiry dates are wrong, and live servers may be taken for dead.",
            "Synchronise the clocks of all machines (NTP).",
        )
    else:
        yield _ok("ZD21", "The clock agrees with what is on record")


def _latest_record() -> datetime | None:
    newest = (
        Worker.objects.aggregate(at=Max("seen"))["at"],
        ExecutionLog.objects.order_by("-id").values_list("started_at", flat=True).first(),
        AuditEvent.objects.order_by("-id").values_list("at", flat=True).first(),
    )
    return max(filter(None, newest), default=None)


def _database_time() -> datetime | None:
    """A server of its own has a clock of its own."""
    if connections["default"].vendor != "postgresql":
        return None
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


_NEEDED = frozenset(("ZD10", "ZD12"))
_LOCAL: tuple[Check, ...] = (
    _versions,
    _variable_directory,
    _directories,
    _debug,
    _secret_key,
    _pepper,
    _anonymous,
    _static_files,
    _database,
    _migrations,
)
_WITH_DATABASE: tuple[Check, ...] = (_plugins, _workers, _clock, _keys)
