"""What is refused in front of Django: its handler would read any body to its end, onto the disk,
before it asked whom for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from django.conf import settings

from plugins_app.api.problems import problem
from plugins_app.api.request_ids import request_id_of
from plugins_app.core.json_gate import MAX_BYTES

MAX_TARGET_BYTES = 8 * 1024
MAX_HEADER_BYTES = 64 * 1024
DRAIN_BYTES = 8 * MAX_BYTES
DRAIN_SECONDS = 1.0

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_TOO_LARGE = ("payload_too_large", f"The body is larger than {MAX_BYTES} bytes")


class Guard:
    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if refusal := _refusal(scope):
            await _drain(scope, receive)
            await _refuse(scope, send, *refusal)
            return
        body = _Body(receive)
        await self._app(scope, body, send)
        if body.too_large:
            await _drain(scope, receive)
            await _refuse(scope, send, *_TOO_LARGE)


class _Body:
    """Receives until there is too much; then the client seems gone, so that Django stops without
    an answer."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._left = receive, MAX_BYTES
        self.too_large = False

    async def __call__(self) -> Message:
        message = {"type": "http.disconnect"} if self.too_large else await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self.too_large = self._left < 0
        return {"type": "http.disconnect"} if self.too_large else message


def _refusal(scope: Scope) -> tuple[str, str] | None:
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET_BYTES:
        return "uri_too_long", f"The address is longer than {MAX_TARGET_BYTES} bytes"
    size, has_host, stated = 0, False, b""
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name == b"host":
            has_host = True
        elif name == b"content-length" and not stated:
            stated = value[:200]
    if size > MAX_HEADER_BYTES:
        return "headers_too_large", f"The header is larger than {MAX_HEADER_BYTES} bytes"
    if scope["http_version"] == "1.1" and not has_host:
        return "malformed_request", "A request by HTTP/1.1 names its Host"
    return _TOO_LARGE if stated.isdigit() and int(stated) > MAX_BYTES else None


def _header(scope: Scope, name: bytes) -> str:
    found = (value for key, value in scope["headers"] if key == name)
    return str(next(found, b""), "latin-1")[:200]


async def _drain(scope: Scope, receive: Receive) -> None:
    """Some of what is still coming: a connection that closes while its client sends is reset, and
    the client never sees the answer. Whoever asked for leave to send has not sent."""
    if _header(scope, b"expect"):
        return
    left = DRAIN_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while left > 0:
                message = await receive()
                if not message.get("more_body"):
                    return
                left -= len(message["body"])


async def _refuse(scope: Scope, send: Send, code: str, detail: str) -> None:
    """Closes the connection, since nobody will read the rest of the request."""
    request_id = request_id_of(_header(scope, b"x-request-id"))
    reply = problem(code, detail, request_id=request_id)
    headers = {
        **reply.headers,
        "X-Request-Id": request_id,
        "ZANTARA-Version": settings.ZANTARA_VERSION,
        "X-Content-Type-Options": "nosniff",
        "Connection": "close",
    }
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
    await send({"type": "http.response.body", "body": reply.body})
