"""A plugin's numbers over time."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from plugins_app.admin.access import METRICS, needs
from plugins_app.admin.charts import asked_or_day, shells, toolbar
from plugins_app.admin.charts.figures import figures, nothing
from plugins_app.admin.charts.registry import DEFINITIONS
from plugins_app.admin.pages.plugin import render_tab, tab
from plugins_app.services.catalogue import PluginView


@require_safe
@needs(METRICS)
@tab
def plugin_metrics(request: HttpRequest, view: PluginView) -> HttpResponse:
    asked, problem = asked_or_day(request.GET, view.name)
    context = {
        "toolbar": toolbar(asked),
        "problem": problem,
        "figures": figures(asked),
        "nothing": nothing(asked),
        "charts": shells((each.slug for each in DEFINITIONS if each.of_plugin), asked),
    }
    return render_tab(request, view, "admin:plugin-metrics", context)
