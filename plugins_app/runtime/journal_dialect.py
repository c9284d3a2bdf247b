from __future__ import annotations

from django.db import connections

from plugins_app.runtime.journal_postgresql import PostgresqlJournal
from plugins_app.runtime.journal_sql import JournalSql


def journal_sql() -> JournalSql:
    """The journal's statements for this installation's database, on this thread's connection."""
    connection = connections["default"]
    kind = PostgresqlJournal if connection.vendor == "postgresql" else JournalSql
    return kind(connection)
