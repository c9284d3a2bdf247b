"""Idempotency keys in the journal's transactions: taken with the row that lets a call start, given
back with it, and answered with its outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from plugins_app.core.reservation import KeptReply, Reservation
from plugins_app.models import IdempotencyRecord
from plugins_app.runtime.encryption import decrypt, encrypt
from plugins_app.runtime.journal_rows import Row

if TYPE_CHECKING:
    from plugins_app.runtime.journal_sql import JournalSql

KEPT = timedelta(hours=24)
_TABLE = f'"{IdempotencyRecord._meta.db_table}"'
_RESERVE = (
    f"INSERT INTO {_TABLE} "  # noqa: S608  (a table's name; every value is a parameter)
    "(caller, plugin, key, request_hash, execution_id, created_at, expires_at, headers) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, '') "
    "ON CONFLICT (caller, plugin, key) DO UPDATE SET request_hash = excluded.request_hash, "
    "execution_id = excluded.execution_id, created_at = excluded.created_at, "
    "expires_at = excluded.expires_at, status = NULL, headers = '', body = NULL "
    f"WHERE {_TABLE}.expires_at < excluded.created_at "
    f"OR {_TABLE}.execution_id = excluded.execution_id RETURNING id"
)
_RELEASE = f"DELETE FROM {_TABLE} WHERE execution_id = %s AND status IS NULL"  # noqa: S608
_KEEP = f"UPDATE {_TABLE} SET status = %s, headers = %s, body = %s WHERE execution_id = %s"  # noqa: S608


def reserve(sql: JournalSql, row: Row, reservation: Reservation) -> bool:
    """Whether the key is this call's: nobody has it, it has expired, or our own earlier attempt to
    commit got it."""
    start = row["started_at"]
    values = (
        *(row["caller"], row["plugin"], reservation.key, reservation.request_hash, row["id"]),
        *(start, start + KEPT),
    )
    return bool(sql.fetch(_RESERVE, values))


def release(sql: JournalSql, execution_id: str) -> None:
    sql.execute(_RELEASE, (execution_id,))


def keep(sql: JournalSql, execution_id: str, reply: KeptReply) -> None:
    headers = orjson.dumps(dict(reply.headers)).decode()
    sql.execute(_KEEP, (reply.status, headers, encrypt(reply.body), execution_id))


def kept_reply(record: IdempotencyRecord) -> KeptReply | None:
    """Raises Unreadable where its encryption key is gone."""
    if record.status is None or record.body is None:
        return None
    return KeptReply(record.status, orjson.loads(record.headers), decrypt(bytes(record.body)))
