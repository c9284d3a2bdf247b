"""Lists as files, CSV or JSON. Rows are written while they are read."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import StringIO
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PART = 64 * 1024


@dataclass(frozen=True, slots=True)
class Export:
    """`columns` are attributes of the rows; in JSON the rows stand under `key`."""

    name: str
    key: str
    columns: Sequence[str]


def answer(
    request: HttpRequest, export: Export, form: str, rows: Iterable[Any]
) -> StreamingHttpResponse:
    """The rows as a download; `form` is one of FORMATS."""
    parts = _parts(as_csv(export, rows) if form == "csv" else as_json(export, rows))
    response = StreamingHttpResponse(
        _awaited(parts) if isinstance(request, ASGIRequest) else parts, content_type=FORMATS[form]
    )
    file = f"{export.name}-{timezone.localtime():%Y%m%d-%H%M%S}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


def as_csv(export: Export, rows: Iterable[Any]) -> Iterator[bytes]:
    yield _line(export.columns)
    for row in rows:
        yield _line(_cell(getattr(row, column)) for column in export.columns)


def as_json(export: Export, rows: Iterable[Any]) -> Iterator[bytes]:
    """One object; a row on each line."""
    yield b'{"%s": [' % export.key.encode()
    before = b"\n"
    for row in rows:
        yield before + orjson.dumps({column: getattr(row, column) for column in export.columns})
        before = b",\n"
    yield b"\n]}\n"


def _parts(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The same in pieces worth sending."""
    part = bytearray()
    for line in lines:
        part += line
        if len(part) >= _PART:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


async def _awaited(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """For a server that must not wait for the database."""
    step = sync_to_async(partial(next, parts, b""))
    while part := await step():
        yield part


def _line(cells: Iterable[str]) -> bytes:
    written = StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> str:
    """A table program would run what begins like a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return value.isoformat() if hasattr(value, "isoformat") else orjson.dumps(value).decode()
