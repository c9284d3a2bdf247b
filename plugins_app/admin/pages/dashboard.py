"""The first page: is anything wrong, and where?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from plugins_app.admin.access import VIEW, caller, rights
from plugins_app.admin.cards import Figure, card
from plugins_app.admin.charts import Asked, asked_or_day, shells, toolbar
from plugins_app.admin.charts.figures import figures
from plugins_app.admin.first_steps import first_steps
from plugins_app.admin.sparkline import Sparkline, sparkline
from plugins_app.models import AuditEvent
from plugins_app.services import catalogue, executions, metrics, timelines
from plugins_app.services.catalogue import Badge, PluginView
from plugins_app.services.windows import RANGES

ATTENTION = (
    Badge.LOAD_ERROR,
    Badge.RELOAD_FAILED,
    Badge.CIRCUIT_OPEN,
    Badge.CIRCUIT_HALF_OPEN,
    Badge.DEPRECATED,
)
SHOWN = 5
LOOKED_THROUGH = 100
CHARTS = ("calls", "latency", "errors", "cache")
WIDE_CHARTS = ("callers", "heat")
_SHOWN_FIGURES = ("Calls", "Success", "p95", "Cache hits")


@dataclass(frozen=True, slots=True)
class Top:
    """One order of the busiest plugins. Those without the number are not in it."""

    slug: str
    label: str
    key: Callable[[dict[str, Any]], float | None]


TOPS = (
    Top("calls", "Most used", lambda summary: summary["calls"]),
    Top("p95", "Slowest", lambda summary: summary["p95_ms"]),
    Top("errors", "Most errors", lambda summary: summary["failures"]),
    Top("limited", "Most rate-limited", lambda summary: summary["rate_limited"]),
)


@dataclass(frozen=True, slots=True)
class Ranked:
    name: str
    summary: dict[str, Any]
    sparkline: Sparkline


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Who may see no plugins goes on to the tables that they may see."""
    if not request.user.has_perm(VIEW):
        return redirect("admin:data")
    may = rights(request)
    views = catalogue.views(caller(request))
    context: dict[str, Any] = {
        "title": "Dashboard",
        "attention": [card(view, None) for view in _attention(views)],
        "shown": SHOWN,
        "plugins": _plugins(views),
        "steps": first_steps(request, any_plugin=bool(views)),
        **may,
    }
    if may["may_see_metrics"]:
        context |= _numbers(request, {view.name for view in views})
    if may["may_see_executions"]:
        context["failures"] = executions.recent_failures(SHOWN)
    if context["may_see_audit"]:
        context["changes"] = _changes()
    return render(request, "admin/dashboard.html", context)


def _changes() -> list[AuditEvent]:
    """Of the last events, without the comings and goings of people."""
    events = AuditEvent.objects.order_by("-id")[:LOOKED_THROUGH]
    return [event for event in events if not event.action.startswith(("login", "logout"))][:SHOWN]


def _attention(views: Iterable[PluginView]) -> list[PluginView]:
    """Most urgent first."""
    urgent = [view for view in views if view.status in ATTENTION]
    return sorted(urgent, key=lambda view: (ATTENTION.index(view.status), view.name))


def _plugins(views: list[PluginView]) -> Figure:
    on = sum(view.enabled and view.loaded is not None for view in views)
    broken = sum(view.status is Badge.LOAD_ERROR for view in views)
    note = f"{broken} with a load error" if broken else "all loaded"
    return Figure("Plugins on", f"{on} of {len(views)}", note, "error" if broken else "")


def _numbers(request: HttpRequest, visible: set[str]) -> dict[str, Any]:
    asked, problem = asked_or_day(request.GET)
    top = next((each for each in TOPS if each.slug == request.GET.get("top")), TOPS[0])
    kept = {} if top is TOPS[0] else {"top": top.slug}
    return {
        "toolbar": toolbar(asked, **kept),
        "problem": problem,
        "figures": [f for f in figures(replace(asked, compare=True)) if f.label in _SHOWN_FIGURES],
        "charts": shells(CHARTS, asked),
        "wide_charts": shells(WIDE_CHARTS, asked),
        "tops": [(each, _top_url(each, asked), each is top) for each in TOPS],
        "ranked": _ranked(top, asked, visible),
    }


def _top_url(top: Top, asked: Asked) -> str:
    query = "&".join(f"{name}={value}" for name, value in (*asked.range.items(), ("top", top.slug)))
    return f"{reverse('admin:index')}?{query}#top"


def _ranked(top: Top, asked: Asked, visible: set[str]) -> list[Ranked]:
    """Over the range that was asked for; over a day, where that is none of the usual ones."""
    name = asked.window.name if asked.window.name in RANGES else metrics.DEFAULT_RANGE
    found = {
        plugin: value
        for plugin, summary in metrics.totals(name).items()
        if plugin in visible and (value := top.key(summary))
    }
    best = sorted(found, key=lambda plugin: (-found[plugin], plugin))[:SHOWN]
    shares = timelines.shares(asked.window)
    totals = metrics.totals(name)
    return [
        Ranked(plugin, totals[plugin], sparkline([s.executed for s in shares.get(plugin, ())]))
        for plugin in best
    ]
