"""The journal's statements, as SQLite takes them. Plain SQL: a row costs microseconds here and
half a millisecond in the ORM. Table and column names come from the models; every value is a
parameter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from django.db.transaction import atomic

from plugins_app.models import (
    BreakerEvent,
    CallerHour,
    ExecutionLog,
    GaugeMinute,
    MetricHour,
    MetricMinute,
    Status,
)
from plugins_app.runtime.journal_rows import Row
from plugins_app.runtime.rollup import CALLER_KINDS, PEAKS, MetricKey, Rollup

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model

COLUMNS = tuple(str(field.column) for field in ExecutionLog._meta.concrete_fields)
FINAL_COLUMNS = (
    "status",
    "error_code",
    "error",
    "traceback",
    "attempts",
    "finished_at",
    "duration_ms",
    "output",
    "stages",
    "lines",
    "lease_until",
    "cached",
)


def table_of(model: type[Model]) -> str:
    return f'"{model._meta.db_table}"'


def _insert(model: type[Model], columns: Sequence[str]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {table_of(model)} ({names}) VALUES ({values})"  # noqa: S608


@cache
def _upsert(model: type[Model], keys: str, values: str, change: str) -> str:
    """`keys` and `values` are column names; `change` says what becomes of {old} and {new}."""
    insert, conflict = _insert(model, [*keys.split(), *values.split()]), ", ".join(keys.split())
    changes = changes_of(model, values, change)
    return f"{insert} ON CONFLICT ({conflict}) DO UPDATE SET {changes}"


def changes_of(model: type[Model], values: str, change: str) -> str:
    """What an upsert does to a row that is there."""
    return ", ".join(
        f"{name} = {change.format(old=f'{table_of(model)}.{name}', new=f'excluded.{name}')}"
        for name in values.split()
    )


_INSERT = _insert(ExecutionLog, COLUMNS)
_INSERT_ONCE = f"{_INSERT} ON CONFLICT (id) DO NOTHING RETURNING id"
_FINISH = (
    f"UPDATE {table_of(ExecutionLog)} SET "  # noqa: S608
    + ", ".join(f'"{column}" = %s' for column in FINAL_COLUMNS)
    + f" WHERE id = %s AND status = '{Status.RUNNING}' RETURNING id"
)
_WITHDRAW = f"DELETE FROM {table_of(ExecutionLog)} WHERE id = %s AND status = '{Status.RUNNING}'"  # noqa: S608
_STATUS = f"SELECT status FROM {table_of(ExecutionLog)} WHERE id = %s"  # noqa: S608


class JournalSql:
    """Statements on one connection, inside the transaction of its caller."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection

    def _adapt(self, value: Any) -> Any:
        """What Django would write, at a tenth of the cost: rows hold moments in UTC."""
        if isinstance(value, list):
            return orjson.dumps(value).decode()
        if not isinstance(value, datetime):
            return value
        if value.tzinfo is UTC:
            return str(value.replace(tzinfo=None))
        return self._connection.ops.adapt_datetimefield_value(value)

    def _values(self, row: Row, columns: Iterable[str]) -> list[Any]:
        return [self._adapt(row[column]) for column in columns]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with atomic(using=self._connection.alias, durable=True):
            yield

    def execute(self, statement: str, values: Iterable[Any]) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, [self._adapt(value) for value in values])

    def fetch(self, statement: str, values: Iterable[Any]) -> list[Any]:
        """The rows that the statement returns."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, [self._adapt(value) for value in values])
            return list(cursor.fetchall())

    def insert(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        with self._connection.cursor() as cursor:
            cursor.executemany(_INSERT, [self._values(row, COLUMNS) for row in rows])

    def insert_once(self, row: Row) -> bool:
        """Whether the row was not there yet."""
        return bool(self.fetch(_INSERT_ONCE, self._values(row, COLUMNS)))

    def finish(self, rows: Sequence[Row]) -> set[str]:
        """Ids of those that were still running; only these are changed."""
        return {row["id"] for row in rows if self._finish(row)}

    def _finish(self, row: Row) -> bool:
        return bool(self.fetch(_FINISH, [*self._values(row, FINAL_COLUMNS), row["id"]]))

    def withdraw(self, execution_id: str) -> None:
        self.execute(_WITHDRAW, [execution_id])

    def status(self, execution_id: str) -> str | None:
        found = self.fetch(_STATUS, [execution_id])
        return found[0][0] if found else None

    def add(self, rollup: Rollup) -> None:
        """Keys are sorted: two processes that upsert in different orders would deadlock."""
        minutes = rollup.metric_minutes()
        self._add_counts(MetricMinute, minutes)
        self._add_counts(MetricHour, rollup.metric_hours(minutes))
        self._add_callers(rollup)
        self._raise_peaks(rollup)

    def _upsert(
        self, model: type[Model], keys: str, values: str, change: str, rows: list[list[Any]]
    ) -> None:
        if rows:
            with self._connection.cursor() as cursor:
                cursor.executemany(_upsert(model, keys, values, change), rows)

    def _add_counts(self, model: type[Model], counts: dict[MetricKey, int]) -> None:
        rows = [
            [plugin, self._adapt(at), version, metric, amount]
            for (plugin, version, at, metric), amount in sorted(counts.items())
        ]
        self._upsert(model, "plugin at version metric", "value", "{old} + {new}", rows)

    def _add_callers(self, rollup: Rollup) -> None:
        rows = [
            [plugin, self._adapt(hour), caller, *kinds]
            for (plugin, hour, caller), kinds in sorted(rollup.caller_hours().items())
        ]
        kinds = " ".join(CALLER_KINDS)
        self._upsert(CallerHour, "plugin at caller", kinds, "{old} + {new}", rows)

    def _raise_peaks(self, rollup: Rollup) -> None:
        rows = [
            [plugin, self._adapt(at), *peak] for (plugin, at), peak in sorted(rollup.peaks.items())
        ]
        change = "MAX({old}, {new})"
        self._upsert(GaugeMinute, "plugin at", " ".join(PEAKS), change, rows)

    def breaker_event(self, event: dict[str, Any]) -> None:
        self.execute(_insert(BreakerEvent, tuple(event)), event.values())
