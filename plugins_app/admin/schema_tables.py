"""A JSON Schema as rows of a table: one per field, nested fields by their path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plugins_app.admin.formats import plural
from plugins_app.core.json_schema import Schema, choices, resolve

MAX_DEPTH = 3
MAX_CHOICES = 12

_LIMITS = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("exclusiveMaximum", "< {}"),
    ("multipleOf", "multiple of {}"),
    ("pattern", "matches {}"),
)


_SIZES = (
    ("minLength", "at least", "character"),
    ("maxLength", "at most", "character"),
    ("minItems", "at least", "item"),
    ("maxItems", "at most", "item"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """`name` is a path: 'prices[].amount'. `default` is JSON, or empty where there is none."""

    name: str
    type: str
    required: bool
    default: str
    constraints: str
    description: str
    depth: int


def rows(schema: Schema) -> list[Row]:
    return list(_fields(schema, schema, "", 0))


def _fields(schema: Schema, root: Schema, path: str, depth: int) -> Iterator[Row]:
    required = frozenset(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        yield _row(field, root, path + name, name in required, depth)
        if depth + 1 < MAX_DEPTH:
            inner, suffix = _object_in(field, root)
            yield from _fields(inner, root, f"{path}{name}{suffix}.", depth + 1)


def _row(field: Schema, root: Schema, path: str, required: bool, depth: int) -> Row:
    resolved = resolve(field, root)
    return Row(
        name=path,
        type=" or ".join(dict.fromkeys(_types(resolved, root))),
        required=required,
        default=_json(field["default"]) if "default" in field else "",
        constraints="; ".join(_constraints(resolved, root)),
        description=resolved.get("description", ""),
        depth=depth,
    )


def _types(field: Schema, root: Schema) -> Iterator[str]:
    if some := choices(field):
        for choice in some:
            yield from _types(resolve(choice, root), root)
        return
    kind = field.get("type")
    for one in kind if isinstance(kind, list) else [kind]:
        yield _type(one, field, root)


def _type(kind: str | None, field: Schema, root: Schema) -> str:
    if kind == "array":
        items = " or ".join(dict.fromkeys(_types(resolve(field.get("items", {}), root), root)))
        return f"array of {items}"
    if kind is None:
        return "any" if "const" not in field and "enum" not in field else "value"
    return f"{kind} ({field['format']})" if "format" in field else kind


def _constraints(field: Schema, root: Schema) -> Iterator[str]:
    for key, text in _LIMITS:
        if key in field:
            yield text.format(field[key])
    for key, bound, unit in _SIZES:
        if key in field:
            yield f"{bound} {plural(field[key], unit)}"
    if field.get("uniqueItems"):
        yield "no repeats"
    if "const" in field:
        yield f"always {_json(field['const'])}"
    if "enum" in field:
        yield _one_of(field["enum"])
    for choice in choices(field):
        yield from _constraints(resolve(choice, root), root)
    if isinstance(field.get("items"), Mapping):
        inner = "; ".join(_constraints(resolve(field["items"], root), root))
        yield from [f"each: {inner}"] if inner else []


def _one_of(values: list[Any]) -> str:
    shown = ", ".join(
        str(value) if isinstance(value, str) else _json(value) for value in values[:MAX_CHOICES]
    )
    more = len(values) - MAX_CHOICES
    return f"one of {shown}" + (f" and {more} more" if more > 0 else "")


def _object_in(field: Schema, root: Schema) -> tuple[Schema, str]:
    """The object that the field is, or holds in an array or a choice, and its path's suffix."""
    resolved = resolve(field, root)
    if resolved.get("properties"):
        return resolved, ""
    if isinstance(resolved.get("items"), Mapping):
        inner, suffix = _object_in(resolved["items"], root)
        return inner, f"[]{suffix}"
    for choice in choices(resolved):
        inner, suffix = _object_in(choice, root)
        if inner:
            return inner, suffix
    return {}, ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
