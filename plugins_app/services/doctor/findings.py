"""What a check says: how things are, what follows from it, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`id` never changes its meaning."""

    id: str
    level: Level
    title: str
    consequence: str = ""
    fix: str = ""


Check = Callable[[], Iterator[Finding]]


def ok(number: str, title: str) -> Finding:
    return Finding(number, Level.OK, title)


def warning(number: str, title: str, consequence: str, fix: str) -> Finding:
    return Finding(number, Level.WARNING, title, consequence, fix)


def error(number: str, title: str, consequence: str, fix: str) -> Finding:
    return Finding(number, Level.ERROR, title, consequence, fix)
