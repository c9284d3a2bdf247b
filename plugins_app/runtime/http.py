"""Http on httpx: one pooled client per process, bounded by the deadline of the call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from plugins_app.core.errors import PluginError, TransientError
from plugins_app.core.ports import HttpResponse

DEFAULT_SECONDS = 10.0
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
LONGEST_WAIT = 24 * 3600.0
"""Seconds of a Retry-After that we believe."""
_WORTH_A_RETRY = {429, 502, 503, 504}


class HttpxClient:
    """`client` gives the pooled client, which costs too much to build where nobody needs it;
    `remaining` gives the seconds left for the call."""

    def __init__(
        self, client: Callable[[], httpx.AsyncClient], remaining: Callable[[], float]
    ) -> None:
        self._client, self._remaining = client, remaining

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        timeout: float | None = None,
    ) -> HttpResponse:
        seconds = min(timeout or DEFAULT_SECONDS, max(self._remaining(), 0.001))
        request = self._client().stream(method, url, headers=headers, params=params, json=json)
        try:
            async with asyncio.timeout(seconds), request as response:
                body = await _read(response)
        except (httpx.TransportError, TimeoutError) as error:
            raise TransientError(f"Upstream did not answer: {type(error).__name__}") from error
        if response.status_code in _WORTH_A_RETRY:
            raise TransientError(
                f"Upstream answered {response.status_code}", retry_after=_retry_after(response)
            )
        return HttpResponse(response.status_code, dict(response.headers), body)


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_RESPONSE_BYTES:
            raise PluginError(f"Upstream answered more than {MAX_RESPONSE_BYTES} bytes")
    return bytes(body)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, from either form of the header."""
    value = response.headers.get("retry-after", "")
    try:
        seconds = float(value) if value.isdecimal() else _until(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _until(date: str) -> float:
    return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
