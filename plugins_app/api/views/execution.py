from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from plugins_app.api.body import read_body
from plugins_app.api.execution import ExecuteCall, answer_and_wait
from plugins_app.api.parameters import NoParameters, parse
from plugins_app.api.problems import Problem, request_id_of
from plugins_app.api.reply import to_http
from plugins_app.api.views.base import ApiView, http_of, root_of


class ExecuteView(ApiView):
    scope = None  # The engine decides, so that no door can differ.

    def post(self, request: Request, name: str) -> HttpResponse:
        parse(NoParameters, request)
        if "Idempotency-Key" in request.headers:
            raise Problem("malformed_request", "Idempotency-Key is not supported in this version")
        http = http_of(request)
        call = ExecuteCall(
            name=name,
            body=read_body(http),
            content_type=http.headers.get("Content-Type", ""),
            content_encoding=http.headers.get("Content-Encoding", ""),
            caller=self.caller(request),
            request_id=request_id_of(http),
            root=root_of(request, f"{name}/execute"),
        )
        return to_http(answer_and_wait(call))
