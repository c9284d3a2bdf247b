"""The database: whether it answers, keeps what it was given, and holds all who come."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from plugins_app.checks import sqlite_has_wal_fix
from plugins_app.services.doctor.findings import Check, Finding, error, ok, warning
from plugins_app.services.health import database_answers
from plugins_app.services.workers import live_workers

LEAST_POSTGRESQL = 14
SAFE = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings of PostgreSQL without which a committed row may be lost, or the database damaged."""
ODD_CONNECTIONS = 3
"""Of each process beside its pool: the journal, the watcher, a lock."""
FULL = 0.9
_CLIENT = "client backend"


def _database() -> Iterator[Finding]:
    if not database_answers():
        yield error(
            "ZD10",
            "The database does not answer",
            "Every call is refused with 503.",
            "Start it, or correct DATABASE_URL.",
        )
        return
    yield ok("ZD10", f"Database: {connections['default'].vendor}")
    yield from _sqlite() if on_sqlite() else _postgresql()


def on_sqlite() -> bool:
    return connections["default"].vendor == "sqlite"


def _sqlite() -> Iterator[Finding]:
    if sqlite_has_wal_fix():
        yield ok("ZD11", f"SQLite {sqlite3.sqlite_version}")
    else:
        yield warning(
            "ZD11",
            f"SQLite {sqlite3.sqlite_version} has a rare fault in WAL mode",
            "A checkpoint that meets a write may damage the database.",
            "Use SQLite 3.51.3, 3.50.7 or 3.44.6 or later, or PostgreSQL.",
        )


def _postgresql() -> Iterator[Finding]:
    version = int(_shown("server_version_num")) // 10_000
    if version < LEAST_POSTGRESQL:
        fix = f"Upgrade it to {LEAST_POSTGRESQL} or later."
        yield error("ZD40", f"PostgreSQL {version}", "Django does not support it.", fix)
    else:
        yield ok("ZD40", f"PostgreSQL {version}")
    yield from _durability()
    yield from _statement_timeout()


def _durability() -> Iterator[Finding]:
    unsafe = [name for name in SAFE if _shown(name) == "off"]
    if not unsafe:
        yield ok("ZD41", "PostgreSQL has written what it confirms")
        return
    yield error(
        "ZD41",
        f"PostgreSQL runs with {', '.join(f'{name}=off' for name in unsafe)}",
        "After a crash, calls that were answered may be missing from the log.",
        "Set to on in postgresql.conf, and not to off for the role or the database.",
    )


def _statement_timeout() -> Iterator[Finding]:
    if _shown("statement_timeout") == "0":
        yield warning(
            "ZD42",
            "Statements may take any time",
            "One heavy page can hold a connection for ever.",
            "Set ZANTARA_STATEMENT_SECONDS to more than 0.",
        )
    else:
        yield ok("ZD42", f"Statements end after {_shown('statement_timeout')}")


def _shown(name: str) -> str:
    return str(_row("SELECT current_setting(%s)", name)[0])


def _row(statement: str, *values: Any) -> Any:
    with connections["default"].cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


def _migrations() -> Iterator[Finding]:
    if not database_answers():
        return
    executor = MigrationExecutor(connections["default"])
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        title = f"{len(plan)} migrations are not applied"
        consequence = "Pages and calls fail on missing tables."
        yield error("ZD12", title, consequence, "python manage.py migrate")
    else:
        yield ok("ZD12", "The database is migrated")


def _connections() -> Iterator[Finding]:
    """Those in use now, and with pools those that all processes may open at their most."""
    if on_sqlite():
        return
    room = int(_shown("max_connections")) - int(_shown("superuser_reserved_connections"))
    used = int(_row("SELECT count(*) FROM pg_stat_activity WHERE backend_type = %s", _CLIENT)[0])
    needed = max(live_workers().count(), 1) * _most_of_one()
    if used > room * FULL or needed > room:
        yield error(
            "ZD43",
            f"PostgreSQL has {room} connections: {used} are in use, servers may open {needed}",
            "Under load calls are refused with 503.",
            "Raise max_connections, run fewer processes, or lower ZANTARA_DATABASE_POOL.",
        )
    else:
        yield ok("ZD43", f"{used} of PostgreSQL's {room} connections are in use")


def _most_of_one() -> int:
    """Without a pool nobody can tell: a connection for each request in flight."""
    pool = settings.DATABASES["default"].get("OPTIONS", {}).get("pool")
    size = pool.get("max_size") or pool.get("min_size", 4) if isinstance(pool, dict) else 4
    return int(size) + ODD_CONNECTIONS if pool else ODD_CONNECTIONS


CHECKS: tuple[Check, ...] = (_database, _migrations)
MIGRATED_CHECKS: tuple[Check, ...] = (_connections,)
