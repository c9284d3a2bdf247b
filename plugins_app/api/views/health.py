from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from plugins_app.api import answers
from plugins_app.api.operation import operation
from plugins_app.api.views.base import ApiView
from plugins_app.services import health


class HealthView(ApiView):
    scope = None
    tag = "health"

    @operation("get_health", answers.Health, also={503: answers.Health})
    def get(self, request: Request) -> HttpResponse:
        """How the service does; with errors and workers for administrators. 503 where no registry
        is loaded or the database is away."""
        report = health.report(self.caller(request))
        if report["status"] != "unhealthy":
            return self.answer(report)
        return self.answer(report, status=503, headers={"Retry-After": "1"})
