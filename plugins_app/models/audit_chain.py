"""What makes the audit trail a chain: each event's hash covers its content and the hash before it.

Whoever changes, removes or inserts an event has to compute every later hash anew, and then the
newest hash is not the one that was noted elsewhere.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal
from hashlib import sha256
from typing import Any

START = "0" * 64
"""What stands before the first event."""
FORM = 1
"""Raised when the digest's form changes; events keep the form that they were written in."""
_EXACT = Context(prec=10_000)
FIELDS = (
    "id",
    "at",
    "actor",
    "actor_name",
    "action",
    "object",
    "before",
    "after",
    "reason",
    "source",
    "request_id",
    "address",
)


def digest(content: Mapping[str, Any], previous: str) -> str:
    """64 hex digits over FIELDS of `content` and `previous`. The same whether the values come from
    memory or from any database, which keep other spellings of the same number and time."""
    told = [FORM, previous, *(_plain(content[name]) for name in FIELDS)]
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode()).hexdigest()


def storable(value: Any) -> Any:
    """A value as JSON has it, without what PostgreSQL cannot keep: NUL and lone surrogates."""
    return _clean(json.loads(json.dumps(value, default=str)))


def clean_text(text: str, length: int | None = None) -> str:
    kept = text.replace("\0", "\\0").encode(errors="backslashreplace").decode()
    return kept[:length]


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {clean_text(key): _clean(each) for key, each in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"number {_number(value)}"
    return f"text {value}" if isinstance(value, str) else value


def _number(value: float) -> str:
    """1, 1.0 and -0.0 are kept as they like by databases; equal numbers are spelled the same."""
    exact = Decimal(repr(value)).normalize(_EXACT)
    return str(exact) if exact else "0"
