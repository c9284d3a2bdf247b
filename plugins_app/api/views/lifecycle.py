"""What operators do to a plugin. Each change takes a reason and is audited."""

from __future__ import annotations

from dataclasses import asdict
from typing import ClassVar

from django.http import HttpResponse
from pydantic import Field
from rest_framework.request import Request

from plugins_app.api import answers
from plugins_app.api.body import Body, http_of
from plugins_app.api.operation import operation
from plugins_app.api.problems import Problem, engine_problem, request_id_of
from plugins_app.api.reply import to_http
from plugins_app.api.views.base import ApiView, located
from plugins_app.core.caller import Scope
from plugins_app.core.errors import ReloadRejected
from plugins_app.core.state import BreakerState
from plugins_app.services import breakers, catalogue, lifecycle

RELOAD_SECONDS = 10.0
"""A reload that takes longer goes on without its caller."""
MAX_REASON = 500


class ReasonBody(Body):
    """Why somebody changes something, for the audit log."""

    reason: str = Field("", max_length=MAX_REASON)


class ReloadView(ApiView):
    scope = Scope.RELOAD
    tag = "operate"

    @operation(
        "reload_plugin",
        answers.Reloaded,
        body=ReasonBody,
        also={202: answers.Accepted},
        problems=("reload_rejected",),
    )
    def post(self, request: Request, name: str, body: ReasonBody) -> HttpResponse:
        """Import the plugin's code anew, on every worker. 202 where it takes long: then it goes
        on, and the audit log says how it ended."""
        view = catalogue.view(self.caller(request), name)
        try:
            result = lifecycle.reload_within(
                RELOAD_SECONDS, view.name, self.actor(request), body.reason
            )
        except ReloadRejected as error:
            return self._rejected(request, error, view.version)
        headers = located(request, name, view.loaded, "/reload")
        if result is None:
            going_on = {"success": True, "message": f"Plugin {view.name} is being reloaded"}
            return self.answer(going_on, 202, {**headers, "Retry-After": "1"})
        ok, total = lifecycle.workers_reached()
        done = {
            "success": True,
            "message": f"Plugin {result.name} reloaded",
            "from": result.from_version,
            "to": result.to_version,
            "duration_ms": result.duration_ms,
            "workers": {"ok": ok, "total": total},
        }
        return self.answer(done, headers=headers)

    def _rejected(self, request: Request, error: ReloadRejected, serving: str) -> HttpResponse:
        return to_http(
            engine_problem(
                error,
                request_id=request_id_of(http_of(request)),
                caller=self.caller(request),
                serving=serving,
            )
        )


class _SwitchView(ApiView):
    scope = Scope.ADMIN
    tag = "operate"
    enabled: ClassVar[bool]

    def switch(self, request: Request, name: str, reason: str) -> HttpResponse:
        view = catalogue.view(self.caller(request), name)
        verb = lifecycle.enable if self.enabled else lifecycle.disable
        changed = bool(verb([view.name], self.actor(request), reason))
        word = "enabled" if self.enabled else "disabled"
        return self.answer(
            {
                "success": True,
                "message": f"Plugin {view.name} {'is now' if changed else 'was already'} {word}",
                "plugin": view.name,
                "enabled": self.enabled,
                "changed": changed,
            }
        )


class EnableView(_SwitchView):
    enabled = True

    @operation("enable_plugin", answers.Switched, body=ReasonBody)
    def post(self, request: Request, name: str, body: ReasonBody) -> HttpResponse:
        """Let callers execute it."""
        return self.switch(request, name, body.reason)


class DisableView(_SwitchView):
    enabled = False

    @operation("disable_plugin", answers.Switched, body=ReasonBody)
    def post(self, request: Request, name: str, body: ReasonBody) -> HttpResponse:
        """Refuse new calls with 409; calls in flight finish."""
        return self.switch(request, name, body.reason)


class BreakerView(ApiView):
    scope = Scope.ADMIN
    tag = "operate"

    @operation("move_breaker", answers.BreakerMoved, body=ReasonBody, problems=("load_error",))
    def post(
        self, request: Request, name: str, move: BreakerState | None, body: ReasonBody
    ) -> HttpResponse:
        """Move the circuit breaker: hold it open (every call is refused with 503) or closed
        (however many fail), or reset it (closed, with nothing counted)."""
        plugin = catalogue.view(self.caller(request), name).loaded
        if plugin is None:
            raise Problem("load_error", f"Plugin {name!r} is not loaded and has no breaker")
        status = breakers.force(plugin, move, self.actor(request), body.reason)
        return self.answer(
            {
                "success": True,
                "plugin": plugin.name,
                "version": plugin.version,
                "breaker": asdict(status),
            }
        )
