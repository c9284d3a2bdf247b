"""A plugin at a glance."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from plugins_app.admin.access import rights
from plugins_app.admin.cards import figures
from plugins_app.admin.detail import page_of
from plugins_app.admin.pages.plugin import render_tab, tab
from plugins_app.admin.quality import quality
from plugins_app.services import executions, metrics
from plugins_app.services.catalogue import PluginView


@require_safe
@tab
def overview(request: HttpRequest, view: PluginView) -> HttpResponse:
    context = page_of(view, request.build_absolute_uri("/").rstrip("/"))
    may = rights(request)
    if may["may_see_metrics"]:
        context["figures"] = figures(metrics.total(view.name))
        if view.loaded:
            context["quality"] = quality(view.loaded, metrics.total(view.name, "7d"))
    if may["may_see_executions"]:
        context["executions"] = executions.recent(view.name)
    return render_tab(request, view, "admin:plugin-detail", context)
