"""Failures as RFC 9457 problem details, and the one table from error code to HTTP status."""

from __future__ import annotations

import logging
import math
from dataclasses import asdict
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFilesSent
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions as drf
from rest_framework.request import Request

from plugins_app.core.errors import (
    InvalidInput,
    LoadError,
    PluginNotFound,
    Unavailable,
    ZantaraError,
)
from plugins_app.core.execution import Execution
from plugins_app.core.json_gate import MalformedJson, PayloadTooLarge

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

STATUS_OF_CODE = {
    "invalid_input": (422, "Input validation failed"),
    "unauthenticated": (401, "Authentication required"),
    "forbidden": (403, "Not allowed"),
    "model_not_allowed": (403, "Model not allowed"),
    "plugin_not_found": (404, "Plugin not found"),
    "plugin_disabled": (409, "Plugin is disabled"),
    "reload_rejected": (409, "Reload rejected, old version still serving"),
    "rate_limited": (429, "Rate limit reached"),
    "concurrency_limited": (429, "Too many calls at once"),
    "plugin_error": (500, "Plugin failed"),
    "internal_error": (500, "Internal error"),
    "invalid_output": (502, "Plugin answered something invalid"),
    "circuit_open": (503, "Plugin is resting after failures"),
    "load_error": (503, "Plugin could not be loaded"),
    "draining": (503, "Server is shutting down"),
    "unavailable": (503, "Service unavailable"),
    "outcome_unknown": (503, "Outcome unknown"),
    "cancelled": (503, "Call was cancelled"),
    "timeout": (504, "Plugin did not answer in time"),
    "not_found": (404, "Not found"),
    "method_not_allowed": (405, "Method not allowed"),
    "not_acceptable": (406, "Not acceptable"),
    "payload_too_large": (413, "Payload too large"),
    "unsupported_media_type": (415, "Unsupported media type"),
    "malformed_json": (400, "Malformed JSON"),
    "malformed_request": (400, "Malformed request"),
    "unknown_parameter": (400, "Unknown parameter"),
    "invalid_parameter": (400, "Invalid parameter"),
}
_DEFAULT_RETRY = {"unavailable": 1.0, "circuit_open": 1.0, "draining": 5.0, "load_error": 5.0}
REALM = 'Bearer realm="zantara"'


class Problem(Exception):
    """A failure of the HTTP door itself, by its code in STATUS_OF_CODE."""

    def __init__(self, code: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.code, self.extra = code, extra


def problem_response(
    code: str,
    detail: str,
    *,
    request_id: str,
    retry_after: float | None = None,
    headers: dict[str, str] | None = None,
    **extra: Any,
) -> HttpResponse:
    status, title = STATUS_OF_CODE[code]
    wait = _DEFAULT_RETRY.get(code) if retry_after is None else retry_after
    body = {
        "type": f"/problems/{code.replace('_', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": request_id,
        **({"retry_after": math.ceil(wait)} if wait is not None else {}),
        **extra,
        "success": False,
        "ok": False,
        "error": detail,
    }
    response = HttpResponse(orjson.dumps(body), status=status, content_type=CONTENT_TYPE)
    if wait is not None:
        response["Retry-After"] = str(max(1, math.ceil(wait)))
    if status == 401:
        response["WWW-Authenticate"] = REALM
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def error_response(
    error: ZantaraError, *, request_id: str, execution: Execution | None = None, **options: Any
) -> HttpResponse:
    """An engine failure. `instance` names the execution only where its row exists."""
    extra: dict[str, Any] = {}
    if isinstance(error, InvalidInput):
        extra["errors"] = [asdict(field) for field in error.fields]
    if isinstance(error, PluginNotFound):
        extra["suggestions"] = list(error.suggestions)
    if isinstance(error, LoadError) and error.location:
        extra["location"] = error.location
    if execution and execution.admitted:
        extra["instance"] = f"/admin/executions/{execution.id}/"
        extra["execution_id"] = execution.id
    return problem_response(
        error.code,
        str(error),
        request_id=request_id,
        retry_after=error.retry_after,
        **extra,
        **options,
    )


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """For DRF: nothing leaves the API as anything but a problem."""
    request: Request = context["request"]
    request_id = request_id_of(request._request)  # noqa: SLF001
    if isinstance(error, ZantaraError):
        return error_response(error, request_id=request_id)
    problem = _as_problem(error)
    response = problem_response(problem.code, str(problem), request_id=request_id, **problem.extra)
    if isinstance(error, drf.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


def _as_problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    for kinds, code, detail in _KNOWN:
        if isinstance(error, kinds):
            return Problem(code, detail or str(getattr(error, "detail", error)))
    if isinstance(error, DatabaseError):
        logger.warning("database is away", extra={"error": str(error)})
        return Problem("unavailable", "The database is not available")
    logger.error("API failed", exc_info=error)
    return Problem("internal_error", "Internal error")


_KNOWN: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((drf.NotAuthenticated, drf.AuthenticationFailed), "unauthenticated", ""),
    ((drf.PermissionDenied, PermissionDenied), "forbidden", ""),
    ((drf.MethodNotAllowed,), "method_not_allowed", ""),
    ((drf.NotAcceptable,), "not_acceptable", ""),
    ((drf.UnsupportedMediaType,), "unsupported_media_type", ""),
    ((drf.NotFound, Http404), "not_found", "There is nothing at this address"),
    ((MalformedJson,), "malformed_json", ""),
    ((PayloadTooLarge,), "payload_too_large", ""),
    ((RequestDataTooBig, TooManyFilesSent), "payload_too_large", "The body is too large"),
    ((drf.ParseError,), "malformed_request", ""),
    ((Unavailable,), "unavailable", ""),
)


def request_id_of(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")
