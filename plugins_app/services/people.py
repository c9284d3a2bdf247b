"""Users and groups in the audit trail. What their pages change is written down there, as a whole;
the rest, which Django saves on its own, while it is `on_record`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.models import Group
from django.db.models.signals import post_save

from plugins_app.models import User
from plugins_app.services.audit import Actor, record

Person = User | Group
_NOTED = {
    "user": ("username", "email", "is_active", "is_staff", "is_superuser"),
    "group": ("name",),
}
_NOTED_LISTS = {"user": ("groups", "user_permissions"), "group": ("permissions",)}

_actor: ContextVar[Actor | None] = ContextVar("people_actor", default=None)


def connect() -> None:
    post_save.connect(_saved, User, dispatch_uid="people")


@contextmanager
def on_record(actor: Actor) -> Iterator[None]:
    """Users that are made in here and passwords that are set are in the trail, in the transaction
    in which they are saved."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def _saved(instance: User, *, created: bool, **_: Any) -> None:
    actor = _actor.get()
    if actor and created:
        note(actor, "create", instance, after=facts(instance))
    elif actor and instance.has_new_password:
        note(actor, "change", instance, after=password_facts(instance))


def note(actor: Actor, verb: str, row: Person, **change: Any) -> None:
    """`verb`: create, change or delete; `change` as `record` takes it."""
    kind = _kind(row)
    record(actor, f"{kind}.{verb}", f"{kind}:{row}"[:160], **change)


def note_removal(actor: Actor, row: Person) -> None:
    """Before it is done; of a group with those who were in it and lose its rights."""
    members = _members(row)
    note(actor, "delete", row, before=facts(row) | ({"members": members} if members else {}))


def facts(row: Person) -> dict[str, Any]:
    """Never of the password."""
    kind = _kind(row)
    return {
        **{name: getattr(row, name) for name in _NOTED[kind]},
        **{name: sorted(map(str, getattr(row, name).all())) for name in _NOTED_LISTS[kind]},
    }


def password_facts(user: User) -> dict[str, str]:
    return {"password": "changed" if user.has_usable_password() else "switched off"}


def _members(row: Person) -> list[str]:
    return [] if isinstance(row, User) else sorted(map(str, User.objects.filter(groups=row)))


def _kind(row: Person) -> str:
    return "user" if isinstance(row, User) else "group"
