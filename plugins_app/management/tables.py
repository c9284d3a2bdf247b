"""Values as text: cells, columns and documents."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson

_GAP = "  "
_LEAST_WIDTH = 6
_JSON = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def to_json(document: Any) -> str:
    """Also of what not every JSON reader takes, like integers beyond 64 bits."""
    try:
        return orjson.dumps(document, option=_JSON, default=str).decode()
    except TypeError:
        return json.dumps(document, indent=2, default=str)


def width_of(stream: Any) -> int | None:
    """Columns of the terminal; None where the output goes elsewhere, and is never cut."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def lines(
    headers: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None = None
) -> Iterator[str]:
    """Columns as wide as their widest cell; numbers stand right. Where the terminal is too
    narrow, the widest columns are cut."""
    cells = [[header.upper() for header in headers], *([cell(v) for v in row] for row in rows)]
    widths = _fitting([max(map(len, column)) for column in zip(*cells, strict=True)], width)
    right = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(headers))]
    for line in cells:
        padded = [
            _cut(text, wide).rjust(wide) if to_right else _cut(text, wide).ljust(wide)
            for text, wide, to_right in zip(line, widths, right, strict=True)
        ]
        yield _GAP.join(padded).rstrip()


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(cell, value)) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {cell(part)}" for name, part in value.items()) or "-"
    return str(value)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _fitting(widths: list[int], width: int | None) -> list[int]:
    """The first column names the row, so it is the last to be cut."""
    too_wide = sum(widths) + len(_GAP) * (len(widths) - 1) - width if width else 0
    while too_wide > 0:
        candidates = [i for i in range(1, len(widths)) if widths[i] > _LEAST_WIDTH] or [0]
        widest = max(candidates, key=widths.__getitem__)
        if widths[widest] <= _LEAST_WIDTH:
            break
        widths[widest] -= 1
        too_wide -= 1
    return widths


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
