"""Reads matrix.txt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from plugins_app.core.caller import Scope

PERMISSIONS = ("+view", "+execute", "+metrics", "+logs", "+reload", "+change", "+enable")
COLUMNS = ("nobody", "key", *map(str, Scope), "others", "user", "staff", *PERMISSIONS, "root")
METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "POST")
"""The one that logs out comes last."""
_FILE = Path(__file__).parent / "matrix.txt"

Cells = dict[str, str]


@dataclass
class Address:
    """`pattern` as in the URLconf; `lines`: method or 'rest' -> column -> cell."""

    section: str
    pattern: str
    variant: str = ""
    lines: dict[str, Cells] = field(default_factory=dict)

    def expected(self, method: str, column: str) -> str:
        as_get = self.lines.get("GET") if method == "HEAD" else None
        line = self.lines.get(method, as_get)
        return line[column] if line else self._rest(method, column)

    @property
    def methods(self) -> tuple[str, ...]:
        """Where the same stands already, under another prefix or setting, those with a line."""
        again = self.pattern.startswith("api/v1/") or self.section.endswith("off")
        return tuple(each for each in METHODS if not again or each in self.lines)

    def _rest(self, method: str, column: str) -> str:
        is_api = self.pattern.startswith("api/") and self.pattern != "api/docs"
        before = ("401", "403") if is_api else ("in",)
        cell = next(iter(self.lines.values()))[column]
        if rest := self.lines.get("rest"):
            cell = rest[column]
        elif cell not in before:
            cell = "405"
        return "204" if is_api and (method, cell) == ("OPTIONS", "405") else cell

    def __str__(self) -> str:
        return f"{self.section}: {self.pattern}{'#' * bool(self.variant)}{self.variant}"


def addresses() -> list[Address]:
    found: dict[tuple[str, str], Address] = {}
    for section, methods, pattern, cells in _lines():
        for spelled in _spelled(pattern):
            address, _, variant = spelled.partition("#")
            row = found.setdefault((section, spelled), Address(section, address, variant))
            row.lines |= dict.fromkeys(methods.split(","), cells)
    return list(found.values())


def _lines() -> Iterator[tuple[str, str, str, Cells]]:
    section = ""
    for line in _FILE.read_text().replace("\\\n", "").splitlines():
        if line.startswith("== "):
            section = line[3:]
        elif line and line[0] not in "# ":
            methods, pattern, *cells = line.split()
            yield section, methods, pattern, _cells(cells)


def _cells(cells: list[str]) -> Cells:
    if len(cells) == 1:
        cells = cells * len(COLUMNS)
    return dict(zip(COLUMNS, cells, strict=True))


def _spelled(pattern: str) -> list[str]:
    pattern = pattern if pattern != "/" else ""
    if "[v1/]" in pattern:
        return [pattern.replace("[v1/]", ""), pattern.replace("[v1/]", "v1/")]
    return [pattern]
