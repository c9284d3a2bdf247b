"""What operators do to a plugin: each is a POST that leads back to where it was asked for."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from plugins_app.admin import results
from plugins_app.admin.access import RELOAD, SWITCH, VIEW, actor, caller, needs, user_id
from plugins_app.admin.pages.common import back, or_not_found, reason_of
from plugins_app.admin.retry import retry_load
from plugins_app.core.errors import ReloadRejected
from plugins_app.services import breakers, catalogue, favourites, lifecycle
from plugins_app.services.catalogue import PluginView


@require_POST
@needs(SWITCH)
@or_not_found
def enable(request: HttpRequest, name: str) -> HttpResponse:
    view = catalogue.view(caller(request), name)
    switched = lifecycle.enable([view.name], actor(request), reason_of(request))
    messages.success(request, results.enabled(view.name, bool(switched)))
    return back(request, view.name)


@require_POST
@needs(SWITCH)
@or_not_found
def disable(request: HttpRequest, name: str) -> HttpResponse:
    view = catalogue.view(caller(request), name)
    switched = lifecycle.disable([view.name], actor(request), reason_of(request))
    messages.success(request, results.disabled(view.name, bool(switched)))
    return back(request, view.name)


@require_POST
@needs(RELOAD)
@or_not_found
def reload(request: HttpRequest, name: str) -> HttpResponse:
    view = catalogue.view(caller(request), name)
    if view.loaded is None:
        return _retry(request, view)
    try:
        done = lifecycle.reload(view.name, actor(request), reason_of(request))
        messages.success(request, results.reloaded(done))
    except ReloadRejected as error:
        messages.error(request, results.rejected(view, error))
    return back(request, view.name)


@require_POST
@needs(SWITCH)
@or_not_found
def reset_breaker(request: HttpRequest, name: str) -> HttpResponse:
    view = catalogue.view(caller(request), name)
    if view.loaded is None:
        messages.error(request, f"{view.name} is not loaded and has no circuit breaker.")
    else:
        breakers.force(view.loaded, None, actor(request), reason_of(request))
        messages.success(
            request, f"The circuit breaker of {view.name} is closed: calls go through."
        )
    return back(request, view.name)


@require_POST
@needs(VIEW)
@or_not_found
def favourite(request: HttpRequest, name: str) -> HttpResponse:
    view = catalogue.view(caller(request), name)
    change = favourites.keep if request.POST.get("keep") else favourites.drop
    change(user_id(request), view.name)
    return back(request, view.name)


def _retry(request: HttpRequest, view: PluginView) -> HttpResponse:
    retried = retry_load(view, caller(request), actor(request))
    if retried.failure or not retried.names:
        messages.error(request, results.still_broken(retried.failure))
        return back(request, view.name)
    messages.success(request, results.loaded(retried.names))
    if view.name in retried.names:
        return back(request, view.name)
    return redirect("admin:plugin-detail", retried.names[0])
