"""Execute in front of Django's handler, for the calls that are most of the traffic: JSON in, by an
API key or by nobody. Anything else that a request could carry is left to Django, which answers
the same: tests/api/test_doors.py sends every case through both."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import cache
from io import BytesIO
from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from rest_framework.exceptions import AuthenticationFailed

from plugins_app.api.authentication import MAX_MODEL_LENGTH, UNKNOWN_KEY, secret_in
from plugins_app.api.execution import ExecuteCall, answer
from plugins_app.api.problems import problem_of
from plugins_app.api.reply import Reply
from plugins_app.api.request_ids import request_id_of
from plugins_app.core.caller import Caller
from plugins_app.services.access import (
    anonymous_caller,
    authenticate_from_memory,
    caller_of_key,
)
from plugins_app.services.addresses import client_address

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Mapping[bytes, str]

_PATH = re.compile(rb"(/api/(?:v1/)?plugins/)([A-Za-z0-9][A-Za-z0-9._@-]{0,127})/execute")
_READ = frozenset(
    {
        *(b"host", b"authorization", b"content-type", b"accept", b"x-request-id"),
        *(b"x-zantara-model", b"x-forwarded-for", b"x-forwarded-proto"),
    }
)
_FOR_DJANGO = frozenset(
    {b"cookie", b"idempotency-key", b"content-encoding", b"transfer-encoding", b"expect"}
)
_ACCEPTED = frozenset({"*/*", "application/json"})
_ADDING = (CSPMiddleware, SecurityMiddleware, XFrameOptionsMiddleware)
_HOSTS_REMEMBERED = 1_000


class FastLane:
    """`app`: who answers the rest."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._hosts: dict[str, bool] = {}
        # Read once, as Django's middleware does: to ask the settings each time takes its time.
        self._debug, self._redirects = settings.DEBUG, settings.SECURE_SSL_REDIRECT
        self._behind_proxy = settings.SECURE_PROXY_SSL_HEADER is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _PATH.fullmatch(scope["raw_path"]) if scope["method"] == "POST" else None
        headers = _headers(scope) if path and not scope["query_string"] else None
        if path is None or headers is None or not self._takes(scope, headers):
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        if body is not None:
            request_id = request_id_of(headers.get(b"x-request-id", ""))
            reply = await _answer(scope, path, headers, body, request_id)
            await _send(send, reply, request_id, secure=self._is_secure(scope, headers))

    def _takes(self, scope: Scope, headers: Headers) -> bool:
        return (
            not self._debug
            and headers.get(b"accept", "*/*") in _ACCEPTED
            and (not self._redirects or self._is_secure(scope, headers))
            and self._is_host(headers.get(b"host", ""))
        )

    def _is_secure(self, scope: Scope, headers: Headers) -> bool:
        """As Django decides it: a proxy's word counts where SECURE_PROXY_SSL_HEADER is set."""
        told = headers.get(b"x-forwarded-proto") if self._behind_proxy else None
        scheme: str = scope["scheme"] if told is None else told.partition(",")[0].strip()
        return scheme == "https"

    def _is_host(self, host: str) -> bool:
        """Whether Django would take it, asked once for each."""
        if host not in self._hosts:
            if len(self._hosts) >= _HOSTS_REMEMBERED:
                self._hosts.clear()
            self._hosts[host] = _is_allowed(host)
        return self._hosts[host]


def _headers(scope: Scope) -> Headers | None:
    """What is read here; None where something else would be, or one comes twice."""
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            if name in found:
                return None
            found[name] = value.decode("latin-1")
        elif name in _FOR_DJANGO:
            return None
    return found


def _is_allowed(host: str) -> bool:
    try:
        _request("http", host).get_host()
    except DisallowedHost:
        return False
    return True


async def _body(receive: Receive) -> bytes | None:
    """None where the client has gone."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(
    scope: Scope, path: re.Match[bytes], headers: Headers, body: bytes, request_id: str
) -> Reply:
    try:
        caller = await _caller(scope, headers)
    except Exception as error:
        return problem_of(error, request_id=request_id)
    call = ExecuteCall(
        name=path[2].decode(),
        body=body,
        content_type=headers.get(b"content-type", ""),
        caller=caller,
        request_id=request_id,
        root=path[1].decode(),
    )
    return await answer(call)


async def _caller(scope: Scope, headers: Headers) -> Caller:
    remote = scope["client"][0] if scope.get("client") else ""
    address = client_address(remote, headers.get(b"x-forwarded-for", ""))
    model = headers.get(b"x-zantara-model", "")[:MAX_MODEL_LENGTH]
    header = headers.get(b"authorization")
    if not header:
        return anonymous_caller(model=model, address=address)
    key = await authenticate_from_memory(secret_in(header), address)
    if key is None:
        raise AuthenticationFailed(UNKNOWN_KEY)
    return caller_of_key(key, model=model, address=address)


async def _send(send: Send, reply: Reply, request_id: str, *, secure: bool) -> None:
    own = [
        (name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers.items()
    ]
    headers = [*own, (b"x-request-id", request_id.encode()), *_added(secure=secure)]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


@cache
def _added(*, secure: bool) -> tuple[tuple[bytes, bytes], ...]:
    """What Django's middleware and the view add to every answer."""
    request, response = _request("https" if secure else "http"), HttpResponse()
    del response["Content-Type"]
    for middleware in _ADDING:
        middleware(lambda request: response).process_response(request, response)
    response["ZANTARA-Version"] = settings.ZANTARA_VERSION
    response["Allow"] = "POST, OPTIONS"
    return tuple((name.lower().encode(), value.encode()) for name, value in response.items())


def _request(scheme: str, host: str = "") -> ASGIRequest:
    headers = [(b"host", host.encode("latin-1"))] if host else []
    scope = {"method": "POST", "path": "/", "scheme": scheme, "headers": headers}
    return ASGIRequest(scope, BytesIO())
