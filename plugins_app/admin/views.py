"""The marketplace's pages. Each asks the services and renders."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from plugins_app.admin import charts, results
from plugins_app.admin.access import METRICS, RELOAD, SWITCH, VIEW, actor, caller, needs, rights
from plugins_app.admin.cards import card, figures
from plugins_app.admin.detail import page_of
from plugins_app.admin.filters import Filters, category_options, page_links, status_options
from plugins_app.admin.retry import retry_load
from plugins_app.admin.theme import safe_next
from plugins_app.core.errors import PluginNotFound, ReloadRejected
from plugins_app.core.metrics import summary
from plugins_app.services import catalogue, executions, lifecycle, metrics
from plugins_app.services.catalogue import PluginView

PER_PAGE = 24
MAX_REASON = 500
View = Callable[..., HttpResponse]


def or_not_found(view: View) -> View:
    @wraps(view)
    def found(request: HttpRequest, name: str) -> HttpResponse:
        try:
            return view(request, name)
        except PluginNotFound as error:
            context = {"title": "No such plugin", "name": name, "suggestions": error.suggestions}
            return render(request, "admin/plugins/not_found.html", context, status=404)

    return found


@require_safe
@needs(VIEW)
def marketplace(request: HttpRequest) -> HttpResponse:
    filters = Filters.of(request.GET)
    everything = catalogue.views(caller(request))
    found = catalogue.search(caller(request), filters.query) if filters.query else everything
    page = Paginator(filters.apply(found), PER_PAGE).get_page(request.GET.get("page"))
    may = rights(request)
    called = metrics.totals() if may["may_see_metrics"] else {}
    cards = [
        card(view, called.get(view.name, summary({})) if may["may_see_metrics"] else None)
        for view in page
    ]
    context = {
        "title": "Plugins",
        "cards": cards,
        "page": page,
        "page_links": page_links(page, filters),
        "everything": len(everything),
        "filters": filters,
        "categories": category_options(everything, found, filters),
        "statuses": status_options(found, filters),
        **may,
    }
    return render(request, "admin/plugins/marketplace.html", context)


@require_safe
@needs(VIEW)
@or_not_found
def detail(request: HttpRequest, name: str) -> HttpResponse:
    view = catalogue.view(caller(request), name)
    if view.name != name:
        return redirect("admin:plugin-detail", view.name)
    may = rights(request)
    context = {
        "title": view.name,
        "card": card(view, metrics.total(view.name) if may["may_see_metrics"] else None),
        **page_of(view, request.build_absolute_uri("/").rstrip("/")),
        **may,
    }
    if may["may_see_metrics"]:
        context |= _metrics(view.name, request)
    if may["may_see_executions"]:
        context["executions"] = executions.recent(view.name)
    return render(request, "admin/plugins/detail.html", context)


def _metrics(name: str, request: HttpRequest) -> dict[str, Any]:
    chosen = request.GET.get("range", "")
    if chosen not in metrics.RANGES:
        chosen = metrics.DEFAULT_RANGE
    points = metrics.series(name, chosen)
    return {
        "range": chosen,
        "ranges": [(each, charts.RANGE_WORDS[each]) for each in metrics.RANGES],
        "figures": figures(metrics.total(name, chosen)),
        "points": charts.table(points),
        "calls_sentence": charts.calls_sentence(points, chosen),
        "latency_sentence": charts.latency_sentence(points),
    }


@require_safe
@needs(VIEW)
@needs(METRICS)
@or_not_found
def series(request: HttpRequest, name: str) -> HttpResponse:
    chosen = request.GET.get("range", metrics.DEFAULT_RANGE)
    if chosen not in metrics.RANGES:
        detail = f"range is one of {', '.join(metrics.RANGES)}"
        return JsonResponse({"code": "invalid_range", "detail": detail}, status=400)
    view = catalogue.view(caller(request), name)
    points = metrics.series(view.name, chosen)
    return JsonResponse(charts.payload(view.name, chosen, points))


@require_POST
@needs(SWITCH)
@or_not_found
def enable(request: HttpRequest, name: str) -> HttpResponse:
    view = catalogue.view(caller(request), name)
    switched = lifecycle.enable([view.name], actor(request), reason_of(request))
    messages.success(request, results.enabled(view.name, bool(switched)))
    return _back(request, view.name)


@require_POST
@needs(SWITCH)
@or_not_found
def disable(request: HttpRequest, name: str) -> HttpResponse:
    view = catalogue.view(caller(request), name)
    switched = lifecycle.disable([view.name], actor(request), reason_of(request))
    messages.success(request, results.disabled(view.name, bool(switched)))
    return _back(request, view.name)


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
    return _back(request, view.name)


def _retry(request: HttpRequest, view: PluginView) -> HttpResponse:
    retried = retry_load(view, caller(request), actor(request))
    if retried.failure or not retried.names:
        messages.error(request, results.still_broken(retried.failure))
        return _back(request, view.name)
    messages.success(request, results.loaded(retried.names))
    if view.name in retried.names:
        return _back(request, view.name)
    return redirect("admin:plugin-detail", retried.names[0])


def reason_of(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\0", "").strip()[:MAX_REASON]


def _back(request: HttpRequest, name: str) -> HttpResponse:
    """See other: a reload of the page that follows changes nothing again."""
    return redirect(safe_next(request, reverse("admin:plugin-detail", args=[name])))
