"""Failures as RFC 9457 problem details."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as drf

from plugins_app.api.reply import Reply, json_reply, to_http
from plugins_app.core.caller import Caller, Scope
from plugins_app.core.errors import (
    InvalidInput,
    LoadError,
    PluginNotFound,
    ReloadRejected,
    Unavailable,
    ZantaraError,
)
from plugins_app.core.execution import Execution
from plugins_app.core.json_gate import MalformedJson, PayloadTooLarge
from plugins_app.services.problem_kinds import PROBLEMS, page_of

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

_DEFAULT_RETRY = {"unavailable": 1.0, "circuit_open": 1.0, "draining": 5.0, "load_error": 5.0}
REALM = 'Bearer realm="zantara"'
DATABASE_AWAY = (OperationalError, InterfaceError)


class Problem(Exception):
    """A failure of the HTTP door itself, by its code in PROBLEMS."""

    def __init__(self, code: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.code, self.extra = code, extra


def problem(
    code: str,
    detail: str,
    *,
    request_id: str,
    retry_after: float | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Reply:
    kind = PROBLEMS[code]
    wait = _whole_seconds(_DEFAULT_RETRY.get(code) if retry_after is None else retry_after)
    body = {
        "type": page_of(code),
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "request_id": request_id,
        **({"retry_after": wait} if wait else {}),
        **extra,
        "success": False,
        "ok": False,
        "error": detail,
    }
    own = {
        **({"Retry-After": str(wait)} if wait else {}),
        **({"WWW-Authenticate": REALM} if kind.status == 401 else {}),
        **(headers or {}),
    }
    return json_reply(body, kind.status, own, CONTENT_TYPE)


def _whole_seconds(wait: float | None) -> int | None:
    """Rounded up, so that nobody comes back too early."""
    return None if wait is None else max(1, math.ceil(wait))


def engine_problem(
    error: ZantaraError,
    *,
    request_id: str,
    caller: Caller | None,
    execution: Execution | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Reply:
    """`instance` names the execution only where its row exists."""
    detail = _detail(error, caller)
    if execution:
        detail = execution.hidden.scrub(detail)
    if isinstance(error, InvalidInput):
        extra["errors"] = [asdict(field) for field in error.fields]
    if isinstance(error, PluginNotFound):
        extra["suggestions"] = list(error.suggestions)
    if isinstance(error, LoadError) and error.location and sees_places(caller):
        extra["location"] = error.location
    if execution and has_row(execution):
        extra["instance"] = f"/admin/executions/{execution.id}/"
        extra["execution_id"] = execution.id
    return problem(
        error.code,
        detail,
        request_id=request_id,
        retry_after=error.retry_after,
        headers=headers,
        **extra,
    )


def has_row(execution: Execution) -> bool:
    return execution.admitted and not isinstance(execution.error, Unavailable)


def sees_places(caller: Caller | None) -> bool:
    """Why code did not load, and where it lies, is for those who look after it."""
    return caller is not None and (caller.is_staff or caller.may(Scope.ADMIN))


def _detail(error: ZantaraError, caller: Caller | None) -> str:
    if not isinstance(error, LoadError) or sees_places(caller):
        return str(error)
    if isinstance(error, ReloadRejected):
        return "The new code could not be loaded; what served before keeps serving"
    return "The plugin could not be loaded"


def problem_of(error: Exception, *, request_id: str, caller: Caller | None = None) -> Reply:
    """Whatever was raised: nothing leaves the API as anything but a problem."""
    if isinstance(error, ZantaraError):
        return engine_problem(error, request_id=request_id, caller=caller)
    known = _as_problem(error)
    return problem(known.code, str(known), request_id=request_id, **known.extra)


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """For DRF."""
    request = context["request"]
    caller = getattr(request, "_auth", None)  # asking for `auth` would authenticate once more
    request_id = request_id_of(request._request)  # noqa: SLF001
    return to_http(problem_of(error, request_id=request_id, caller=caller))


def _as_problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    for kinds, code, detail in _KNOWN:
        if isinstance(error, kinds):
            return Problem(code, detail or str(getattr(error, "detail", error)))
    if isinstance(error, DATABASE_AWAY):
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
    ((UnreadablePostError,), "malformed_request", "The body could not be read"),
    (
        (drf.ParseError, SuspiciousOperation, BadRequest, MultiPartParserError),
        "malformed_request",
        "The request is malformed",
    ),
)


def request_id_of(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")
