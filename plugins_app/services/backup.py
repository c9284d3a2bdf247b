"""A copy of the SQLite database that is whole, while others write."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connections

from plugins_app.services.audit import Actor, record

OURS_ALONE = 0o600
"""The copy holds what callers sent, and hashes of their keys."""


class NotPossible(Exception):
    """Said to whoever asked; nothing was written."""


def backup(actor: Actor, target: Path) -> int:
    """Bytes written. `target` is there whole or not at all, and is never overwritten. Raises
    NotPossible, OSError and sqlite3.Error. The audit trail has it afterwards, the copy not yet."""
    if connections["default"].vendor != "sqlite":
        raise NotPossible("This database is not SQLite: use pg_dump (docs/backup.md)")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OURS_ALONE))
    try:
        _copy(draft)
        os.link(draft, target)  # unlike a rename it fails where something is
    finally:
        draft.unlink()
    _sync(target.parent)
    size = target.stat().st_size
    record(actor, "backup", "database", after={"file": str(target.absolute()), "bytes": size})
    return size


def _copy(draft: Path) -> None:
    source = f"{Path(connections['default'].settings_dict['NAME']).absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(source, uri=True)) as database,
        closing(sqlite3.connect(draft)) as copy,
    ):
        database.backup(copy)  # in one step: later writers would make it begin anew
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a -wal beside it
        (state,) = copy.execute("PRAGMA quick_check").fetchone()
    if state != "ok":
        raise NotPossible(f"The database is damaged: {state}")
    _sync(draft)


def _sync(path: Path) -> None:
    """Until then it may be gone after a power loss."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
