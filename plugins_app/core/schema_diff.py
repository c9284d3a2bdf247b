"""What callers notice of a new version: changes between two schemas, and the version they ask for.

Removed, renamed or narrowed fields and new required input are major; new optional input, new
output and wider values are minor; everything else is a patch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import chain
from typing import Any

from plugins_app.core.json_schema import Schema, choices, resolve

MAX_DEPTH = 5
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_EXACT = ("pattern", "format", "multipleOf", "uniqueItems")
_WORDS = {
    "minimum": "smallest value", "exclusiveMinimum": "lower bound", "minLength": "shortest length",
    "minItems": "fewest items", "maximum": "largest value", "exclusiveMaximum": "upper bound",
    "maxLength": "greatest length", "maxItems": "most items", "multipleOf": "step",
    "uniqueItems": "rule about repeats",
}  # fmt: skip


class Level(IntEnum):
    """Part of the version that such a change raises."""

    PATCH = 0
    MINOR = 1
    MAJOR = 2


class Side(StrEnum):
    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Change:
    """`field` is a path: 'prices[].amount'."""

    side: Side
    field: str
    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class _Field:
    types: frozenset[str]
    required: bool
    values: frozenset[str] | None
    """As JSON, where only some are allowed."""
    rules: Mapping[str, Any]


def compare(side: Side, before: Schema, after: Schema) -> list[Change]:
    """Gravest first, then by field."""
    old, new = _fields(before), _fields(after)
    found = [
        *(_gone(side, name) for name in old.keys() - new.keys()),
        *(_added(side, name, new[name]) for name in new.keys() - old.keys()),
        *(c for name in old.keys() & new.keys() for c in _both(side, name, old[name], new[name])),
    ]
    return sorted(found, key=lambda change: (-change.level, change.field, change.text))


def verdict(changes: Iterable[Change]) -> Level:
    return max((change.level for change in changes), default=Level.PATCH)


# --- changes --------------------------------------------------------------------------------------


def _gone(side: Side, name: str) -> Change:
    return Change(side, name, Level.MAJOR, "is gone")


def _added(side: Side, name: str, field: _Field) -> Change:
    if side is Side.INPUT and field.required:
        return Change(side, name, Level.MAJOR, "is new and required")
    return Change(side, name, Level.MINOR, "is new")


def _both(side: Side, name: str, old: _Field, new: _Field) -> Iterator[Change]:
    for level, text in (
        *_types(old, new),
        *_presence(side, old, new),
        *_values(old, new),
        *_bounds(old, new),
    ):
        yield Change(side, name, level, text)


def _types(old: _Field, new: _Field) -> Iterator[tuple[Level, str]]:
    if old.types == new.types:
        return
    narrowed = bool(old.types - new.types) and "any" not in new.types
    was, now = (" or ".join(sorted(field.types)) for field in (old, new))
    yield Level.MAJOR if narrowed else Level.MINOR, f"was {was} and is {now}"


def _presence(side: Side, old: _Field, new: _Field) -> Iterator[tuple[Level, str]]:
    if old.required is new.required:
        return
    if side is Side.INPUT:
        level = Level.MAJOR if new.required else Level.MINOR
        yield level, "is required now" if new.required else "is optional now"
    else:
        level = Level.MINOR if new.required else Level.MAJOR
        yield level, "is always there now" if new.required else "may be missing now"


def _values(old: _Field, new: _Field) -> Iterator[tuple[Level, str]]:
    if old.values == new.values:
        return
    if old.values is None or new.values is None:
        narrowed = new.values is not None
        text = "takes only some values now" if narrowed else "takes any value now"
        yield Level.MAJOR if narrowed else Level.MINOR, text
        return
    if gone := old.values - new.values:
        yield Level.MAJOR, f"no longer takes {', '.join(sorted(gone))}"
    if added := new.values - old.values:
        yield Level.MINOR, f"also takes {', '.join(sorted(added))}"


def _bounds(old: _Field, new: _Field) -> Iterator[tuple[Level, str]]:
    for rule in (*_LOWER, *_UPPER, *_EXACT):
        was, now = old.rules.get(rule), new.rules.get(rule)
        if was != now:
            level = Level.MAJOR if _tighter(rule, was, now) else Level.MINOR
            yield level, f"{_WORDS.get(rule, rule)}: was {_said(was)}, is {_said(now)}"


def _tighter(rule: str, was: Any, now: Any) -> bool:
    if now is None or was is None or rule in _EXACT:
        return now is not None
    return bool(now > was) if rule in _LOWER else bool(now < was)


def _said(value: Any) -> str:
    return "free" if value is None else str(value)


# --- fields ---------------------------------------------------------------------------------------


def _fields(schema: Schema) -> dict[str, _Field]:
    return _within(schema, schema, "", 0)


def _within(schema: Schema, root: Schema, path: str, depth: int) -> dict[str, _Field]:
    """All fields below `schema`, by path. What differs between the branches of a choice is not
    told apart: a field that only some have may be missing."""
    if depth >= MAX_DEPTH:
        return {}
    if some := [c for c in choices(schema) if c.get("type") != "null"]:
        return _either([_within(resolve(c, root), root, path, depth + 1) for c in some])
    found: dict[str, _Field] = {}
    required = frozenset(schema.get("required", ()))
    for name, declared in schema.get("properties", {}).items():
        field, place = resolve(declared, root), f"{path}.{name}" if path else name
        found[place] = _field(field, root, required=name in required)
        found |= _within(field, root, place, depth + 1)
    if isinstance(items := schema.get("items"), Mapping):
        inner, place = resolve(items, root), f"{path}[]"
        found[place] = _field(inner, root, required=False)
        found |= _within(inner, root, place, depth + 1)
    return found


def _either(branches: list[dict[str, _Field]]) -> dict[str, _Field]:
    return {
        name: _merged([b[name] for b in branches if name in b], len(branches))
        for name in dict.fromkeys(chain.from_iterable(branches))
    }


def _merged(fields: list[_Field], branches: int) -> _Field:
    everywhere = len(fields) == branches
    values = [field.values for field in fields]
    first = fields[0].rules
    return _Field(
        types=frozenset().union(*(field.types for field in fields)),
        required=everywhere and all(field.required for field in fields),
        values=None if None in values else frozenset().union(*(v or () for v in values)),
        rules={r: v for r, v in first.items() if all(f.rules.get(r) == v for f in fields)},
    )


def _field(field: Schema, root: Schema, *, required: bool) -> _Field:
    parts = [resolve(choice, root) for choice in choices(field)] or [field]
    return _Field(
        types=frozenset(kind for part in parts for kind in _kinds(part)),
        required=required,
        values=_allowed(parts),
        rules={rule: value for part in (*parts, field) for rule, value in _rules(part)},
    )


def _kinds(field: Schema) -> list[str]:
    kind = field.get("type", "any")
    if kind == "any" and ("enum" in field or "const" in field):
        return ["value"]
    return list(kind) if isinstance(kind, list) else [str(kind)]


def _allowed(parts: list[Schema]) -> frozenset[str] | None:
    """Null beside a list of values is told by the types."""
    lists = [
        part["enum"] if "enum" in part else [part["const"]] if "const" in part else None
        for part in parts
        if part.get("type") != "null"
    ]
    if not lists or any(values is None for values in lists):
        return None
    return frozenset(
        json.dumps(value, sort_keys=True) for values in lists for value in values or ()
    )


def _rules(field: Schema) -> Iterator[tuple[str, Any]]:
    for rule in (*_LOWER, *_UPPER, *_EXACT):
        if rule in field:
            yield rule, field[rule]
