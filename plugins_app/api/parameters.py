"""Query parameters as typed models; what is not a parameter is refused by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields as fields_of
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from rest_framework.request import Request

from plugins_app.api.problems import Problem
from plugins_app.core.metadata import PluginCategory
from plugins_app.models import Status
from plugins_app.services import presentation
from plugins_app.services.catalogue import Badge
from plugins_app.services.executions import Wanted
from plugins_app.services.metrics import DEFAULT_RANGE

P = TypeVar("P", bound=BaseModel)

MAX_LIMIT = 500
DEFAULT_LIMIT = 200
DEFAULT_PAGE = 50
MAX_QUERY = 200
"""Characters of a search: every word is compared with every plugin."""
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_ORDERINGS = [f"{sign}{name}" for sign in ("", "-") for name in sorted(presentation.ORDERINGS)]


def _split(values: Any) -> list[str]:
    """?tag=a&tag=b and ?tag=a,b are the same."""
    values = values if isinstance(values, list) else [values]
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _words(known: Iterable[str]) -> Any:
    """A field's facts: which words it takes. The endpoint itself refuses others, by name."""
    return Field(default=[], json_schema_extra={"items": {"type": "string", "enum": [*known]}})


def _written_out(value: str) -> str:
    """Pydantic would also take a number, and guess its unit."""
    if not _RFC_3339.fullmatch(value):
        raise PydanticCustomError("moment", "Write it as 2026-01-31T12:00:00Z")
    return value


Words = Annotated[list[str], BeforeValidator(_split)]
Text = Annotated[str, Field(max_length=MAX_QUERY)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
RangeName = Literal["15m", "1h", "6h", "24h", "7d", "30d"]


class Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoParameters(Parameters):
    pass


class RangeParameters(Parameters):
    range: RangeName = DEFAULT_RANGE  # type: ignore[assignment]


class SeriesParameters(RangeParameters):
    """`buckets`: at most so many points; None leaves it to the range."""

    buckets: Annotated[int, Field(ge=1, le=500)] | None = None


class SearchParameters(Parameters):
    q: Text = ""
    query: Text = ""

    @property
    def text(self) -> str:
        return self.query or self.q


class ToolParameters(Parameters):
    model: Text | None = None
    category: PluginCategory | None = None
    names: Words = []


class ListParameters(Parameters):
    category: PluginCategory | None = None
    tag: Words = []
    status: Badge | None = None
    model: Text | None = None
    q: Text = ""
    requires_auth: bool | None = None
    ordering: Words = _words(_ORDERINGS)
    fields: Words = _words(sorted(presentation.LIST_FIELDS))
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(pattern="^[0-9]{0,9}$")] = ""


class LogParameters(Parameters):
    """`level`: lines of at least this one. `find`: a text anywhere in a line, in any case."""

    level: Literal["debug", "info", "warning", "error"] = "debug"
    find: Text = ""


class ExecutionParameters(Parameters):
    """`since` and `until` are RFC 3339 moments with their offset; `until` is not in the span."""

    plugin: Text | None = None
    status: Status | None = None
    error_code: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")] | None = None
    caller: Text | None = None
    source: Annotated[str, Field(max_length=16)] | None = None
    request_id: Annotated[str, Field(max_length=128)] | None = None
    cached: bool | None = None
    since: Moment | None = None
    until: Moment | None = None
    fields: Words = _words(sorted(presentation.EXECUTION_FIELDS))
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_PAGE
    cursor: Annotated[str, Field(pattern=r"^([0-7][0-9A-HJKMNP-TV-Z]{25})?$")] = ""

    @property
    def wanted(self) -> Wanted:
        return Wanted(**{field.name: getattr(self, field.name) for field in fields_of(Wanted)})


def parse(model: type[P], request: Request) -> P:
    """Raises Problem, naming the parameter."""
    query = request.query_params
    values = {name: query.getlist(name) if _is_list(model, name) else query[name] for name in query}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _problem(model, error) from None


def _is_list(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and isinstance(field.default, list)


def _problem(model: type[BaseModel], error: ValidationError) -> Problem:
    detail = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        known = ", ".join(model.model_fields) or "none"
        return Problem(
            "unknown_parameter", f"Unknown parameter {name!r}; known: {known}", parameter=name
        )
    return Problem("invalid_parameter", f"Parameter {name!r}: {detail['msg']}", parameter=name)
