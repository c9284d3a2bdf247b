"""What is written down encrypted: by the first of ZANTARA_ENCRYPTION_KEYS, readable by all of them.
Without any, the key is derived from SECRET_KEY."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"zantara: encryption at rest"


class Unreadable(Exception):
    """Encrypted by a key that is no longer among ours."""


def encrypt(plain: bytes) -> bytes:
    return _fernet(*_keys()).encrypt(plain)


def decrypt(sealed: bytes) -> bytes:
    """Raises Unreadable."""
    try:
        return _fernet(*_keys()).decrypt(sealed)
    except InvalidToken:
        raise Unreadable from None


def _keys() -> tuple[str, ...]:
    return tuple(settings.ZANTARA_ENCRYPTION_KEYS) or (settings.SECRET_KEY,)


@cache
def _fernet(*keys: str) -> MultiFernet:
    """Any text will do as a key: what Fernet takes is derived from it."""
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
