"""How much a plugin's author has told about it, and how well it keeps to that: three tiers.

A tier is reached when all checks of it, and of those below, pass. Only what can be seen of loaded
code and of the counters is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from weakref import WeakKeyDictionary

from plugins_app.core.json_schema import Schema, choices, resolve
from plugins_app.core.loaded import LoadedPlugin

MIN_DESCRIPTION = 20
TOLERANCE = 2.0
"""So many times the promised duration is still kept."""
MAX_ERROR_SHARE = 0.01
MAX_DEPTH = 8
_HINTS = frozenset(("read_only", "destructive", "idempotent"))


class Tier(IntEnum):
    NONE = 0
    BRONZE = 1
    SILVER = 2
    GOLD = 3


@dataclass(frozen=True, slots=True)
class Check:
    """`advice` says what its author can do; empty where it passed."""

    id: str
    tier: Tier
    title: str
    passed: bool
    advice: str = ""


_OF_CODE: WeakKeyDictionary[LoadedPlugin, list[Check]] = WeakKeyDictionary()
"""Its checks, which do not change while the object is served: schemas are long to walk through."""


def checks(plugin: LoadedPlugin, week: Mapping[str, Any] | None = None) -> list[Check]:
    """`week` is the summary of its calls in the last seven days; None where it is not known."""
    if plugin not in _OF_CODE:
        _OF_CODE[plugin] = [*_bronze(plugin), *_silver(plugin), *_gold(plugin)]
    return [*_OF_CODE[plugin], *_gold_by_calls(plugin, week or {})]


def tier(found: list[Check]) -> Tier:
    missed = [check.tier for check in found if not check.passed]
    return Tier(min(missed) - 1) if missed else Tier.GOLD


def _bronze(plugin: LoadedPlugin) -> Iterator[Check]:
    code = plugin.declared
    yield _check(
        "described",
        Tier.BRONZE,
        "Says what it does",
        len(code.description) >= MIN_DESCRIPTION,
        f"Write a description of at least {MIN_DESCRIPTION} characters.",
    )
    yield _check(
        "typed",
        Tier.BRONZE,
        "Its answer has a type",
        plugin.wraps_data,
        "Give it an output model with fields of its own.",
    )
    yield _check(
        "example", Tier.BRONZE, "Has an example", bool(code.examples), "Add one to the metadata."
    )


def _silver(plugin: LoadedPlugin) -> Iterator[Check]:
    code = plugin.declared
    yield _check(
        "timed", Tier.SILVER, "States its timeout", code.timeout is not None, "Set timeout."
    )
    yield _check(
        "limited",
        Tier.SILVER,
        "States a rate limit",
        code.rate_limit is not None,
        "Set rate_limit.",
    )
    yield _check("owned", Tier.SILVER, "Has an owner", bool(code.owner), "Set owner.")
    bare = sorted(undescribed(plugin.input_schema))
    yield _check(
        "fields",
        Tier.SILVER,
        "Describes every input field",
        not bare,
        f"Without a description: {', '.join(bare[:5])}{' ...' if len(bare) > 5 else ''}.",
    )


def _gold(plugin: LoadedPlugin) -> Iterator[Check]:
    code = plugin.declared
    yield _check(
        "effects",
        Tier.GOLD,
        "Tells its effects",
        bool(_HINTS & code.model_fields_set),
        "Set read_only, idempotent or destructive.",
    )
    yield _check(
        "expected",
        Tier.GOLD,
        "An example says what to expect",
        any(example.expect is not None for example in code.examples),
        "Give an example the fields that its answer must have.",
    )
    yield _check(
        "current", Tier.GOLD, "Is not deprecated", code.deprecated is None, "It is to be removed."
    )


def _gold_by_calls(plugin: LoadedPlugin, week: Mapping[str, Any]) -> Iterator[Check]:
    code = plugin.declared
    promised, p95 = code.estimated_time * TOLERANCE * 1000, week.get("p95_ms")
    yield _check(
        "fast",
        Tier.GOLD,
        "As fast as it says",
        p95 is not None and p95 <= promised,
        "No call in seven days."
        if p95 is None
        else f"Its p95 of seven days is {p95:,.0f} ms; estimated_time allows {promised:,.0f} ms.",
    )
    share = week.get("success_rate")
    yield _check(
        "reliable",
        Tier.GOLD,
        "Fails less than once in a hundred calls",
        share is not None and 1 - share < MAX_ERROR_SHARE,
        "No call in seven days."
        if share is None
        else f"{(1 - share) * 100:.1f} % of seven days' calls failed.",
    )


def _check(name: str, tier: Tier, title: str, passed: bool, advice: str) -> Check:
    return Check(name, tier, title, passed, "" if passed else advice)


def undescribed(schema: Schema) -> set[str]:
    """Paths of fields without a description, like 'to[].name'."""
    return set(_undescribed(schema, schema, "", 0))


def _undescribed(schema: Schema, root: Schema, path: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    for name, declared in schema.get("properties", {}).items():
        field = resolve(declared, root)
        place = f"{path}.{name}" if path else name
        if not field.get("description") and "const" not in field:
            yield place
        yield from _undescribed(field, root, place, depth + 1)
    if isinstance(items := schema.get("items"), Mapping):
        yield from _undescribed(resolve(items, root), root, f"{path}[]", depth + 1)
    for choice in choices(schema):
        yield from _undescribed(resolve(choice, root), root, path, depth + 1)
