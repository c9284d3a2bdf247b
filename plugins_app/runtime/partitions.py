"""The log by days, on PostgreSQL: partitions by ranges of ids, which are ranges of time.

A day's rows are one table: what is too old goes by dropping tables, which costs the same for ten
rows and for ten million and leaves nothing for VACUUM. Rows without a partition of their day are
kept in the default one and move when the day's is made.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString

from django.db import connection, transaction
from psycopg import sql

from plugins_app.models import ExecutionLog, Status
from plugins_app.runtime.exclusive import exclusive
from plugins_app.runtime.ids import first_id

AHEAD = timedelta(days=3)
"""So long no process need be up before rows fall into the default partition."""
UNENDED = (Status.QUEUED, Status.RUNNING)

_LOG = ExecutionLog._meta.db_table
_DEFAULT = f"{_LOG}_default"
_ONE_DAY = timedelta(days=1)


def make(today: date) -> list[str]:
    """Today's partition and those of the next days; the names of the new ones."""
    if connection.vendor != "postgresql":
        return []
    days = [today + timedelta(days=n) for n in range(AHEAD.days + 1)]
    missing = [day for day in days if _name(day) not in existing()]
    if missing:
        with exclusive("partitions") as mine:
            if mine:
                return [_make(day) for day in missing if _name(day) not in existing()]
    return []


def drop_before(moment: datetime) -> int:
    """Whole days before it, but those with executions that have not ended. How many rows went."""
    if connection.vendor != "postgresql":
        return 0
    with exclusive("partitions") as mine:
        old = [name for name, day in existing().items() if day + _ONE_DAY <= moment.date()]
        return sum(_drop(name) for name in old) if mine else 0


def existing() -> dict[str, date]:
    """Names of the partitions of days, and their days, oldest first."""
    names = (
        _value(
            "SELECT array_agg(relid::regclass::text ORDER BY 1)"
            " FROM pg_partition_tree({log}::regclass) WHERE isleaf",
            log=sql.Literal(_LOG),
        )
        or ()
    )
    return {name: date.fromisoformat(name[-8:]) for name in names if name != _DEFAULT}


def _name(day: date) -> str:
    return f"{_LOG}_{day:%Y%m%d}"


def _make(day: date) -> str:
    """Made beside the log and then attached: readers and writers of the log wait for nothing
    longer than for a look through the default partition, which is empty but for rows in need."""
    name = _name(day)
    low, high = (first_id(datetime.combine(d, time(), UTC)) for d in (day, day + _ONE_DAY))
    parts = {
        "log": sql.Identifier(_LOG),
        "default": sql.Identifier(_DEFAULT),
        "name": sql.Identifier(name),
        "low": sql.Literal(low),
        "high": sql.Literal(high),
    }
    with transaction.atomic():
        for statement in _CREATION:
            _value(statement, **parts)
    return name


_CREATION = (
    "LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE",
    "CREATE TABLE {name} (LIKE {log} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
    (
        "WITH moved AS (DELETE FROM {default} WHERE id >= {low} AND id < {high} RETURNING *)"
        " INSERT INTO {name} SELECT * FROM moved"
    ),
    "ALTER TABLE {log} ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})",
)


def _drop(name: str) -> int:
    """How many rows went."""
    table = sql.Identifier(name)
    unended = sql.SQL(", ").join(sql.Literal(str(status)) for status in UNENDED)
    if _value(
        "SELECT EXISTS (SELECT 1 FROM {name} WHERE status IN ({unended}))",
        name=table,
        unended=unended,
    ):
        return 0
    rows = _value("SELECT count(*) FROM {name}", name=table)
    _value("DROP TABLE {name}", name=table)
    return int(rows)


def _value(statement: LiteralString, **parts: sql.Composable) -> Any:
    """The first column of the first row, None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(**parts).as_string(cursor.connection))
        return cursor.fetchone()[0] if cursor.description else None
