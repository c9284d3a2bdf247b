"""What the pages of one plugin have in common: its head, its actions and its tabs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from plugins_app.admin.access import VIEW, caller, favourites, needs, rights
from plugins_app.admin.cards import card
from plugins_app.admin.pages.common import or_not_found
from plugins_app.admin.snippets import curl
from plugins_app.admin.tabs import TABS, tabs
from plugins_app.services import breakers, catalogue, executions, metrics
from plugins_app.services.catalogue import PluginView
from plugins_app.services.favourites import with_favourites
from plugins_app.services.quality import with_tiers

Tab = Callable[[HttpRequest, PluginView], HttpResponse]


def tab(page: Tab) -> Callable[..., HttpResponse]:
    """A page of the plugin that the address names. Its aliases lead to its name."""

    @needs(VIEW)
    @or_not_found
    @wraps(page)
    def found(request: HttpRequest, name: str) -> HttpResponse:
        view = catalogue.view(caller(request), name)
        if view.name != name and request.method != "POST":
            assert request.resolver_match
            return redirect(request.resolver_match.view_name, view.name)
        return page(request, view)

    return found


def render_tab(
    request: HttpRequest, view: PluginView, route: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The page `admin/plugins/SLUG.html` of the tab with this route."""
    may = rights(request)
    (view,) = with_favourites([view], favourites(request))
    if may["may_see_metrics"]:
        (view,) = with_tiers([view])
    chosen = next(each for each in TABS if each.route == route)
    context = {
        "title": view.name,
        "tab": chosen,
        "tabs": tabs(request, view, route),
        "card": card(view, metrics.total(view.name) if may["may_see_metrics"] else None),
        "breaker": breakers.status_of(view.loaded) if view.loaded else None,
        "curl_line": _curl(request, view),
        "last_call": executions.recent(view.name, 1)[:1] if may["may_see_executions"] else [],
        **may,
        **context,
    }
    return render(request, f"admin/plugins/{chosen.slug}.html", context, status=status)


def _curl(request: HttpRequest, view: PluginView) -> str:
    """For the command palette."""
    return curl(view.loaded, request.build_absolute_uri("/").rstrip("/")) if view.loaded else ""
