"""Spans of time as people type them."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(rf"(\d+(?:\.\d+)?)({'|'.join(_UNITS)})")


def span(text: str) -> timedelta:
    """'500ms', '10s', '2m', '24h', '30d'; an argparse type."""
    match = _SPAN.fullmatch(text.strip().lower())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a span like 10s, 24h or 30d")
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])
