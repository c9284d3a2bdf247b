"""The OpenAPI 3.1 document: drf-spectacular lists the endpoints, what each takes and answers is
read from its Operation, and the plugins that the caller may see are added with their schemas."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from drf_spectacular.contrib.pydantic import PydanticExtension
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from pydantic.json_schema import model_json_schema

from plugins_app.api.answers import ProblemDetails
from plugins_app.api.operation import Operation, operation_of
from plugins_app.api.parameters import NoParameters
from plugins_app.api.problem_kinds import PROBLEMS, slug_of
from plugins_app.api.problems import CONTENT_TYPE
from plugins_app.core.caller import Scope
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.services.access import ANONYMOUS_SCOPES

if TYPE_CHECKING:
    from plugins_app.api.views.base import ApiView

JsonSchema = dict[str, Any]
Endpoint = tuple[str, str, str, Callable[..., Any]]
EXECUTE_PATH = "/api/plugins/{name}/execute"

_COMPONENTS = "#/components/schemas/"
_PATH_PARAMETERS: dict[str, tuple[str, JsonSchema]] = {
    "name": (
        "Canonical name, alias, tool name, or one version as name@version.",
        {"type": "string", "minLength": 1, "maxLength": 160},
    ),
    "id": ("Execution id, a ULID.", {"type": "string", "pattern": "^[0-9A-Za-z]{1,64}$"}),
    "move": (
        "What to do to the circuit breaker.",
        {"type": "string", "enum": ["reset", "force-open", "force-closed"]},
    ),
}
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
        return [
            *self._path_parameters(),
            *_query_parameters(self._operation),
            *self._response_headers(),
        ]

    def _response_headers(self) -> Iterable[OpenApiParameter]:
        yield _header("X-Request-Id", "Yours where it was valid, else a new one.")
        yield _header("ZANTARA-Version", "Version of the platform.")
        repeatable = "outcome_unknown" not in self._operation.problems
        yield _header("Retry-After", "Seconds.", [202, 429], kind=int)
        yield _header("Retry-After", "Seconds.", [503], kind=int, required=repeatable)
        yield _header("WWW-Authenticate", "How to say who you are.", [401])
        if self._conditional:
            yield _header("ETag", "Hash of the answer.", [200, 304])
        if "rate_limited" in self._operation.problems:
            text = "What is left of the limit, where one applies."
            yield _header("RateLimit", text, [200, 429], required=False)

    def _path_parameters(self) -> list[OpenApiParameter]:
        return [
            OpenApiParameter(
                name, schema, OpenApiParameter.PATH, required=True, description=description
            )
            for name, (description, schema) in _PATH_PARAMETERS.items()
            if f"{{{name}}}" in self.path
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


def _header(
    name: str,
    text: str,
    statuses: list[int] | None = None,
    *,
    kind: type = str,
    required: bool = True,
) -> OpenApiParameter:
    """Of answers with these statuses; None is all."""
    return OpenApiParameter(
        name,
        kind,
        OpenApiParameter.HEADER,
        required=required,
        description=text,
        response=statuses or True,
    )


def _query_parameters(operation: Operation) -> Iterable[OpenApiParameter]:
    schema = operation.query.model_json_schema()
    shared = schema.get("$defs", {})
    for name, described in schema.get("properties", {}).items():
        own = {key: value for key, value in described.items() if key not in ("title", "default")}
        inlined = _given(_replaced(own, lambda ref: shared[ref.removeprefix("#/$defs/")]))
        many = inlined.get("type") == "array"
        yield OpenApiParameter(
            name,
            inlined,
            default=described.get("default") or None,
            style="form" if many else None,
            explode=True if many else None,
        )


def _given(schema: JsonSchema) -> JsonSchema:
    """A parameter is left out rather than null."""
    match schema:
        case {"anyOf": [only, {"type": "null"}], **rest}:
            return {**only, **rest}
    return schema


class PydanticModels(PydanticExtension):
    """Requests are described as they are validated: what has a default may be left out."""

    priority = 1

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> JsonSchema:
        schema: JsonSchema = model_json_schema(
            self.target, ref_template=f"{_COMPONENTS}{{model}}", mode="validation"
        )
        for name, shared in schema.pop("$defs", {}).items():
            component = ResolvedComponent(
                name, ResolvedComponent.SCHEMA, schema=shared, object=name
            )
            auto_schema.registry.register_on_missing(component)
        return schema


class CallerScheme(OpenApiAuthenticationExtension):
    target_class = "plugins_app.api.authentication.CallerAuthentication"
    name = ["apiKey", "session"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        return [{"apiKey": []}, {"session": []}]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[JsonSchema]:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "zan_..."},
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ]


@cache
def endpoints_document() -> JsonSchema:
    """What does not depend on the plugins. Shared: copy before changing."""
    document: JsonSchema = SchemaGenerator().get_schema(public=True)
    return document


def document(plugins: Iterable[LoadedPlugin]) -> JsonSchema:
    """With an execute path per plugin, and its schemas as `<plugin>.input` and `.output`."""
    base = endpoints_document()
    paths, schemas = dict(base["paths"]), dict(base["components"]["schemas"])
    for plugin in plugins:
        schemas |= _schemas_of(plugin)
        paths[EXECUTE_PATH.format(name=plugin.name)] = _execute_path(plugin, paths[EXECUTE_PATH])
    return {**base, "paths": paths, "components": {**base["components"], "schemas": schemas}}


def _schemas_of(plugin: LoadedPlugin) -> dict[str, JsonSchema]:
    return {
        name: _moved(schema, f"{_COMPONENTS}{name}")
        for name, schema in (
            (f"{plugin.name}.input", plugin.input_schema),
            (f"{plugin.name}.output", plugin.output_schema),
        )
    }


def _execute_path(plugin: LoadedPlugin, any_plugin: JsonSchema) -> JsonSchema:
    post, metadata = any_plugin["post"], plugin.metadata
    needs_input = bool(plugin.input_schema.get("required"))
    body = {
        **_narrowed("ExecuteBody", {"input_data": {"$ref": f"{_COMPONENTS}{plugin.name}.input"}}),
        **({"required": ["input_data"]} if needs_input else {}),
    }
    return {
        "post": {
            **post,
            "operationId": f"execute_{plugin.name.replace('.', '__')}",
            "summary": metadata.description,
            "tags": [str(metadata.category)],
            "parameters": [each for each in post["parameters"] if each["in"] != "path"],
            "requestBody": {
                "required": needs_input,
                "content": {"application/json": {"schema": body}},
            },
            "responses": {**post["responses"], "200": _answer_of(plugin, post["responses"]["200"])},
            **({"deprecated": True} if metadata.deprecated else {}),
        }
    }  # fmt: skip


def _answer_of(plugin: LoadedPlugin, any_answer: JsonSchema) -> JsonSchema:
    """A failed answer may leave required fields of its data out."""
    whole = {"$ref": f"{_COMPONENTS}{plugin.name}.output"}
    data = {"anyOf": [whole, {"type": "object"}, {"type": "null"}]}
    schema = _narrowed("ExecuteAnswer", {"data": data})
    return {**any_answer, "content": {"application/json": {"schema": schema}}}


def _narrowed(component: str, properties: JsonSchema) -> JsonSchema:
    return {"allOf": [{"$ref": f"{_COMPONENTS}{component}"}], "properties": properties}


def _moved(schema: JsonSchema, to: str) -> JsonSchema:
    """References of a schema that was the root of its document hold where it lies now."""

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [moved(item) for item in value]
        if isinstance(value, str) and value.startswith("#/$defs/"):
            return f"{to}{value.removeprefix('#')}"
        return value

    return moved(schema)  # type: ignore[no-any-return]


def _replaced(value: Any, resolve: Callable[[str], Any]) -> Any:
    """With every reference replaced by what it leads to."""
    if isinstance(value, dict):
        if "$ref" in value:
            return _replaced(resolve(value["$ref"]), resolve)
        return {key: _replaced(item, resolve) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, resolve) for item in value]
    return value
