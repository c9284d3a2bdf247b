"""Hides what a schema marks as secret: `x-sensitive: true`, `writeOnly`, or `format: password`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import AliasChoices, BaseModel, RootModel
from pydantic.fields import FieldInfo

MASK = "********"
_BRANCHES = ("anyOf", "oneOf", "allOf")
Schema = dict[str, Any]


def is_sensitive(schema: Schema) -> bool:
    return bool(
        schema.get("x-sensitive") or schema.get("writeOnly") or schema.get("format") == "password"
    )


class Masker:
    """Masks JSON values of one schema. Where several branches of a union fit, every mark counts."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._definitions: Schema = schema.get("$defs", {})
        self.active = self._holds_marks(schema)

    def _holds_marks(self, node: Any) -> bool:
        if isinstance(node, list):
            return any(map(self._holds_marks, node))
        if not isinstance(node, dict):
            return False
        return is_sensitive(node) or any(map(self._holds_marks, node.values()))

    def mask(self, value: Any) -> Any:
        return self._mask(value, [self._schema]) if self.active else value

    def secrets(self, value: Any) -> set[str]:
        """What `mask` hides of this value, as texts."""
        return set(_hidden_texts(value, self.mask(value)))

    def covers(self, location: tuple[int | str, ...]) -> bool:
        """Whether the value at this place, or anything around or below it, is secret."""
        schemas = self._expand([self._schema])
        for step in location:
            if any(map(is_sensitive, schemas)):
                return True
            schemas = self._expand(list(self._below(schemas, step)))
        return self.active and (not schemas or any(map(self._reaches_marks, schemas)))

    def _reaches_marks(self, schema: Schema) -> bool:
        seen: list[Schema] = []
        queue = [schema]
        while queue:
            node = queue.pop()
            if node in seen:
                continue
            seen.append(node)
            expanded = self._expand([node])
            if any(map(is_sensitive, expanded)):
                return True
            for each in expanded:
                queue.extend(_children(each))
        return False

    def _mask(self, value: Any, schemas: list[Schema]) -> Any:
        schemas = self._expand(schemas)
        if value is None or not schemas:
            return value
        if any(map(is_sensitive, schemas)):
            return MASK
        if isinstance(value, dict):
            return {key: self._mask_field(key, v, schemas) for key, v in value.items()}
        if isinstance(value, list):
            return [self._mask(v, list(self._below(schemas, i))) for i, v in enumerate(value)]
        return value

    def _mask_field(self, key: str, value: Any, schemas: list[Schema]) -> Any:
        """A field that the schema does not know may be a secret under another spelling."""
        below = list(self._below(schemas, key))
        closed = [schema for schema in schemas if "properties" in schema]
        if not below and closed and not any(s.get("additionalProperties") for s in schemas):
            return MASK
        return self._mask(value, below)

    def _expand(self, schemas: list[Schema]) -> list[Schema]:
        """The schemas with references resolved and the branches of unions beside them."""
        found: list[Schema] = []
        queue = list(schemas)
        while queue:
            schema = queue.pop()
            if not isinstance(schema, dict) or schema in found:
                continue
            found.append(schema)
            if reference := schema.get("$ref"):
                queue.append(self._definitions.get(reference.rsplit("/", 1)[-1], {}))
            for key in _BRANCHES:
                queue.extend(schema.get(key, ()))
        return found

    def _below(self, schemas: list[Schema], step: int | str) -> Iterator[Schema]:
        for schema in schemas:
            if isinstance(step, int):
                prefix = schema.get("prefixItems", [])
                yield prefix[step] if step < len(prefix) else schema.get("items") or {}
            elif step in schema.get("properties", {}):
                yield schema["properties"][step]
            else:
                patterns = schema.get("patternProperties", {})
                yield from (node for p, node in patterns.items() if re.search(p, step))
                yield from _dict_or_nothing(schema.get("additionalProperties"))


def revealed(value: Any) -> Any:
    """The value as JSON has it, with what pydantic hides when it dumps, and with the names of the
    schema. In-process callers may hand over models and secrets as they are."""
    if isinstance(value, (str, int, float)):
        return value
    if hasattr(value, "get_secret_value"):
        return revealed(value.get_secret_value())
    if isinstance(value, RootModel):
        return revealed(value.root)
    if isinstance(value, BaseModel):
        known = type(value).model_fields
        return {_name_in_schema(name, known.get(name)): revealed(item) for name, item in value}
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: revealed(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, dict):
        return {str(key): revealed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [revealed(item) for item in value]
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _name_in_schema(name: str, field: FieldInfo | None) -> str:
    alias = field and field.validation_alias
    if isinstance(alias, AliasChoices):
        alias = next((each for each in alias.choices if isinstance(each, str)), None)
    return alias if isinstance(alias, str) else name


def _hidden_texts(value: Any, masked: Any) -> Iterator[str]:
    if masked == MASK and value != MASK:
        yield from _texts(value)
    elif isinstance(masked, dict):
        for key in masked:
            yield from _hidden_texts(value[key], masked[key])
    elif isinstance(masked, list):
        for each, hidden in zip(value, masked, strict=True):
            yield from _hidden_texts(each, hidden)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _children(schema: Schema) -> Iterator[Schema]:
    yield from schema.get("properties", {}).values()
    yield from schema.get("patternProperties", {}).values()
    yield from schema.get("prefixItems", ())
    yield from _dict_or_nothing(schema.get("items"))
    yield from _dict_or_nothing(schema.get("additionalProperties"))


def _dict_or_nothing(node: Any) -> Iterator[Schema]:
    if isinstance(node, dict):
        yield node
