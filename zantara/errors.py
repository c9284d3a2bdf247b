"""What Django answers when no view did: a problem below /api/, a page elsewhere."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from plugins_app.api.problems import DATABASE_AWAY, problem, request_id_of
from plugins_app.api.reply import to_http

_FOR_MACHINES = ("/api/", "/metrics", "/livez", "/readyz")


def _answer(request: HttpRequest, code: str, detail: str) -> HttpResponse:
    request_id = request_id_of(request)
    reply = problem(code, detail, request_id=request_id)
    if f"{request.path}/".startswith(_FOR_MACHINES):
        return to_http(reply)
    context = {"title": detail, "request_id": request_id}
    return render(request, "error.html", context, status=reply.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, "malformed_request", "The request is malformed")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, "forbidden", "This is not allowed")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, "not_found", "There is nothing at this address")


def server_error(request: HttpRequest) -> HttpResponse:
    """Called while the exception is being handled."""
    if isinstance(sys.exception(), DATABASE_AWAY):
        return _answer(request, "unavailable", "The database is not available")
    return _answer(request, "internal_error", "Something went wrong on our side")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, "forbidden", "The form was too old; go back, reload and try again")
