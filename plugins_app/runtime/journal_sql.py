"""The journal's statements. Plain SQL: a row costs microseconds here and half a millisecond in
the ORM. Table and column names come from the models; every value is a parameter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

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
from plugins_app.runtime.rollup import CALLER_KINDS, Rollup

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model

COLUMNS = tuple(str(field.column) for field in ExecutionLog._meta.concrete_fields)
_FINAL_COLUMNS = (
    "status",
    "error_code",
    "error",
    "traceback",
    "attempts",
    "finished_at",
    "duration_ms",
    "output",
    "lease_until",
    "cached",
)


def _table(model: type[Model]) -> str:
    return f'"{model._meta.db_table}"'


def _insert(model: type[Model], columns: Sequence[str]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {_table(model)} ({names}) VALUES ({values})"  # noqa: S608


@cache
def _upsert(model: type[Model], keys: str, values: str, change: str) -> str:
    """`keys` and `values` are column names; `change` says what becomes of {old} and {new}."""
    table, conflict = _table(model), ", ".join(keys.split())
    changes = ", ".join(
        f"{name} = {change.format(old=f'{table}.{name}', new=f'excluded.{name}')}"
        for name in values.split()
    )
    insert = _insert(model, [*keys.split(), *values.split()])
    return f"{insert} ON CONFLICT ({conflict}) DO UPDATE SET {changes}"


_INSERT = _insert(ExecutionLog, COLUMNS)
_INSERT_ONCE = f"{_INSERT} ON CONFLICT (id) DO NOTHING RETURNING id"
_FINISH = (
    f"UPDATE {_table(ExecutionLog)} SET "  # noqa: S608
    + ", ".join(f'"{column}" = %s' for column in _FINAL_COLUMNS)
    + f" WHERE id = %s AND status = '{Status.RUNNING}'"
)
_WITHDRAW = f"DELETE FROM {_table(ExecutionLog)} WHERE id = %s AND status = '{Status.RUNNING}'"  # noqa: S608
_STATUS = f"SELECT status FROM {_table(ExecutionLog)} WHERE id = %s"  # noqa: S608


class JournalSql:
    """Statements on one connection, inside the transaction of its caller."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._adapted: dict[datetime, Any] = {}
        self._greatest = "MAX" if connection.vendor == "sqlite" else "GREATEST"

    def _adapt(self, value: Any) -> Any:
        """A batch has few moments, and adapting one costs as much as binding twenty values."""
        if not isinstance(value, datetime):
            return value
        if value not in self._adapted:
            self._adapted[value] = self._connection.ops.adapt_datetimefield_value(value)
        return self._adapted[value]

    def _values(self, row: Row, columns: Iterable[str]) -> list[Any]:
        return [self._adapt(row[column]) for column in columns]

    def run(self, statement: str, values: Iterable[Any]) -> list[Any]:
        """One statement; the rows that it returns."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, [self._adapt(value) for value in values])
            return cursor.fetchall() if cursor.description else []

    def insert(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        with self._connection.cursor() as cursor:
            cursor.executemany(_INSERT, [self._values(row, COLUMNS) for row in rows])

    def insert_once(self, row: Row) -> bool:
        """Whether the row was not there yet."""
        with self._connection.cursor() as cursor:
            cursor.execute(_INSERT_ONCE, self._values(row, COLUMNS))
            return cursor.fetchone() is not None

    def finish(self, row: Row) -> bool:
        """Whether the row was still running; only then it is changed."""
        with self._connection.cursor() as cursor:
            cursor.execute(_FINISH, [*self._values(row, _FINAL_COLUMNS), row["id"]])
            return bool(cursor.rowcount)

    def withdraw(self, execution_id: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(_WITHDRAW, [execution_id])

    def status(self, execution_id: str) -> str | None:
        with self._connection.cursor() as cursor:
            cursor.execute(_STATUS, [execution_id])
            found = cursor.fetchone()
            return found[0] if found else None

    def add(self, rollup: Rollup) -> None:
        """Keys are sorted: two processes that upsert in different orders would deadlock."""
        minutes: Counter[tuple[str, str, datetime, str]] = Counter()
        hours: Counter[tuple[str, str, datetime, str]] = Counter()
        for plugin, version, minute, metric, amount in rollup.minutes():
            minutes[plugin, version, minute, metric] += amount
            hours[plugin, version, minute.replace(minute=0), metric] += amount
        self._add_counts(MetricMinute, minutes)
        self._add_counts(MetricHour, hours)
        self._add_callers(rollup)
        self._raise_peaks(rollup)

    def _upsert(
        self, model: type[Model], keys: str, values: str, change: str, rows: list[list[Any]]
    ) -> None:
        if rows:
            with self._connection.cursor() as cursor:
                cursor.executemany(_upsert(model, keys, values, change), rows)

    def _add_counts(
        self, model: type[Model], counts: Counter[tuple[str, str, datetime, str]]
    ) -> None:
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
        change = self._greatest + "({old}, {new})"
        self._upsert(GaugeMinute, "plugin at", "in_flight queued peak_quota", change, rows)

    def breaker_event(self, event: dict[str, Any]) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(
                _insert(BreakerEvent, tuple(event)), [self._adapt(v) for v in event.values()]
            )
