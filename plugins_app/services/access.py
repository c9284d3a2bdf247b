"""Who calls: by an API key, by a login, or nobody, and what each may do."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils import timezone

from plugins_app.core.caller import ALL_SCOPES, SYSTEM_CALLER, Caller, CallerKind, Scope
from plugins_app.models import ApiKey, User
from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.engine import current_engine
from plugins_app.services.addresses import is_within
from plugins_app.services.keys import PREFIX_LENGTH, SECRET, digest_of

LAST_USED_RESOLUTION = timedelta(minutes=1)
_NO_DIGEST = "0" * 64
_CALLERS_REMEMBERED = 4_096
ANONYMOUS_SCOPES = frozenset({Scope.LIST, Scope.EXECUTE, Scope.METRICS})

_PERMISSIONS = {
    Scope.LIST: "plugins_app.view_installedplugin",
    Scope.EXECUTE: "plugins_app.execute_plugin",
    Scope.METRICS: "plugins_app.view_metrics",
    Scope.LOGS: "plugins_app.view_executionlog",
    Scope.RELOAD: "plugins_app.reload_plugin",
    Scope.CONFIG: "plugins_app.change_installedplugin",
    Scope.ADMIN: "plugins_app.enable_plugin",
}
"""The Django permission that gives a user what a scope gives a key."""

_STAFF_SCOPES = frozenset({Scope.RELOAD, Scope.CONFIG, Scope.ADMIN})
"""Whoever changes how the system runs must be staff beside having the permission."""


def authenticate_key(secret: str, address: str = "") -> ApiKey | None:
    """The key that this secret proves, unless it is revoked, disabled, expired, or not for this
    address."""
    if not SECRET.fullmatch(secret):
        return None
    keys = ApiKey.objects.working().select_related("owner")
    key = keys.filter(prefix=secret[:PREFIX_LENGTH]).first()
    now = timezone.now()
    if not _proves(secret, key) or key is None or not _may_be_used(key, now, address):
        return None
    if _is_worth_noting(key, now):
        note_use(key, now)
    return key


async def authenticate_from_memory(secret: str, address: str = "") -> ApiKey | None:
    """The same without a query, on the engine's loop."""
    if not SECRET.fullmatch(secret):
        return None
    key = await current_engine().keys.find(secret[:PREFIX_LENGTH])
    now = datetime.now(UTC)
    if not _proves_again(secret, key) or key is None or not _may_be_used(key, now, address):
        return None
    if _is_worth_noting(key, now):
        key.last_used = now
        await in_database_thread(partial(note_use, key, now))
    return key


def _proves(secret: str, key: ApiKey | None) -> bool:
    """Takes as long for a prefix that nobody has as for a wrong secret."""
    return hmac.compare_digest(key.digest if key else _NO_DIGEST, digest_of(secret))


def _proves_again(secret: str, key: ApiKey | None) -> bool:
    """For a key that stays in memory: the HMAC is taken of the first proof alone."""
    proof = sha256(secret.encode()).digest()
    if key and key.proof and hmac.compare_digest(key.proof, proof):
        return True
    proven = _proves(secret, key)
    if key and proven:
        key.proof = proof
    return proven


def _may_be_used(key: ApiKey, now: datetime, address: str) -> bool:
    return _is_valid(key, now) and (not key.networks or is_within(address, key.networks))


def _is_valid(key: ApiKey, now: datetime) -> bool:
    expired = key.expires is not None and key.expires <= now
    return not expired and (key.owner_id is None or bool(key.owner and key.owner.is_active))


def caller_again(caller_id: str, *, model: str = "") -> Caller | None:
    """Whoever called under this id, as of now: None for a revoked key and for a login that is not
    active any more."""
    kind, _, own = caller_id.partition(":")
    if kind == CallerKind.KEY:
        key = ApiKey.objects.working().select_related("owner").filter(prefix=own).first()
        return caller_of_key(key, model=model) if key and _is_valid(key, timezone.now()) else None
    if kind == CallerKind.USER:
        user = User.objects.filter(pk=own, is_active=True).first()
        return caller_of_user(user, model=model) if user else None
    return (
        SYSTEM_CALLER if kind == CallerKind.SYSTEM else anonymous_caller(model=model, address=own)
    )


def _is_worth_noting(key: ApiKey, now: datetime) -> bool:
    """To the minute: a write per call would cost more than the call."""
    return key.last_used is None or now - key.last_used > LAST_USED_RESOLUTION


def note_use(key: ApiKey, now: datetime) -> None:
    ApiKey.objects.filter(pk=key.pk).update(last_used=now)


def caller_of_key(key: ApiKey, *, model: str = "", address: str = "") -> Caller:
    model = key.model or model
    rights = tuple(key.scopes), tuple(key.plugins), key.rate_limit
    return _key_caller(key.prefix, key.name, *rights, model=model, address=address)


@lru_cache(_CALLERS_REMEMBERED)
def _key_caller(
    prefix: str,
    name: str,
    names_of_scopes: tuple[str, ...],
    plugins: tuple[str, ...],
    rate_limit: int | None,
    *,
    model: str,
    address: str,
) -> Caller:
    scopes = frozenset(Scope(scope) for scope in names_of_scopes if scope in ALL_SCOPES)
    return Caller(
        id=f"key:{prefix}",
        kind=CallerKind.KEY,
        name=name,
        scopes=scopes,
        is_admin=Scope.ADMIN in scopes,
        model=model or None,
        plugins=plugins,
        rate_limit=rate_limit,
        address=address,
    )


def caller_of_user(
    user: AbstractBaseUser | AnonymousUser, *, model: str = "", address: str = ""
) -> Caller:
    if not isinstance(user, User):
        return anonymous_caller(model=model, address=address)
    return Caller(
        id=f"user:{user.pk}",
        kind=CallerKind.USER,
        name=user.get_username(),
        scopes=granted_scopes(user) | _open_scopes(),
        is_admin=user.is_superuser,
        is_staff=user.is_staff,
        model=model or None,
        address=address,
    )


def granted_scopes(user: User) -> frozenset[Scope]:
    """By permission, without what is open to everybody."""
    return frozenset(
        scope
        for scope, permission in _PERMISSIONS.items()
        if user.has_perm(permission) and (user.is_staff or scope not in _STAFF_SCOPES)
    )


def _open_scopes() -> frozenset[Scope]:
    """What nobody needs a key for; a login takes nothing of it away."""
    return ANONYMOUS_SCOPES if settings.ZANTARA_ANONYMOUS_API else frozenset()


def anonymous_caller(*, model: str = "", address: str = "") -> Caller:
    return Caller(
        id=f"anonymous:{address}",
        kind=CallerKind.ANONYMOUS,
        name="anonymous",
        scopes=_open_scopes(),
        model=model or None,
        address=address,
    )
