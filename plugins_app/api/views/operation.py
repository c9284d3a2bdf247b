"""Health and reload: what operators look at, and what they do."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from plugins_app.api.body import Body, body_of
from plugins_app.api.parameters import NoParameters, parse
from plugins_app.api.problems import Problem, engine_problem, request_id_of
from plugins_app.api.reply import to_http
from plugins_app.api.views.base import ApiView, http_of, located
from plugins_app.core.caller import Scope
from plugins_app.core.errors import ReloadRejected
from plugins_app.services import catalogue, health, lifecycle


class HealthView(ApiView):
    """Short for anybody; errors and workers for administrators."""

    scope = None

    def get(self, request: Request) -> HttpResponse:
        parse(NoParameters, request)
        report = health.report(full=self.caller(request).may(Scope.ADMIN))
        if report["status"] != "unhealthy":
            return self.answer(report)
        return self.answer(report, status=503, headers={"Retry-After": "1"})


class ReasonBody(Body):
    """Why somebody changes something, for the audit log."""

    reason: str = ""


class ReloadView(ApiView):
    scope = Scope.RELOAD

    def post(self, request: Request, name: str) -> HttpResponse:
        parse(NoParameters, request)
        reason = body_of(ReasonBody, http_of(request)).reason
        view = catalogue.view(self.caller(request), name)
        try:
            result = lifecycle.reload(view.name, self.actor(request), reason)
        except ReloadRejected as error:
            return self._rejected(request, error, view.version)
        body = {
            "success": True,
            "message": f"Plugin {result.name} reloaded",
            "from": result.from_version,
            "to": result.to_version,
            "duration_ms": result.duration_ms,
        }
        return self.answer(body, headers=located(request, name, view.loaded, "/reload"))

    def _rejected(self, request: Request, error: ReloadRejected, serving: str) -> HttpResponse:
        return to_http(
            engine_problem(
                error,
                request_id=request_id_of(http_of(request)),
                caller=self.caller(request),
                serving=serving,
            )
        )


class UnknownView(ApiView):
    """Everything below /api/ that is nothing: a problem, not an HTML page."""

    scope = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Problem("not_found", "There is nothing at this address")
