"""An execution log of any length with its rollups, made inside PostgreSQL: the same traffic, kept
for a shorter or a longer time; one plugin called by far the most, ids in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg

CALLS_PER_HOUR = 6_944
"""Five million in 30 days."""
HOURS_OF_MINUTES = 48
"""As long as the journal keeps a row for every minute."""

PARTS = 4
"""Connections that make rows at once."""

_LOG = "plugins_app_executionlog"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS = " || ".join(
    f"substr('{_ALPHABET}', ((ms >> {shift}) & 31)::int + 1, 1)" for shift in range(45, -1, -5)
)
"""The ten digits of a ULID that tell its millisecond; those of a hash are as good as random."""

# r1 and r2 are spread evenly over 0 to 1; the square makes the first plugins the busy ones.
_CALLS = f"""
INSERT INTO {_LOG} (id, plugin, version, status, error_code, error, traceback, caller,
    caller_name, source, request_id, model, cached, attempts, started_at, finished_at, duration_ms,
    input, output, lines, worker)
SELECT {_DIGITS} || upper(substr(hash, 1, 16)),
    names[1 + floor(cardinality(names) * r1 * r1)::int], '1.0.0', status,
    CASE status WHEN 'failed' THEN 'plugin_error' WHEN 'timed_out' THEN 'timeout' ELSE '' END,
    '', '', 'key:' || number %% 40, 'key', 'rest', hash, '', cached,
    CASE WHEN cached THEN 0 ELSE 1 END, moment, moment + taken * interval '1 ms', taken,
    '{{"query": "' || hash || '"}}', '{{"rows": ["' || hash || '"], "total": 1}}', '', 'host:1'
FROM (
    SELECT *, floor(extract(epoch FROM moment) * 1000)::bigint AS ms, md5(number::text) AS hash,
        CASE WHEN cached THEN 0.4 ELSE 5 * exp(4 * r2) END AS taken,
        CASE WHEN number %% 50 = 0 THEN 'failed' WHEN number %% 97 = 0 THEN 'timed_out'
        ELSE 'succeeded' END AS status
    FROM (
        SELECT number, number %% 5 = 1 AND number %% 50 <> 0 AS cached,
            now() - interval '1 hour' * ((%(rows)s - number) / {CALLS_PER_HOUR}.0) AS moment,
            number * 7919 %% 100003 / 100003.0 AS r1, number * 104729 %% 99991 / 99991.0 AS r2
        FROM generate_series(1 + %(part)s::bigint, %(rows)s, {PARTS}) AS number
    ) AS numbers
) AS calls, (SELECT %(names)s::text[] AS names) AS catalogue
"""  # noqa: S608

_COUNTERS = """
INSERT INTO {table} (plugin, version, at, metric, value)
SELECT plugin, version, at, metric, sum(value)
FROM (
    SELECT plugin, version, date_trunc('{unit}', started_at) AS at, status, error_code, cached,
        ceil(10 * log(greatest(duration_ms, 0.1) / 0.1))::int AS bucket,
        count(*) AS calls, sum(duration_ms * 1000)::bigint AS microseconds
    FROM {log} WHERE {kept} GROUP BY 1, 2, 3, 4, 5, 6, 7
) AS grouped, LATERAL (VALUES
    ('status:' || status, calls),
    (CASE WHEN error_code <> '' THEN 'error:' || error_code END, calls),
    (CASE WHEN cached THEN 'cache:hit' ELSE 'cache:miss' END, calls),
    (CASE WHEN NOT cached THEN 'attempts:1' END, calls),
    (CASE WHEN NOT cached THEN 'latency:' || lpad(bucket::text, 2, '0') END, calls),
    (CASE WHEN NOT cached THEN 'latency_us' END, microseconds)
) AS counter (metric, value)
WHERE metric IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY at, plugin
"""


def fill(address: str, rows: int, plugins: Sequence[str]) -> None:
    """Into a migrated database whose log is empty."""
    with _connected(address) as connection:
        indexes = _drop_indexes(connection)
        with ThreadPoolExecutor(PARTS) as pool:
            list(pool.map(partial(_add_calls, address, rows, list(plugins)), range(PARTS)))
        for statement in (*indexes, *_rollups(), "VACUUM ANALYZE"):
            connection.execute(statement)


def _connected(address: str) -> psycopg.Connection:
    settings = "-c synchronous_commit=off -c maintenance_work_mem=256MB -c work_mem=256MB"
    return psycopg.connect(address, autocommit=True, options=settings)


def _add_calls(address: str, rows: int, plugins: list[str], part: int) -> None:
    with _connected(address) as connection:
        connection.execute(_CALLS, {"rows": rows, "names": plugins, "part": part})


def _rollups() -> Iterator[str]:
    minutes_kept = f"started_at >= now() - interval '{HOURS_OF_MINUTES} hours'"
    for unit, kept in (("minute", minutes_kept), ("hour", "true")):
        yield _COUNTERS.format(table=f"plugins_app_metric{unit}", log=_LOG, unit=unit, kept=kept)


def _drop_indexes(connection: psycopg.Connection) -> list[str]:
    """Rows go in several times as fast without: the statements that make them again."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint)",
        [_LOG],
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    return [definition.replace(" ON ONLY ", " ON ") for _, definition in found]
