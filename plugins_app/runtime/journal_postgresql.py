"""The journal's statements for PostgreSQL: one for each kind of work and batch.

The rows travel as one JSON parameter, which costs this process a microsecond each and one round
trip for all; the server takes them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from psycopg import Connection, Cursor

from plugins_app.models import (
    CallerHour,
    ExecutionLog,
    GaugeMinute,
    MetricHour,
    MetricMinute,
    Status,
)
from plugins_app.runtime.journal_rows import Row
from plugins_app.runtime.journal_sql import (
    COLUMNS,
    FINAL_COLUMNS,
    JournalSql,
    changes_of,
    table_of,
)
from plugins_app.runtime.rollup import CALLER_KINDS, PEAKS, Rollup

if TYPE_CHECKING:
    from django.db.models import Model

_LOG = table_of(ExecutionLog)
_NAMES = ", ".join(f'"{column}"' for column in COLUMNS)
_INSERT = (
    f"INSERT INTO {_LOG} ({_NAMES}) SELECT {_NAMES} "  # noqa: S608  (names; values are parameters)
    f"FROM json_populate_recordset(NULL::{_LOG}, %s::json)"
)
_FINISH = (
    f"UPDATE {_LOG} AS old SET "  # noqa: S608
    + ", ".join(f'"{column}" = new."{column}"' for column in FINAL_COLUMNS)
    + f" FROM json_populate_recordset(NULL::{_LOG}, %s::json) AS new WHERE old.id = new.id "
    # The span spares the partitions of other days.
    f"AND old.id BETWEEN %s AND %s AND old.status = '{Status.RUNNING}' RETURNING old.id"
)


def _upsert(model: type[Model], keys: str, values: str, change: str) -> str:
    table, names = table_of(model), ", ".join([*keys.split(), *values.split()])
    return (
        f"INSERT INTO {table} ({names}) SELECT {names} "  # noqa: S608
        f"FROM json_populate_recordset(NULL::{table}, %s::json) "
        f"ON CONFLICT ({', '.join(keys.split())}) "
        f"DO UPDATE SET {changes_of(model, values, change)}"
    )


@cache
def _rollup() -> str:
    """One statement, so that all processes take the rows of all tables in one order."""
    sums, greatest = "{old} + {new}", "GREATEST({old}, {new})"
    parts = (
        _upsert(MetricMinute, "plugin at version metric", "value", sums),
        _upsert(MetricHour, "plugin at version metric", "value", sums),
        _upsert(CallerHour, "plugin at caller", " ".join(CALLER_KINDS), sums),
        _upsert(GaugeMinute, "plugin at", " ".join(PEAKS), greatest),
    )
    named = (f"part{number} AS ({part})" for number, part in enumerate(parts))
    return f"WITH {', '.join(named)} SELECT 1"


class PostgresqlJournal(JournalSql):
    def insert(self, rows: Sequence[Row]) -> None:
        if rows:
            self.execute(_INSERT, [_json(rows)])

    def finish(self, rows: Sequence[Row]) -> set[str]:
        if not rows:
            return set()
        ids = [row["id"] for row in rows]
        return {changed for (changed,) in self.fetch(_FINISH, [_json(rows), min(ids), max(ids)])}

    def add(self, rollup: Rollup) -> None:
        if not rollup:
            return
        minutes = rollup.metric_minutes()
        tables = (
            _counts(minutes.items()),
            _counts(rollup.metric_hours(minutes).items()),
            (
                {"plugin": plugin, "at": at, "caller": caller, **_named(CALLER_KINDS, kinds)}
                for (plugin, at, caller), kinds in sorted(rollup.caller_hours().items())
            ),
            (
                {"plugin": plugin, "at": at, **_named(PEAKS, peak)}
                for (plugin, at), peak in sorted(rollup.peaks.items())
            ),
        )
        self.execute(_rollup(), [_json(list(rows)) for rows in tables])

    def _adapt(self, value: Any) -> Any:
        """A list is JSON here, as on SQLite: the driver would make an array of it."""
        return orjson.dumps(value).decode() if isinstance(value, list) else value

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Statements go out together, and the server is waited for only where its answer is needed:
        one round trip for a batch of new rows, where BEGIN, two statements and COMMIT were four."""
        self._connection.ensure_connection()
        with self._connection.wrap_database_errors, self._server.pipeline(), super().transaction():
            yield

    def execute(self, statement: str, values: Iterable[Any]) -> None:
        self._send(statement, values)

    def fetch(self, statement: str, values: Iterable[Any]) -> list[Any]:
        return self._send(statement, values).fetchall()

    def _send(self, statement: str, values: Iterable[Any]) -> Cursor:
        """Prepared: planning them would take the server as long as running them."""
        self._connection.ensure_connection()
        self._server.prepare_threshold = 0
        with self._connection.wrap_database_errors:
            return Cursor(self._server).execute(statement, list(values), prepare=True)

    @property
    def _server(self) -> Connection:
        raw: Connection = self._connection.connection
        return raw


def _counts(
    counts: Iterable[tuple[tuple[str, str, datetime, str], int]],
) -> Iterable[Mapping[str, Any]]:
    for (plugin, version, at, metric), amount in sorted(counts):
        yield {
            "plugin": plugin,
            "at": at,
            "version": version,
            "metric": metric,
            "value": amount,
        }


def _named(names: Sequence[str], values: Sequence[int]) -> Mapping[str, int]:
    return dict(zip(names, values, strict=True))


def _json(rows: Sequence[Any]) -> str:
    return orjson.dumps(rows).decode()
