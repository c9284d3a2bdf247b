"""An answer as plain values, so that a door in front of Django's handler can send it as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from django.http import HttpResponse

JSON = "application/json"
_NEVER_SHARED = {
    "Cache-Control": "private, no-cache",
    "Vary": "Authorization, Cookie, X-Zantara-Model",
}
_INT64 = range(-(2**63), 2**64)
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


def json_reply(
    body: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    content_type: str = JSON,
) -> Reply:
    content = dumps(body)
    own = {"Content-Type": content_type, "Content-Length": str(len(content)), **_NEVER_SHARED}
    return Reply(status, {**own, **(headers or {})}, content)


def to_http(reply: Reply) -> HttpResponse:
    return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))


def dumps(value: Any) -> bytes:
    """JSON of anything: what no JSON reader takes everywhere (integers beyond 64 bits, lone
    surrogates) is escaped, since an answer must not fail over a plugin's remark."""
    try:
        return orjson.dumps(value, default=str, option=_OPTIONS)
    except TypeError:
        return orjson.dumps(_escaped(value), default=str, option=_OPTIONS)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_escaped(str(key)): _escaped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escaped(item) for item in value]
    return str(value) if isinstance(value, int) and value not in _INT64 else value
