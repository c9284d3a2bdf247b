"""A request's body as JSON: one way in for every endpoint."""

from __future__ import annotations

from typing import Any, TypeVar

from django.http import HttpRequest, RawPostDataException
from pydantic import BaseModel, ConfigDict, ValidationError
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from plugins_app.api.problems import Problem
from plugins_app.core.errors import InvalidInput
from plugins_app.core.json_gate import loads
from plugins_app.core.masking import Masker
from plugins_app.core.middleware.validate import field_errors

_NO_SECRETS = Masker({})


class Body(BaseModel):
    """Base of request bodies: unknown fields and coercions are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


B = TypeVar("B", bound=Body)


def http_of(request: Request) -> HttpRequest:
    return request._request  # noqa: SLF001  (DRF has no public name for it)


def body_of(model: type[B], request: HttpRequest) -> B:
    """Raises InvalidInput with pointers into the body."""
    return parse_body(
        model,
        read_body(request),
        request.headers.get("Content-Type", ""),
        request.headers.get("Content-Encoding", ""),
    )


def read_body(request: HttpRequest) -> bytes:
    """Not `request.data`: DRF takes a chunked body, which states no length, for an empty one."""
    try:
        return request.body
    except RawPostDataException:  # a form, in which the CSRF check looked for its token
        raise UnsupportedMediaType(request.content_type or "") from None
    except ValueError:
        raise Problem("malformed_request", "Content-Length is not a number") from None


def parse_body(model: type[B], body: bytes, content_type: str, content_encoding: str = "") -> B:
    """An empty body is an empty object, whatever its type is said to be."""
    value = parse_json(body, content_type, content_encoding) if body else {}
    try:
        return model.model_validate(value)
    except ValidationError as error:
        fields = field_errors(error, value, _NO_SECRETS)
        raise InvalidInput("The request body is not what this endpoint takes", fields) from None


def parse_json(body: bytes, content_type: str, content_encoding: str = "") -> Any:
    check_media_type(content_type)
    if content_encoding.strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType(content_encoding, "Send the body without a content encoding")
    return loads(body)


def check_media_type(media_type: str) -> None:
    """application/json, in UTF-8 where a charset is stated."""
    if media_type == "application/json":
        return
    kind, *parameters = [part.strip().lower() for part in media_type.split(";")]
    charsets = {p.partition("=")[2].strip('" ') for p in parameters if p.startswith("charset")}
    if kind != "application/json" or charsets - {"utf-8", "utf8"}:
        raise UnsupportedMediaType(media_type, "Send application/json in UTF-8")
