"""Every response names the request, so that a user can quote it and an operator can find it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from plugins_app.api.request_ids import request_id_of
from zantara.version import VERSION


class RequestIdMiddleware:
    """Echoes a well-formed X-Request-Id of the client, else makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request_id_of(request.headers.get("X-Request-Id", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self._get_response(request)
        response["X-Request-Id"] = request_id
        response["ZANTARA-Version"] = VERSION
        return response


@sync_only_middleware
def on_one_thread(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Innermost, and does nothing: because it is sync, Django runs the whole chain around it on
    the request's one thread instead of hopping to the event loop and back for each middleware."""
    return get_response


class WholeStaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Static files in one piece: they are small, and an ASGI server cannot stream from the plain
    iterators that WhiteNoise answers with."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        streamed = WhiteNoiseMiddleware.serve(static_file, request)
        response = HttpResponse(b"".join(streamed), status=streamed.status_code)
        response.headers = streamed.headers
        streamed.close()
        return response
