"""Migrations in the audit trail, which is among the tables that they make."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from plugins_app.services.audit import Actor, record

logger = logging.getLogger(__name__)


@contextmanager
def on_record(actor: Actor) -> Iterator[None]:
    """What is migrated in here, once it is done: before that there may be no trail."""
    before = _newest()
    yield
    after = _newest()
    if moved := sorted(app for app in before | after if before.get(app) != after.get(app)):
        _note(
            actor, {app: before.get(app) for app in moved}, {app: after.get(app) for app in moved}
        )


def _newest() -> dict[str, str]:
    """App -> the last of its migrations that are applied."""
    return dict(sorted(MigrationRecorder(connection).applied_migrations()))


def _note(actor: Actor, before: dict[str, str | None], after: dict[str, str | None]) -> None:
    try:
        record(actor, "migrate", "database", before=before, after=after)
    except DatabaseError:  # back to a version that kept the trail otherwise, or not at all
        logger.warning("this version of the database cannot note that it was migrated")
