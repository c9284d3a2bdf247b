"""What stands in addresses, query strings and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from drf_spectacular.utils import OpenApiParameter

from plugins_app.api.operation import Operation

JsonSchema = dict[str, Any]

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


def path_parameters(path: str) -> list[OpenApiParameter]:
    return [
        OpenApiParameter(
            name, schema, OpenApiParameter.PATH, required=True, description=description
        )
        for name, (description, schema) in _PATH_PARAMETERS.items()
        if f"{{{name}}}" in path
    ]


def query_parameters(operation: Operation) -> Iterable[OpenApiParameter]:
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


def header_parameters(operation: Operation) -> Iterable[OpenApiParameter]:
    if "idempotency_in_progress" in operation.problems:
        yield OpenApiParameter(
            "Idempotency-Key",
            {"type": "string", "pattern": "^[!-~]{1,255}$"},
            OpenApiParameter.HEADER,
            description=(
                "Of all requests with the same key, one runs; the others get its answer, with "
                "Idempotent-Replayed. A key holds for 24 hours, for one caller and plugin. Needs "
                "an API key or a login; the answer cache is not asked."
            ),
        )


def _given(schema: JsonSchema) -> JsonSchema:
    """A parameter is left out rather than null."""
    match schema:
        case {"anyOf": [only, {"type": "null"}], **rest}:
            return {**only, **rest}
    return schema


def _replaced(value: Any, resolve: Callable[[str], Any]) -> Any:
    """With every reference replaced by what it leads to."""
    if isinstance(value, dict):
        if "$ref" in value:
            return _replaced(resolve(value["$ref"]), resolve)
        return {key: _replaced(item, resolve) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, resolve) for item in value]
    return value


def response_headers(operation: Operation, *, conditional: bool) -> Iterable[OpenApiParameter]:
    yield _header("X-Request-Id", "Yours where it was valid, else a new one.")
    yield _header("ZANTARA-Version", "Version of the platform.")
    repeatable = "outcome_unknown" not in operation.problems
    yield _header("Retry-After", "Seconds.", [202, 429], kind=int)
    yield _header("Retry-After", "Seconds.", [503], kind=int, required=repeatable)
    yield _header("WWW-Authenticate", "How to say who you are.", [401])
    if conditional:
        yield _header("ETag", "Hash of the answer.", [200, 304])
    if "idempotency_in_progress" in operation.problems:
        yield _header("Retry-After", "Seconds.", [409], kind=int, required=False)
        text = "That this is the answer to an earlier request with the same Idempotency-Key."
        yield _header("Idempotent-Replayed", text, required=False)
    if "rate_limited" in operation.problems:
        text = "What is left of the limit, where one applies."
        yield _header("RateLimit", text, [200, 429], required=False)


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
