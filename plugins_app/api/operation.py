"""What an endpoint takes and answers: the view obeys it, the OpenAPI document tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpResponse
from pydantic import BaseModel
from rest_framework.request import Request

from plugins_app.api.body import Body, body_of, http_of
from plugins_app.api.parameters import NoParameters, Parameters, parse

Handler = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Operation:
    """`id` names the function in generated clients. `answers`: status -> shape. `problems`: error
    codes beyond those that follow from the rest."""

    id: str
    answers: Mapping[int, type[BaseModel]]
    query: type[Parameters]
    body: type[Body] | None
    problems: tuple[str, ...]


def operation(
    id: str,  # noqa: A002  (the OpenAPI name for it)
    answer: type[BaseModel],
    *,
    query: type[Parameters] = NoParameters,
    body: type[Body] | None = None,
    reads_body: bool = True,
    also: Mapping[int, type[BaseModel]] | None = None,
    problems: tuple[str, ...] = (),
) -> Callable[[Handler], Handler]:
    """The handler gets `query` and `body` checked, each only where it declares one: what is not
    declared is refused by name before it runs. `also`: status -> shape of answers that are not
    200. With `reads_body=False` it reads the bytes itself."""
    told = Operation(id, {200: answer, **(also or {})}, query, body, problems)

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def checked(view: Any, request: Request, **path: Any) -> HttpResponse:
            asked = parse(query, request)
            given: dict[str, Any] = {} if query is NoParameters else {"query": asked}
            if body and reads_body:
                given["body"] = body_of(body, http_of(request))
            return handler(view, request, **path, **given)

        checked.operation = told  # type: ignore[attr-defined]
        return checked

    return decorate


def operation_of(handler: Any) -> Operation | None:
    return getattr(handler, "operation", None)
