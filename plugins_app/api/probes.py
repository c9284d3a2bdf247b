"""Liveness, readiness and Prometheus: for machines, outside the API's envelope."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed

from plugins_app.api.authentication import key_caller
from plugins_app.api.problems import problem_response, request_id_of
from plugins_app.core.caller import Scope
from plugins_app.services import health
from plugins_app.services.access import caller_of_user
from plugins_app.services.exposition import CONTENT_TYPE, exposition


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether this process should get calls, and if not, why."""
    reasons = health.not_ready()
    response = JsonResponse(
        {"status": "not ready" if reasons else "ready", "reasons": reasons},
        status=503 if reasons else 200,
    )
    if reasons:
        response["Retry-After"] = "1"
    return response


@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """Needs the scope `metrics` or the token of ZANTARA_METRICS_TOKEN; asks no database then."""
    if refusal := _refusal(request):
        return refusal
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def _refusal(request: HttpRequest) -> HttpResponse | None:
    request_id = request_id_of(request)
    header = request.headers.get("Authorization", "")
    token = settings.ZANTARA_METRICS_TOKEN
    if token and hmac.compare_digest(header.encode(), f"Bearer {token}".encode()):
        return None
    try:
        caller = key_caller(header, request) if header else caller_of_user(request.user)
    except AuthenticationFailed as error:
        return problem_response("unauthenticated", str(error.detail), request_id=request_id)
    if not caller.authenticated:
        detail = "Metrics need an API key with the scope 'metrics', a login, or the metrics token"
        return problem_response("unauthenticated", detail, request_id=request_id)
    if not caller.may(Scope.METRICS):
        detail = "This needs the scope 'metrics'"
        return problem_response("forbidden", detail, request_id=request_id)
    return None
