"""The one way in for JSON, whatever the door: strict, bounded, and exact about numbers."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 10_000
_INT64 = range(-(2**63), 2**64)
_LONGEST_INTEGER = 20
_UP_TO_A_BRACKET = re.compile(rb'(?:"(?:[^"\\]++|\\.)*+"?|[^"\[\]{}]++)*+([\[\]{}]?)', re.DOTALL)
"""Strings are passed over whole, and nothing is read twice: the time is linear."""


class MalformedJson(ValueError):
    """The body is not JSON as we take it; the message says why and holds none of its values."""


class PayloadTooLarge(ValueError):
    """The body is longer than MAX_BYTES."""


def loads(body: bytes) -> Any:
    """UTF-8 without BOM, depth at most 64, at most 10,000 nodes, finite numbers, integers within
    64 bits, no NUL, no lone surrogate, no duplicate key."""
    if len(body) > MAX_BYTES:
        raise PayloadTooLarge(f"The body is larger than {MAX_BYTES} bytes")
    text = _decode(body)
    brackets = body.count(b"[") + body.count(b"{")
    if brackets > MAX_DEPTH:
        _check_depth(body)
    try:
        value = _DECODER.decode(text)
    except MalformedJson:
        raise
    except ValueError as error:
        position = getattr(error, "pos", None)
        place = f" at character {position}" if position is not None else ""
        raise MalformedJson(f"The body is not valid JSON{place}") from None
    if b"\\" in body or brackets + body.count(b",") >= MAX_NODES:
        # Without an escape no text can be wrong, and without commas there are few values.
        _check_values(value)
    return value


def _decode(body: bytes) -> str:
    if body.startswith(b"\xef\xbb\xbf"):
        raise MalformedJson("The body starts with a byte order mark")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson(f"The body is not UTF-8 at byte {error.start}") from None


def _check_depth(body: bytes) -> None:
    """Before anything is built. Every opening bracket is a value, which bounds the loop."""
    depth = opened = 0
    for match in _UP_TO_A_BRACKET.finditer(body):
        if match[1] in (b"[", b"{"):
            depth, opened = depth + 1, opened + 1
            if depth > MAX_DEPTH:
                raise MalformedJson(f"The body is nested deeper than {MAX_DEPTH} levels")
            if opened > MAX_NODES:
                raise MalformedJson(f"The body holds more than {MAX_NODES} values")
        elif match[1]:
            depth -= 1
            if depth < 0:
                return  # The decoder says where.


def _check_values(value: Any) -> None:
    nodes, queue = 0, [value]
    while queue:
        node = queue.pop()
        nodes += 1
        if nodes > MAX_NODES:
            raise MalformedJson(f"The body holds more than {MAX_NODES} values")
        if isinstance(node, str):
            _check_text(node)
        elif isinstance(node, list):
            queue.extend(node)
        elif isinstance(node, dict):
            for key in node:
                _check_text(key)
            queue.extend(node.values())


def _check_text(text: str) -> None:
    if "\0" in text:
        raise MalformedJson("The body holds a NUL character")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise MalformedJson("The body holds a lone surrogate") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedJson("An object holds the same key twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER or int(digits) not in _INT64:
        raise MalformedJson("An integer does not fit into 64 bits")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedJson("A number is not finite")
    return number


def _constant(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
