"""The life of an API key: made, changed, rotated, disabled, revoked. A key is `zan_` + 8 characters
that find its row + 32 that prove it; 190 random bits need no slow hash, so the proof is one HMAC
with a pepper that is not in the database."""

from __future__ import annotations

import hmac
import re
import secrets
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from plugins_app.core.caller import Scope
from plugins_app.core.errors import Forbidden
from plugins_app.models import ApiKey, User
from plugins_app.services.audit import Actor, record
from plugins_app.services.generation import raise_generation

KEY_START = "zan_"
PREFIX_LENGTH = 12
SECRET_LENGTH = 32
_ALPHABET = string.ascii_letters + string.digits
SECRET = re.compile(rf"{KEY_START}[A-Za-z0-9]{{{PREFIX_LENGTH - len(KEY_START) + SECRET_LENGTH}}}")
EDITABLE = ("name", "scopes", "plugins", "model", "rate_limit", "networks", "expires")


class KeyRefused(Exception):
    """A key cannot be made or changed like this. `field` is the input to blame, or empty."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class NewKey:
    """`secret` is known here and nowhere else."""

    key: ApiKey
    secret: str


def digest_of(secret: str) -> str:
    pepper = settings.ZANTARA_API_KEY_PEPPER.encode()
    return hmac.digest(pepper, secret.encode(), "sha256").hex()


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def create_key(
    actor: Actor,
    name: str,
    *,
    scopes: Iterable[Scope],
    plugins: Sequence[str] = ("*",),
    expires: datetime | None = None,
    owner: User | None = None,
    model: str = "",
    rate_limit: int | None = None,
    networks: Sequence[str] = (),
    reason: str = "",
) -> NewKey:
    """Raises Forbidden for a scope that the actor does not have, and KeyRefused for a name that is
    taken."""
    scopes = sorted(scopes)
    _check_may_hand_out(actor, scopes)
    prefix = KEY_START + _random(PREFIX_LENGTH - len(KEY_START))
    secret = prefix + _random(SECRET_LENGTH)
    with _named_once(name), transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            prefix=prefix,
            digest=digest_of(secret),
            owner=owner,
            scopes=scopes,
            plugins=list(plugins),
            model=model,
            rate_limit=rate_limit,
            networks=list(networks),
            expires=expires,
        )
        after = {"scopes": key.scopes, "plugins": key.plugins, "prefix": prefix}
        after |= _as_json({"expires": expires})
        after |= {"networks": key.networks} if networks else {}
        record(actor, "key.create", f"key:{name}", after=after, reason=reason)
        raise_generation("keys")
    return NewKey(key, secret)


def change_key(actor: Actor, key: ApiKey, changes: Mapping[str, Any], reason: str = "") -> bool:
    """Whether anything changed. `changes` is field -> value, of EDITABLE. Raises as create_key
    does; whoever changes a key must have all that it may do, before and after."""
    with _named_once(changes.get("name", key.name)), transaction.atomic():
        row = _usable(key)
        _check_may_hand_out(actor, {*row.scopes, *changes.get("scopes", ())})
        before = {name: getattr(row, name) for name in changes}
        after = {name: value for name, value in changes.items() if value != before[name]}
        if not after:
            return False
        for name, value in after.items():
            setattr(row, name, value)
        row.save(update_fields=list(after))
        before = {name: before[name] for name in after}
        record(
            actor,
            "key.change",
            f"key:{key.name}",
            before=_as_json(before),
            after=_as_json(after),
            reason=reason,
        )
        raise_generation("keys")
    return True


def revoke_key(actor: Actor, key: ApiKey, reason: str = "") -> bool:
    """Whether it was not revoked before."""
    with transaction.atomic():
        now = timezone.now()
        if not ApiKey.objects.filter(pk=key.pk, revoked=None).update(revoked=now):
            return False
        record(actor, "key.revoke", f"key:{key.name}", reason=reason)
        raise_generation("keys")
    return True


def disable_key(actor: Actor, key: ApiKey, reason: str = "") -> bool:
    """Whether it worked before. Until it is enabled again, its callers get 401."""
    return _switch(actor, key, timezone.now(), reason)


def enable_key(actor: Actor, key: ApiKey, reason: str = "") -> bool:
    """Whether it was disabled. Raises Forbidden for a scope that the actor does not have."""
    _check_may_hand_out(actor, key.scopes)
    return _switch(actor, key, None, reason)


def _switch(actor: Actor, key: ApiKey, disabled: datetime | None, reason: str) -> bool:
    with transaction.atomic():
        rows = ApiKey.objects.filter(pk=key.pk, revoked=None, disabled__isnull=disabled is not None)
        if not rows.update(disabled=disabled):
            return False
        action, off = "key.disable" if disabled else "key.enable", bool(disabled)
        before, after = {"disabled": not off}, {"disabled": off}
        record(actor, action, f"key:{key.name}", before=before, after=after, reason=reason)
        raise_generation("keys")
    return True


def rotate_key(
    actor: Actor, key: ApiKey, *, overlap: timedelta = timedelta(0), reason: str = ""
) -> NewKey:
    """A new secret under the same name and rights. The old one ends after `overlap`, and is kept
    under a name that says when it was replaced. Raises as create_key does, and KeyRefused for a
    key that was revoked, rotated or renamed since it was read."""
    now = timezone.now()
    with transaction.atomic():
        row = _usable(key)
        if row.disabled:
            raise KeyRefused("This key is disabled; enable it before it gets a new secret")
        ApiKey.objects.filter(pk=row.pk).update(
            name=f"{row.name[:60]} until {now + overlap:%Y-%m-%d %H:%M} ({row.prefix})",
            expires=min(filter(None, (row.expires, now + overlap))),
        )
        made = create_key(
            actor,
            row.name,
            scopes=[Scope(scope) for scope in row.scopes],
            plugins=row.plugins,
            expires=now + (row.expires - row.created) if row.expires else None,
            owner=row.owner,
            model=row.model,
            rate_limit=row.rate_limit,
            networks=row.networks,
        )
        after = {"prefix": made.key.prefix}
        before = {"prefix": row.prefix, "ends": (now + overlap).isoformat(timespec="seconds")}
        record(actor, "key.rotate", f"key:{row.name}", before=before, after=after, reason=reason)
    return made


def _check_may_hand_out(actor: Actor, scopes: Iterable[str]) -> None:
    if missing := sorted(set(scopes) - actor.scopes):
        raise Forbidden(f"You do not have the scope {', '.join(missing)} yourself")


@contextmanager
def _named_once(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise KeyRefused(f"There is a key named {name!r} already", "name") from error


def _usable(key: ApiKey) -> ApiKey:
    """The row as it is now, held until the transaction ends."""
    row = ApiKey.objects.select_for_update().filter(pk=key.pk, revoked=None).first()
    if row is None or row.name != key.name:
        raise KeyRefused("This key was revoked, rotated or renamed meanwhile")
    return row


def _as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def state_of(key: ApiKey) -> str:
    """active, expired, disabled or revoked; the last that fits."""
    if key.revoked or key.disabled:
        return "revoked" if key.revoked else "disabled"
    return "expired" if key.expires and key.expires <= timezone.now() else "active"


def describe_key(key: ApiKey) -> dict[str, Any]:
    """Everything about a key but its secret, which nobody knows."""
    return {
        "name": key.name,
        "prefix": key.prefix,
        "state": state_of(key),
        "scopes": key.scopes,
        "plugins": key.plugins,
        "owner": key.owner.get_username() if key.owner else None,
        "model": key.model or None,
        "rate_limit": key.rate_limit,
        "networks": key.networks,
        "expires": key.expires,
        "last_used": key.last_used,
    }
