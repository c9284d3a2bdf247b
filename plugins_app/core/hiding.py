"""Keeps the sensitive values of a call out of every text about it. By value, since exceptions and
log lines quote what they like: masking by schema covers only what has one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from plugins_app.core.masking import MASK

SHORTEST = 4
"""Shorter values stand everywhere by chance."""
_LONG = 8
"""From this length on a value is hidden inside of words too."""


class Hidden:
    """What is known to be sensitive while one call runs, with what was before around it."""

    __slots__ = ("_around", "_pattern", "_values")

    def __init__(self) -> None:
        self._around = _current.get()
        self._values: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None

    def add(self, values: Iterable[str]) -> None:
        added = self._values.union(value for value in values if len(value) >= SHORTEST)
        if added != self._values:
            self._values, self._pattern = added, _pattern(added)

    def scrub(self, text: str) -> str:
        if self._pattern:
            text = self._pattern.sub(MASK, text)
        return self._around.scrub(text) if self._around else text

    def scrub_json(self, value: Any) -> Any:
        """The same for every text and number of a JSON value."""
        if isinstance(value, str):
            return self.scrub(value)
        if isinstance(value, dict):
            return {self.scrub(key): self.scrub_json(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.scrub_json(item) for item in value]
        return MASK if self._is_hidden_number(value) else value

    def _is_hidden_number(self, value: Any) -> bool:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and self.active and self.scrub(str(value)) == MASK

    @property
    def active(self) -> bool:
        around = self._around
        return bool(self._values) or (around is not None and around.active)


def _pattern(values: Iterable[str]) -> re.Pattern[str]:
    spellings = {each for value in values for each in _spellings(value)}
    longest_first = sorted(spellings, key=lambda each: (-len(each), each))
    return re.compile("|".join(map(_found, longest_first)))


def _spellings(value: str) -> Iterator[str]:
    """As it is, as Python quotes it, and as JSON does."""
    yield value
    yield repr(value)[1:-1]
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]


def _found(spelling: str) -> str:
    plain = re.escape(spelling)
    return plain if len(spelling) >= _LONG else rf"(?<!\w){plain}(?!\w)"


_current: ContextVar[Hidden | None] = ContextVar("hidden", default=None)


def scrub(text: str) -> str:
    """Without what is sensitive in the call that this code runs for."""
    hidden = _current.get()
    return hidden.scrub(text) if hidden else text


@contextmanager
def hiding(hidden: Hidden) -> Iterator[None]:
    """Around one call; calls within it hide what it hides too."""
    token = _current.set(hidden)
    try:
        yield
    finally:
        _current.reset(token)
