"""A key lives as long as its owner may come in: whatever happens to the user, every process looks
at the keys again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from plugins_app.models import AuditHead, User
from plugins_app.services.generation import raise_generation

_NOTED_AT_LOGIN = {"last_login"}


def connect() -> None:
    """Signals, since users change on Django's own pages and commands as well."""
    post_save.connect(_saved, User, dispatch_uid="key_owners")
    post_delete.connect(_deleted, User, dispatch_uid="key_owners")


def _saved(update_fields: Any = None, *, created: bool, raw: bool, **_: Any) -> None:
    if not (created or raw or set(update_fields or ()) == _NOTED_AT_LOGIN):
        _look_again()


def _deleted(**_: Any) -> None:
    _look_again()


@transaction.atomic(savepoint=False)
def _look_again() -> None:
    """Whoever saves a user writes the audit event later, and may not take its lock only then."""
    AuditHead.held()
    raise_generation("keys")
