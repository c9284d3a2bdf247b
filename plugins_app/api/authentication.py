"""Who calls the API: an API key, a session with its CSRF token, or nobody."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from plugins_app.api.problems import REALM
from plugins_app.core.caller import Caller
from plugins_app.services.access import (
    anonymous_caller,
    authenticate_key,
    caller_of_key,
    caller_of_user,
)
from plugins_app.services.addresses import address_of

MODEL_HEADER = "X-Zantara-Model"
MAX_MODEL_LENGTH = 64
UNKNOWN_KEY = "The API key is unknown, expired, disabled, revoked, or not for this address"


class CallerAuthentication(SessionAuthentication):
    """`request.auth` is the Caller. A wrong key is 401, never anonymous."""

    def authenticate(self, request: Request) -> tuple[Any, Caller]:
        http = request._request  # noqa: SLF001
        if header := http.headers.get("Authorization"):
            return AnonymousUser(), key_caller(header, http)
        user = getattr(http, "user", None)
        if user is not None and user.is_active and user.is_authenticated:
            self.enforce_csrf(cast(Request, http))  # DRF's own would read the body for it
            return user, caller_of_user(user, model=stated_model(http), address=address_of(http))
        return AnonymousUser(), anonymous_caller(model=stated_model(http), address=address_of(http))

    def authenticate_header(self, request: Request) -> str:
        return REALM


def key_caller(header: str, request: HttpRequest) -> Caller:
    address = address_of(request)
    key = authenticate_key(secret_in(header), address)
    if key is None:
        raise AuthenticationFailed(UNKNOWN_KEY)
    return caller_of_key(key, model=stated_model(request), address=address)


def secret_in(header: str) -> str:
    """Of an Authorization header."""
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer":
        raise AuthenticationFailed("Use 'Authorization: Bearer zan_...'")
    return secret.strip()


def stated_model(request: HttpRequest) -> str:
    return request.headers.get(MODEL_HEADER, "")[:MAX_MODEL_LENGTH]
