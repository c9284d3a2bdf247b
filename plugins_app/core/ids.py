"""Names of calls. Every call makes some, so the system is asked for many random bytes at once,
and characters are made many at once."""

from __future__ import annotations

import os
import time
from io import BytesIO

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
_SHIFTS = range(40, -1, -10)
_DIGIT_OF_BYTE = "".join(_DIGITS[byte % 32] for byte in range(256)).encode()
_STOCK_BYTES = 4096

_stock = BytesIO()


def new_id() -> str:
    """A ULID: 48 bits of milliseconds and 80 random ones, in 26 characters. ULIDs sort by the
    millisecond in which they were made."""
    milliseconds = time.time_ns() // 1_000_000
    moment = "".join([_PAIRS[milliseconds >> shift & 1023] for shift in _SHIFTS])
    return moment + random_bytes(16).translate(_DIGIT_OF_BYTE).decode()


def random_bytes(count: int) -> bytes:
    """As good as os.urandom, for names: they stand in this process's memory before they are used,
    so they are nothing for secrets."""
    global _stock
    while len(taken := _stock.read(count)) < count:
        _stock = BytesIO(os.urandom(_STOCK_BYTES))
    return taken


def _after_fork() -> None:
    """Or both processes would give the same names."""
    global _stock
    _stock = BytesIO()


os.register_at_fork(after_in_child=_after_fork)
