"""Work that may take long: its progress as lines of JSON while it runs, for the page's script; for
everybody else one answer when it is done."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plugins_app.admin.marketplace import outcome
from plugins_app.admin.marketplace.outcome import Panel
from plugins_app.admin.theme import safe_next
from plugins_app.core.registry import Progress

logger = logging.getLogger(__name__)

LINES = "application/x-ndjson"
PAUSE_SECONDS = 0.2
Work = Callable[[Progress], Panel]


def in_progress(request: HttpRequest, work: Work) -> HttpResponse:
    """Leads back with what came of it. Lines are {done, total, module}, as often as something
    moved, and at last {next} or {error}."""
    then = safe_next(request, reverse("admin:marketplace"))
    if LINES not in request.headers.get("Accept", ""):
        outcome.keep(request, work(lambda done, total, module: None))
        return redirect(then)
    response = StreamingHttpResponse(_lines(request, work, then), content_type=LINES)
    response["X-Accel-Buffering"] = "no"
    return cast(HttpResponse, response)  # which views are typed to answer


async def _lines(request: HttpRequest, work: Work, then: str) -> AsyncIterator[bytes]:
    told: dict[str, Any] = {}

    def tell(done: int, total: int, module: str) -> None:
        told.update(done=done, total=total, module=module)

    running = asyncio.ensure_future(asyncio.to_thread(_run, request, work, tell))
    while not running.done():
        await asyncio.wait({running}, timeout=PAUSE_SECONDS)
        if told:
            yield _line(told)
    if error := running.exception():
        logger.error("work of a page failed", exc_info=error)
        yield _line({"error": "The server could not finish this; its log says why."})
    else:
        yield _line({"next": then})


def _run(request: HttpRequest, work: Work, tell: Progress) -> None:
    """The session's middleware is through by then."""
    try:
        outcome.keep(request, work(tell))
        request.session.save()
    finally:
        connections.close_all()


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"
