"""Liveness, readiness and Prometheus: for machines, outside the API's envelope."""

from __future__ import annotations

import hmac
from collections.abc import Collection

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from plugins_app.api.authentication import key_caller
from plugins_app.api.problems import problem_of, request_id_of
from plugins_app.api.reply import to_http
from plugins_app.core.caller import Caller, Scope
from plugins_app.core.errors import Forbidden, Unauthenticated
from plugins_app.models import User
from plugins_app.services import catalogue, health
from plugins_app.services.access import caller_of_user, granted_scopes
from plugins_app.services.exposition import CONTENT_TYPE, exposition


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether this process should get calls, and if not, why."""
    reasons = health.not_ready()
    if not reasons:
        return JsonResponse({"status": "ready", "reasons": []})
    return JsonResponse(
        {"status": "not ready", "reasons": reasons}, status=503, headers={"Retry-After": "1"}
    )


@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """Needs the scope `metrics`, and then shows what its holder may see, or the token of
    ZANTARA_METRICS_TOKEN, which needs no database."""
    try:
        plugins = None if _holds_token(request) else _visible(request)
    except Exception as error:
        return to_http(problem_of(error, request_id=request_id_of(request)))
    return HttpResponse(exposition(plugins), content_type=CONTENT_TYPE)


def _holds_token(request: HttpRequest) -> bool:
    token, header = settings.ZANTARA_METRICS_TOKEN, request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(header.encode(), f"Bearer {token}".encode())


def _visible(request: HttpRequest) -> Collection[str]:
    return {plugin.name for plugin in catalogue.visible_plugins(_caller(request))}


def _caller(request: HttpRequest) -> Caller:
    """The counts of one plugin are open to everybody, those of the process are not."""
    if header := request.headers.get("Authorization"):
        caller = key_caller(header, request)
        may = caller.may(Scope.METRICS)
    elif isinstance(request.user, User):
        caller = caller_of_user(request.user)
        may = Scope.METRICS in granted_scopes(request.user)
    else:
        raise Unauthenticated("Metrics need an API key, a login, or the metrics token")
    if not may:
        raise Forbidden("This needs the scope 'metrics'")
    return caller
