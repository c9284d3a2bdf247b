"""What is logged while a call runs, kept with the call: who looks into a failure finds it there and
need not search the server's log. Whoever writes the line, the plugin or a library that it uses."""

from __future__ import annotations

import logging
import re
from collections import deque
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from plugins_app.core.execution import Execution

MOST_LINES = 20_000
MOST_CHARACTERS = 1_000_000
"""Of one call. Half of both is for its beginning, half for its end."""
LONGEST = 8_192
"""Characters of one line or field; the rest is cut."""
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_OWN = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})

Fields = dict[str, bool | int | float | str | None]


class Line(NamedTuple):
    """`at` is in seconds since the epoch; `level` is one of the module `logging`."""

    at: float
    level: int
    text: str
    fields: Fields


class Lines:
    """Where there are too many, those in the middle are left out: the first tell how it began, the
    last why it failed."""

    def __init__(self) -> None:
        self.first: list[Line] = []
        self.last: deque[Line] = deque()
        self.left_out = 0
        self._size_of_first = self._size_of_last = 0

    def add(self, line: Line) -> None:
        size = _size(line)
        fits = self._size_of_first + size <= MOST_CHARACTERS / 2
        if fits and not self.last and len(self.first) < MOST_LINES / 2:
            self.first.append(line)
            self._size_of_first += size
            return
        self.last.append(line)
        self._size_of_last += size
        while len(self.last) > MOST_LINES / 2 or self._size_of_last > MOST_CHARACTERS / 2:
            self._size_of_last -= _size(self.last.popleft())
            self.left_out += 1


def _size(line: Line) -> int:
    return len(line.text) + sum(len(name) + len(str(value)) for name, value in line.fields.items())


class KeepLines(logging.Handler):
    """For the root logger."""

    def emit(self, record: logging.LogRecord) -> None:
        execution = _speaking.get()
        if execution is None:
            return
        try:
            text = _ANSI.sub("", self.format(record))[:LONGEST]
        except Exception:  # the server's log says so
            return
        fields = added_to(record)
        fields.pop("execution_id", None)
        execution.lines = execution.lines or Lines()
        execution.lines.add(Line(record.created, record.levelno, text, fields))


def added_to(record: logging.LogRecord) -> Fields:
    """What the author passed as `extra`, as plain values."""
    return {key: _plain(value) for key, value in vars(record).items() if key not in _OWN}


def _plain(value: Any) -> bool | int | float | str | None:
    if isinstance(value, (bool, float, type(None))):
        return value
    if isinstance(value, int) and value.bit_length() < 64:
        return value
    try:
        return str(value)[:LONGEST]
    except Exception:  # its own code, or an integer of more digits than Python writes
        return f"<{type(value).__name__}>"


class speaking:  # noqa: N801  (a context manager, as the standard library writes them)
    """Around what runs for a call."""

    __slots__ = ("_execution", "_token")

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    def __enter__(self) -> None:
        self._token = _speaking.set(self._execution)

    def __exit__(self, *_: Any) -> None:
        _speaking.reset(self._token)


_speaking: ContextVar[Execution | None] = ContextVar("speaking", default=None)
