"""An input schema as a tree of form fields, which static/js/try draws.

References are followed and recursion ends at MAX_DEPTH, where a field is edited as JSON; so is
whatever has no better control.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugins_app.core.json_schema import Schema, choices, resolve

Field = dict[str, Any]
"""`kind` and what that kind needs; `label`, `help`, `required`, `nullable`, `default` if any."""

MAX_DEPTH = 3
FEW, MANY = 4, 20
LONG = 200
"""Characters from which a text gets several lines."""
_FORMATS = {
    "email": "email", "uri": "url", "date": "date", "date-time": "datetime", "time": "time",
    "password": "password",
}  # fmt: skip
_RULES = (
    "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems",
)  # fmt: skip


def form_fields(schema: Schema) -> Field:
    """The root: always an object."""
    return _object(schema, schema, 0)


def _field(declared: Schema, root: Schema, depth: int, label: str, *, required: bool) -> Field:
    resolved, nullable = _without_null(resolve(declared, root), root)
    told = {**resolved, **declared}
    made = _of_kind(resolved, root, depth)
    made |= {"label": label, "help": told.get("description", ""), "required": required}
    if nullable:
        made["nullable"] = True
    if "default" in told:
        made["default"] = told["default"]
    if rules := {name: resolved[name] for name in _RULES if name in resolved}:
        made["rules"] = rules
    return made


def _without_null(field: Schema, root: Schema) -> tuple[Schema, bool]:
    """'T or null' is T that may be null."""
    some = [resolve(choice, root) for choice in choices(field)]
    rest = [choice for choice in some if choice.get("type") != "null"]
    if len(rest) == 1 and "allOf" not in field:
        own = {k: v for k, v in field.items() if k not in {"anyOf", "oneOf"}}
        return {**rest[0], **own}, len(rest) < len(some)
    kind = field.get("type")
    if isinstance(kind, list) and "null" in kind and len(kind) == 2:
        return {**field, "type": next(each for each in kind if each != "null")}, True
    return field, len(rest) < len(some)


def _of_kind(field: Schema, root: Schema, depth: int) -> Field:
    if "const" in field:
        return {"kind": "const", "value": field["const"]}
    if "enum" in field:
        return _choice(field["enum"])
    if choices(field):
        return _union(field, root, depth)
    match field.get("type"):
        case "string":
            return {"kind": _text(field)}
        case "integer" | "number" | "boolean" as kind:
            return {"kind": kind}
        case "array":
            return _array(field, root, depth)
        case "object" if depth < MAX_DEPTH:
            return _object(field, root, depth)
    return {"kind": "json"}


def _text(field: Schema) -> str:
    if field.get("writeOnly"):
        return "password"
    if kind := _FORMATS.get(field.get("format", "")):
        return kind
    return "textarea" if field.get("maxLength", 0) > LONG else "text"


def _choice(values: list[Any]) -> Field:
    if not all(isinstance(value, str | int | float | bool) or value is None for value in values):
        return {"kind": "json"}
    look = "radio" if len(values) <= FEW else "select" if len(values) <= MANY else "combobox"
    return {"kind": "choice", "look": look, "options": values}


def _array(field: Schema, root: Schema, depth: int) -> Field:
    items = field.get("items")
    if not isinstance(items, Mapping) or depth >= MAX_DEPTH:
        return {"kind": "json"}
    item = _field(items, root, depth + 1, "", required=True)
    few = item["kind"] == "choice" and len(item["options"]) <= MANY and field.get("uniqueItems")
    return {"kind": "checks", "options": item["options"]} if few else {"kind": "list", "item": item}


def _object(field: Schema, root: Schema, depth: int) -> Field:
    required = frozenset(field.get("required", ()))
    made: Field = {
        "kind": "object",
        "fields": [
            {"name": name, **_field(each, root, depth + 1, name, required=name in required)}
            for name, each in field.get("properties", {}).items()
        ],
    }
    extra = field.get("additionalProperties", False)
    if isinstance(extra, Mapping) and extra:
        made["extra"] = _field(extra, root, depth + 1, "", required=True)
    elif extra or (field.get("type") == "object" and not made["fields"] and extra is not False):
        made["extra"] = {"kind": "json", "label": "", "help": "", "required": True}
    return made


def _union(field: Schema, root: Schema, depth: int) -> Field:
    """Objects that one field tells apart; every other choice is JSON."""
    branches = [resolve(choice, root) for choice in choices(field)]
    key = _discriminator(field, branches)
    if key is None or depth >= MAX_DEPTH or "allOf" in field:
        return {"kind": "json"}
    return {
        "kind": "union",
        "key": key,
        "branches": [
            {"value": branch["properties"][key]["const"], **_object(branch, root, depth)}
            for branch in branches
        ],
    }


def _discriminator(field: Schema, branches: list[Schema]) -> str | None:
    """A property that is another constant in each branch."""
    stated = field.get("discriminator", {}).get("propertyName")
    shared = [frozenset(branch.get("properties", {})) for branch in branches]
    for key in [stated] if stated else sorted(frozenset.intersection(*shared)):
        values = [branch.get("properties", {}).get(key, {}).get("const") for branch in branches]
        if all(isinstance(value, str | int) for value in values) and len(set(values)) == len(
            values
        ):
            return str(key)
    return None
