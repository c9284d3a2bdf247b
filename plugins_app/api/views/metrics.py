from __future__ import annotations

from dataclasses import asdict

from django.http import HttpResponse
from rest_framework.request import Request

from plugins_app.api import answers
from plugins_app.api.operation import operation
from plugins_app.api.parameters import RangeParameters, SeriesParameters
from plugins_app.api.views.base import ApiView, located
from plugins_app.core.caller import Scope
from plugins_app.services import catalogue, metrics, presentation


class AllMetricsView(ApiView):
    scope = Scope.METRICS
    tag = "metrics"

    @operation("get_all_metrics", answers.AllMetrics, query=RangeParameters)
    def get(self, request: Request, query: RangeParameters) -> HttpResponse:
        """Sums over a span of time, by plugin."""
        visible = sorted(plugin.name for plugin in catalogue.visible_plugins(self.caller(request)))
        counted = metrics.totals(query.range)
        shown = {name: counted.get(name, presentation.NO_METRICS) for name in visible}
        return self.answer({"success": True, "range": query.range, "metrics": shown})


class MetricsView(ApiView):
    scope = Scope.METRICS
    tag = "metrics"

    @operation("get_plugin_metrics", answers.PluginMetrics, query=SeriesParameters)
    def get(self, request: Request, name: str, query: SeriesParameters) -> HttpResponse:
        """Sums and a series over a span of time of one plugin."""
        view = catalogue.view(self.caller(request), name)
        points = metrics.series(view.name, query.range, query.buckets)
        body = {
            "success": True,
            "plugin": view.name,
            "range": query.range,
            "metrics": metrics.total(view.name, query.range),
            "series": [asdict(point) for point in points],
        }
        return self.answer(body, headers=located(request, name, view.loaded, "/metrics"))
