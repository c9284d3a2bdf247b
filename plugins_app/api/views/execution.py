from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from plugins_app.api import answers
from plugins_app.api.body import http_of, read_body
from plugins_app.api.execution import (
    ExecuteBody,
    ExecuteCall,
    answer_and_wait,
    check_and_wait,
)
from plugins_app.api.idempotency import answer_once_and_wait
from plugins_app.api.operation import operation
from plugins_app.api.problems import request_id_of
from plugins_app.api.reply import to_http
from plugins_app.api.views.base import ApiView, root_of


class _CallView(ApiView):
    scope = None  # The engine decides, so that no door can differ.
    tag = "execute"

    def call(self, request: Request, name: str, suffix: str) -> ExecuteCall:
        http = http_of(request)
        return ExecuteCall(
            name=name,
            body=read_body(http),
            content_type=http.headers.get("Content-Type", ""),
            content_encoding=http.headers.get("Content-Encoding", ""),
            caller=self.caller(request),
            request_id=request_id_of(http),
            root=root_of(request, f"{name}{suffix}"),
        )


REFUSALS = ("forbidden", "model_not_allowed", "plugin_disabled", "draining")


class ExecuteView(_CallView):
    @operation(
        "execute_plugin",
        answers.ExecuteAnswer,
        body=ExecuteBody,
        reads_body=False,
        problems=(
            *REFUSALS,
            "rate_limited",
            "concurrency_limited",
            "plugin_error",
            "invalid_output",
            "circuit_open",
            "load_error",
            "outcome_unknown",
            "timeout",
            "idempotency_in_progress",
            "idempotency_mismatch",
            "idempotency_outcome_unknown",
        ),
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        """Run a plugin and wait for its answer."""
        call = self.call(request, name, "/execute")
        if (key := request.headers.get("Idempotency-Key")) is not None:
            return to_http(answer_once_and_wait(call, key))
        return to_http(answer_and_wait(call))


class ValidateView(_CallView):
    @operation(
        "validate_input",
        answers.ValidateAnswer,
        body=ExecuteBody,
        reads_body=False,
        problems=(*REFUSALS, "plugin_error", "timeout"),
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        """Say whether execute would take this body, and run nothing."""
        return to_http(check_and_wait(self.call(request, name, "/validate")))
