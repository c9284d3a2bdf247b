"""The OpenAPI document as a list of promises, and answers held against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpResponse
from jsonschema import Draft202012Validator

from plugins_app.api.openapi.document import endpoints_document

JsonSchema = dict[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """One operation of the document; `described` is what the document says of it."""

    id: str
    method: str
    path: str
    described: JsonSchema

    @property
    def has_body(self) -> bool:
        return "requestBody" in self.described

    @property
    def open_to_all(self) -> bool:
        return {} in self.described["security"]

    @property
    def first_parameter(self) -> str:
        """Of the query string; empty where it takes none."""
        names = [each["name"] for each in self.described["parameters"] if each["in"] == "query"]
        return names[0] if names else ""


@cache
def endpoints() -> dict[str, Endpoint]:
    """By operation id."""
    return {
        described["operationId"]: Endpoint(described["operationId"], method, path, described)
        for path, item in endpoints_document()["paths"].items()
        for method, described in item.items()
    }


def promises(endpoint: Endpoint) -> Iterator[tuple[int, str]]:
    """(status, error code) of everything that it can answer; an answer that is no problem has
    an empty code."""
    for status, response in endpoint.described["responses"].items():
        kinds = set(response.get("content", {}))
        if kinds != {"application/problem+json"}:
            yield int(status), ""
        if "application/problem+json" in kinds:
            for code in re.findall(r"`([a-z-]+)`", response["description"]):
                yield int(status), code.replace("-", "_")


def follows_the_document(response: HttpResponse, endpoint: Endpoint, document: Any = None) -> bool:
    """Its status, headers, content type and body are as documented."""
    document = document or endpoints_document()
    promised = endpoint.described["responses"][str(response.status_code)]
    for name, header in promised.get("headers", {}).items():
        assert name in response or not header.get("required"), f"{name} is missing"
    if "content" not in promised:
        assert response.content == b""
        return True
    schema = promised["content"][response["Content-Type"]]["schema"]
    validate(response.json(), schema, document)  # type: ignore[attr-defined]
    return True


def validate(value: Any, schema: JsonSchema, document: JsonSchema) -> None:
    root = {**schema, "components": document["components"]}
    Draft202012Validator(root, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)
