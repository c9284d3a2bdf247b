from __future__ import annotations

from dataclasses import asdict

from django.http import HttpResponse
from rest_framework.request import Request

from plugins_app.api.parameters import RangeParameters, SeriesParameters, parse
from plugins_app.api.views.base import ApiView, located
from plugins_app.core.caller import Scope
from plugins_app.services import catalogue, metrics, presentation


class AllMetricsView(ApiView):
    scope = Scope.METRICS

    def get(self, request: Request) -> HttpResponse:
        chosen = parse(RangeParameters, request)
        visible = sorted(plugin.name for plugin in catalogue.visible_plugins(self.caller(request)))
        counted = metrics.totals(chosen.range)
        shown = {name: counted.get(name, presentation.NO_METRICS) for name in visible}
        return self.answer({"success": True, "range": chosen.range, "metrics": shown})


class MetricsView(ApiView):
    scope = Scope.METRICS

    def get(self, request: Request, name: str) -> HttpResponse:
        chosen = parse(SeriesParameters, request)
        view = catalogue.view(self.caller(request), name)
        points = metrics.series(view.name, chosen.range, chosen.buckets)
        body = {
            "success": True,
            "plugin": view.name,
            "range": chosen.range,
            "metrics": metrics.total(view.name, chosen.range),
            "series": [asdict(point) for point in points],
        }
        return self.answer(body, headers=located(request, name, view.loaded, "/metrics"))
