"""One endpoint as its Operation declares it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse

from plugins_app.api.answers import ProblemDetails
from plugins_app.api.openapi import components  # noqa: F401  (registers how models are described)
from plugins_app.api.openapi.parameters import (
    header_parameters,
    path_parameters,
    query_parameters,
    response_headers,
)
from plugins_app.api.operation import Operation, operation_of
from plugins_app.api.parameters import NoParameters
from plugins_app.api.problems import CONTENT_TYPE
from plugins_app.core.caller import Scope
from plugins_app.services.access import ANONYMOUS_SCOPES
from plugins_app.services.problem_kinds import PROBLEMS, slug_of

if TYPE_CHECKING:
    from plugins_app.api.views.base import ApiView

Endpoint = tuple[str, str, str, Callable[..., Any]]

_ALWAYS = ("malformed_request", "unknown_parameter", "unauthenticated", "not_acceptable",
           "unavailable")  # fmt: skip
_WITH_BODY = ("malformed_json", "payload_too_large", "unsupported_media_type", "invalid_input")


def documented(endpoints: list[Endpoint]) -> list[Endpoint]:
    """Preprocessing hook: what declares an Operation, once."""
    return [
        each
        for each in endpoints
        if not each[0].startswith("/api/v1/") and operation_of(_handler(each))
    ]


def _handler(endpoint: Endpoint) -> Any:
    _, _, method, callback = endpoint
    return getattr(getattr(callback, "cls", None), method.lower(), None)


class EndpointSchema(AutoSchema):
    view: ApiView  # type: ignore[override]

    @property
    def _operation(self) -> Operation:
        found = operation_of(getattr(self.view, self.method.lower()))
        assert found
        return found

    def get_operation_id(self) -> str:
        return self._operation.id

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_summary(self) -> str:
        """The beginning of what the handler says of itself."""
        return re.split("[.;:] |[.]$", super().get_description(), maxsplit=1)[0]

    def get_description(self) -> str:  # type: ignore[override]
        scope: Scope | None = self.view.scope
        needs = f"\n\nNeeds the scope `{scope}`." if scope else ""
        return f"{super().get_description()}{needs}"

    def get_auth(self) -> list[dict[str, list[str]]]:
        """An empty requirement says that nobody has to say who they are."""
        required = super().get_auth()
        scope: Scope | None = self.view.scope
        open_to_all = self.view.anonymous and (scope is None or scope in ANONYMOUS_SCOPES)
        return [*required, {}] if open_to_all else required

    def get_override_parameters(self) -> list[Any]:
        operation = self._operation
        return [
            *path_parameters(self.path),
            *query_parameters(operation),
            *header_parameters(operation),
            *response_headers(operation, conditional=self._conditional),
        ]

    def get_request_serializer(self) -> Any:
        return self._operation.body

    def get_response_serializers(self) -> Any:
        problems = {
            status: ", ".join(f"`{slug_of(code)}`" for code in codes)
            for status, codes in self._problems().items()
        }
        shapes: dict[Any, Any] = {
            status: OpenApiResponse(shape, description=problems.get(status, ""))
            for status, shape in self._operation.answers.items()
        }
        if self._conditional:
            shapes[304] = OpenApiResponse(description="You have this answer already.")
        for status, described in problems.items():
            shapes[status, CONTENT_TYPE] = OpenApiResponse(ProblemDetails, description=described)
        return shapes

    def _problems(self) -> Mapping[int, list[str]]:
        """Status -> codes, of everything that this endpoint can answer."""
        by_status = defaultdict(list)
        for code in dict.fromkeys((*self._codes(), *self._operation.problems)):
            by_status[PROBLEMS[code].status].append(code)
        return dict(sorted(by_status.items()))

    def _codes(self) -> Iterable[str]:
        yield from _ALWAYS
        if self._operation.query is not NoParameters:
            yield "invalid_parameter"
        if self.view.scope is not None or self.method != "GET":
            yield "forbidden"
        if "{name}" in self.path:
            yield "plugin_not_found"
        if self._operation.body:
            yield from _WITH_BODY
        if self._conditional:
            yield "precondition_failed"

    @property
    def _conditional(self) -> bool:
        return bool(getattr(self.view, "conditional", False)) and self.method == "GET"
