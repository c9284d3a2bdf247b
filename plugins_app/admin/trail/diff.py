"""What an event changed, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SHORT = 60
IN_LISTS = 3


@dataclass(frozen=True, slots=True)
class Change:
    """`path` is empty where the whole value is one; `before` or `after` is None where there was
    nothing. `kind`: added, removed, changed or same."""

    path: str
    before: str | None
    after: str | None

    @property
    def kind(self) -> str:
        if self.before == self.after:
            return "same"
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def short_before(self) -> str | None:
        return _short(self.before)

    @property
    def short_after(self) -> str | None:
        return _short(self.after)


def changes(before: Any, after: Any) -> list[Change]:
    """Changed lines first, then those that stayed."""
    old, new = dict(_lines("", before)), dict(_lines("", after))
    lines = [Change(path, old.get(path), new.get(path)) for path in {**old, **new}]
    return sorted(lines, key=lambda line: line.kind == "same")


def _lines(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name in value:
            yield from _lines(f"{path}.{name}" if path else str(name), value[name])
    elif value is not None and (path or value != {}):
        yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value or '""'
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return ", ".join(map(str, value)) or "none"
    return json.dumps(value, ensure_ascii=False)


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= SHORT:
        return text
    return f"{text[: SHORT - 1]}…"
