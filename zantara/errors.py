"""What Django answers when no view did: a problem below /api/, a page elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from plugins_app.api.problems import problem_response, request_id_of


def _answer(request: HttpRequest, code: str, detail: str) -> HttpResponse:
    problem = problem_response(code, detail, request_id=request_id_of(request))
    if request.path.startswith(("/api/", "/metrics", "/livez", "/readyz")):
        return problem
    context = {"title": detail, "request_id": request_id_of(request)}
    return render(request, "error.html", context, status=problem.status_code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, "malformed_request", "The request is malformed")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, "forbidden", "This is not allowed")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, "not_found", "There is nothing at this address")


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, "internal_error", "Something went wrong on our side")


def csrf_failure(request: HttpRequest, reason: str = "") -> Any:
    return _answer(request, "forbidden", "The form was too old; go back, reload and try again")
