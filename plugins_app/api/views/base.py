from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, ClassVar, cast

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from rest_framework.request import Request
from rest_framework.views import APIView

from plugins_app.api.body import http_of
from plugins_app.api.execution import content_location
from plugins_app.api.problems import problem, request_id_of
from plugins_app.api.reply import json_reply, to_http
from plugins_app.core.caller import Caller, Scope
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.services.audit import Actor, actor_of


class ApiView(APIView):
    """`anonymous=False`: callers must say who they are, whatever the scope. `tag` groups the
    endpoints in the OpenAPI document."""

    scope: ClassVar[Scope | None] = Scope.ADMIN
    anonymous: ClassVar[bool] = True
    tag: ClassVar[str] = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # A charset in Content-Type is about the body; Django would read the query string by it.
        http_of(request).encoding = "utf-8"
        super().initial(request, *args, **kwargs)

    def caller(self, request: Request) -> Caller:
        return cast(Caller, request.auth)

    def actor(self, request: Request) -> Actor:
        return actor_of(self.caller(request), "rest", request_id_of(http_of(request)))

    def answer(
        self, body: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        return to_http(json_reply(body, status, headers))

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The methods stand in Allow."""
        return HttpResponse(status=204)


class ConditionalView(ApiView):
    """An answer's ETag is the hash of its body; whoever has it already gets 304."""

    conditional = True

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code != 200 or request.method not in ("GET", "HEAD"):
            return response
        response["ETag"] = etag = quote_etag(sha256(response.content).hexdigest()[:32])
        answer = get_conditional_response(http_of(request), etag=etag, response=response)
        if answer is not None and answer.status_code == 412:
            return _precondition_failed(request)
        return answer


def _precondition_failed(request: Request) -> HttpResponse:
    request_id = request_id_of(http_of(request))
    return to_http(problem("precondition_failed", "The answer has changed", request_id=request_id))


def root_of(request: Request, name: str) -> str:
    """What stands before the plugin's name in this request's address."""
    return request.path.rpartition(name)[0]


def located(
    request: Request, asked: str, plugin: LoadedPlugin | None, suffix: str = ""
) -> dict[str, str]:
    root = root_of(request, f"{asked}{suffix}")
    return content_location(root, asked, plugin, suffix) if plugin else {}
