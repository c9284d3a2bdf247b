"""What goes over the socket between the server and a worker: two lengths, a head in JSON, and a
body of plain bytes, so that an answer's data is not parsed on its way."""

from __future__ import annotations

import struct
from typing import Any

import orjson

Head = dict[str, Any]
Frame = tuple[Head, bytes]

PREFIX = struct.Struct("!II")
"""Bytes of the head, bytes of the body."""
HEAD_BYTES = 4 * 1024 * 1024
"""The largest head that the server takes from a worker."""


def pack(head: Head, body: bytes = b"") -> bytes:
    """Sets become lists; what else JSON does not know is written as its text."""
    text = orjson.dumps(head, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    return PREFIX.pack(len(text), len(body)) + text + body


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (set, frozenset)) else str(value)


def unpack(content: bytes, head_size: int) -> Frame:
    """Raises ValueError where the head is not a JSON object."""
    head = orjson.loads(content[:head_size])
    if not isinstance(head, dict):
        raise ValueError("the head of a frame is not an object")  # noqa: TRY004
    return head, content[head_size:]
