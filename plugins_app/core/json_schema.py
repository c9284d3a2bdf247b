"""Reading JSON Schema as pydantic writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def resolve(field: Schema, root: Schema) -> Schema:
    """The field with what its $ref names; what stands beside the $ref wins."""
    seen: set[str] = set()
    while (reference := field.get("$ref")) and reference not in seen:
        seen.add(reference)
        target: Any = root
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part, {}) if isinstance(target, Mapping) else {}
        field = {**target, **{k: v for k, v in field.items() if k != "$ref"}}
    return field


def choices(field: Schema) -> list[Schema]:
    return [*field.get("anyOf", ()), *field.get("oneOf", ()), *field.get("allOf", ())]
