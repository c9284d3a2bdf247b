"""Keeps the sensitive values of a call out of every text about it. By value, since exceptions and
log lines quote what they like: masking by schema covers only what has one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote, quote_plus

from plugins_app.core.masking import MASK

SHORTEST = 4
"""Shorter values stand everywhere by chance."""
_LONG = 8
"""From this length on a value is hidden inside of words too."""
_MANY = 500
"""With more values than this, texts are hidden as a whole: to look for each takes too long."""
_ADDRESS = 2000
"""Characters of a value that may be found in an address, and so percent-encoded."""
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+")
"""Spelled the same everywhere."""
_NONE: frozenset[str] = frozenset()
_NOTHING = " \t\r\n*"
_QUOTED_INPUT = re.compile(r"input_value=.*?, input_type=", re.DOTALL)
"""How pydantic quotes what it refuses. It cuts long values, which no search would find then."""


class Hidden:
    """What is known to be sensitive while one call runs, with what was before around it."""

    __slots__ = ("_around", "_search", "_values", "wary")

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._around = _current.get()
        self._values: frozenset[str] = _NONE
        self._search: _Search | None = None
        self.wary = False
        """Whether there may be secrets that are not known by value."""
        if values:
            self.add(values)

    def add(self, values: Iterable[str]) -> None:
        stripped = (value.strip() for value in values)
        added = self._values.union(v for v in stripped if len(v.strip(_NOTHING)) >= SHORTEST)
        if added != self._values:
            self._values, self._search = added, None

    @property
    def values(self) -> frozenset[str]:
        """Its own, without those around it."""
        return self._values

    def tell_around(self) -> None:
        if self._around:
            self._around.add(self._values)

    def scrub(self, text: str) -> str:
        if (self.wary or self._values) and "input_value=" in text:
            text = _QUOTED_INPUT.sub(f"input_value={MASK}, input_type=", text)
        if self._values:
            self._search = self._search or _Search(self._values)
            text = self._search.hide(text)
        return self._around.scrub(text) if self._around else text

    def scrub_json(self, value: Any) -> Any:
        """The same for every text and number of a JSON value."""
        return self._scrub_json(value) if self.active else value

    def _scrub_json(self, value: Any) -> Any:
        if isinstance(value, str):
            return value if value == MASK else self.scrub(value)
        if isinstance(value, dict):
            return {self.scrub(key): self._scrub_json(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._scrub_json(item) for item in value]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return MASK if is_number and self.scrub(str(value)) == MASK else value

    @property
    def active(self) -> bool:
        around = self._around
        return bool(self._values) or (around is not None and around.active)


class _Search:
    """Plain searches for long values: to compile a megabyte as a pattern would take seconds."""

    def __init__(self, values: frozenset[str]) -> None:
        self._too_many = len(values) > _MANY
        spellings = set() if self._too_many else {s for v in values for s in _spellings(v)}
        longest_first = sorted(spellings, key=lambda each: (-len(each), each))
        self._long = [each for each in longest_first if len(each) >= _LONG]
        short = [re.escape(each) for each in longest_first if len(each) < _LONG]
        self._short = re.compile(rf"(?<!\w)(?:{'|'.join(short)})(?!\w)") if short else None

    def hide(self, text: str) -> str:
        if self._too_many:
            return MASK if len(text) >= SHORTEST else text
        for each in self._long:
            text = text.replace(each, MASK)
        return self._short.sub(MASK, text) if self._short else text


def _spellings(value: str) -> set[str]:
    """As it is, as Python and JSON quote it, also what is quoted already, and as it stands in an
    address."""
    if _PLAIN.fullmatch(value):
        return {value}
    once = {value, *_quoted(value)}
    twice = {each for spelling in once for each in _quoted(spelling)}
    return once | twice | (set(_encoded(value)) if len(value) <= _ADDRESS else set())


def _quoted(text: str) -> Iterator[str]:
    yield repr(text)[1:-1]
    yield repr(f'"{text}')[2:-1]  # Python escapes a ' only beside a "
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]


def _encoded(value: str) -> Iterator[str]:
    for encode in (quote, quote_plus):
        yield encode(value, errors="replace")
        yield encode(value, safe="", errors="replace")


_current: ContextVar[Hidden | None] = ContextVar("hidden", default=None)


def scrub(text: str) -> str:
    """Without what is sensitive in the call that this code runs for."""
    hidden = _current.get()
    return hidden.scrub(text) if hidden else text


class hiding:  # noqa: N801  (a context manager, as the standard library writes them)
    """Around one call. Calls within it hide what it hides too, and when they have ended it hides
    what they hid: their errors and answers go through it."""

    __slots__ = ("_hidden", "_token")

    def __init__(self, hidden: Hidden) -> None:
        self._hidden = hidden

    def __enter__(self) -> None:
        self._token = _current.set(self._hidden)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
        self._hidden.tell_around()
