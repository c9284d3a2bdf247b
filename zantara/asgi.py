"""ASGI entry point: Django's stock handler behind a guard, with a fast lane in front of it, and the
lifespan that it does not answer."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zantara.settings")
_django = get_asgi_application()

# These need the apps that the line above loads.
from plugins_app.api.fast_lane import FastLane  # noqa: E402
from plugins_app.runtime import serving  # noqa: E402
from zantara.guard import App, Guard  # noqa: E402

_http = Guard(FastLane(cast("App", _django)))

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = logging.getLogger(__name__)


async def application(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    else:
        await _http(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    try:
        await serving.start_on_this_loop()
    except Exception as error:
        logger.exception("start failed")
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await serving.stop()
    await send({"type": "lifespan.shutdown.complete"})
