"""Execution ids are ULIDs: they sort by the millisecond in which they were made."""

from __future__ import annotations

from datetime import datetime

from ulid import ULID
from ulid.base32 import encode_timestamp

_TIMESTAMP_BYTES = 6


def first_id(moment: datetime) -> str:
    """What tells the millisecond, ten characters: all ids made then or later are greater."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return encode_timestamp(milliseconds.to_bytes(_TIMESTAMP_BYTES, "big"))


def made_at(execution_id: str) -> datetime:
    """The moment of a ULID, to the millisecond, UTC."""
    return ULID.from_str(execution_id).datetime
