"""Who asks, and whether they may: on the server, before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from plugins_app.core.caller import Caller
from plugins_app.services.access import caller_of_user
from plugins_app.services.addresses import address_of
from plugins_app.services.audit import Actor, actor_of
from plugins_app.services.favourites import favourites_of

VIEW = "plugins_app.view_installedplugin"
SWITCH = "plugins_app.enable_plugin"
RELOAD = "plugins_app.reload_plugin"
CONFIGURE = "plugins_app.change_installedplugin"
METRICS = "plugins_app.view_metrics"
EXECUTIONS = "plugins_app.view_executionlog"
HEALTH = "plugins_app.view_worker"
AUDIT = "plugins_app.view_auditevent"
EXECUTE = "plugins_app.execute_plugin"
KEYS = "plugins_app.view_apikey"
NEW_KEYS = "plugins_app.add_apikey"
CHANGE_KEYS = "plugins_app.change_apikey"

View = Callable[..., HttpResponse]


def needs(permission: str) -> Callable[[View], View]:
    """403 with the permission's name for everybody who lacks it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.has_perm(permission):
                return view(request, *args, **kwargs)
            return refusal(request, permission)

        return checked

    return decorate


def refusal(request: HttpRequest, permission: str) -> HttpResponse:
    if request.path.endswith(".json"):
        detail = f"This needs the permission {permission}"
        return JsonResponse({"code": "forbidden", "detail": detail}, status=403)
    context = {"title": "You may not do this", "permission": permission}
    return render(request, "admin/plugins/forbidden.html", context, status=403)


def caller(request: HttpRequest) -> Caller:
    return caller_of_user(request.user, address=address_of(request))


def actor(request: HttpRequest) -> Actor:
    return actor_of(caller(request), "admin", getattr(request, "request_id", ""))


def user_id(request: HttpRequest) -> int:
    """Of who is logged in."""
    assert request.user.pk is not None
    return request.user.pk


def favourites(request: HttpRequest) -> frozenset[str]:
    return favourites_of(user_id(request))


def rights(request: HttpRequest) -> dict[str, bool]:
    """For templates: which controls work, and what may be shown."""
    may = request.user.has_perm
    return {
        "may_switch": may(SWITCH),
        "may_reload": may(RELOAD),
        "may_configure": may(CONFIGURE),
        "may_see_metrics": may(METRICS),
        "may_see_executions": may(EXECUTIONS),
        "may_execute": may(EXECUTE),
        "may_see_audit": may(AUDIT),
    }
