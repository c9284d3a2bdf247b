"""Emptying the database between tests, which the audit trail's triggers would refuse."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.operations import BaseDatabaseOperations

from plugins_app.models.audit_chain import START
from plugins_app.models.audit_guards import EVENTS, HEAD, guard, unguard

_FIRST_HEAD = f"INSERT INTO {HEAD} (id, event, hash, count) VALUES (1, 0, '{START}', 0)"
"""As the migration leaves it."""


def let_tests_flush() -> None:
    plain = BaseDatabaseOperations.execute_sql_flush

    def flush(self: Any, sql_list: list[str]) -> None:
        before, after = _around(self.connection.vendor)
        plain(self, [*before, *sql_list, _FIRST_HEAD, *after])

    BaseDatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]


def _around(vendor: str) -> tuple[list[str], list[str]]:
    if vendor == "sqlite":
        return unguard(vendor), guard(vendor)
    tables = (EVENTS, HEAD)
    off, on = (
        [f"ALTER TABLE {table} {verb} TRIGGER USER" for table in tables]
        for verb in ("DISABLE", "ENABLE")
    )
    return off, on
