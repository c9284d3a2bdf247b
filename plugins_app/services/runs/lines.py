"""What was logged while an execution ran."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plugins_app.core.execution import ATTEMPT
from plugins_app.core.lines import Fields
from plugins_app.models import ExecutionLog

PRINTED = "printed"
"""The text of a line that a plugin in a process of its own wrote to stdout or stderr; its field
`said` holds what."""


@dataclass(frozen=True, slots=True)
class Line:
    """`number` counts from 1, and those that were left out too. `level` is a number of `logging`.
    `attempt` is 0 before the first one."""

    number: int
    at: datetime
    level: int
    text: str
    fields: Fields
    attempt: int

    @property
    def printed(self) -> bool:
        return self.text == PRINTED and list(self.fields) == ["said"]

    @property
    def kind(self) -> str:
        return PRINTED if self.printed else logging.getLevelName(self.level).lower()

    @property
    def message(self) -> str:
        return str(self.fields["said"]) if self.printed else self.text

    @property
    def extra(self) -> str:
        """The fields, as a log line has them."""
        fields = {} if self.printed else self.fields
        return " ".join(f"{name}={value}" for name, value in fields.items())

    @property
    def said(self) -> str:
        return f"{self.message} {self.extra}".rstrip()

    def __str__(self) -> str:
        moment = self.at.isoformat(timespec="milliseconds")
        return f"{moment} {self.kind.upper():<8} {self.said}"


@dataclass(frozen=True, slots=True)
class Kept:
    """`left_out`: how many there were after line `first`, beyond what is kept of one call."""

    lines: list[Line]
    first: int = 0
    left_out: int = 0


def kept_of(row: ExecutionLog) -> Kept:
    if not row.lines:
        return Kept([])
    outline = json.loads(row.lines)
    first, left_out = outline["first"], outline["left_out"]
    return Kept(list(_lines(row, outline["lines"], first, left_out)), first, left_out)


def _lines(row: ExecutionLog, told: list[list[Any]], first: int, gap: int) -> Iterator[Line]:
    begun = [at for stage, at in row.stages or () if stage == ATTEMPT]
    attempt = 0
    for index, (at, level, text, fields) in enumerate(told):
        while attempt < len(begun) and begun[attempt] <= at:
            attempt += 1
        number = index + 1 + (gap if index >= first else 0)
        moment = row.started_at + timedelta(microseconds=at)
        yield Line(number, moment, level, text, fields, attempt)


LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def wanted(
    lines: list[Line], *, level: str = "", printed: bool = False, find: str = ""
) -> list[Line]:
    """Of at least this level, or those that were printed; with the text anywhere in them."""
    needle, least = find.casefold(), LEVELS.get(level, 0)
    return [
        line
        for line in lines
        if (line.printed if printed else line.level >= least)
        and (not needle or needle in line.said.casefold())
    ]
