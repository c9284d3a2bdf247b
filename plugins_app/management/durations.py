"""Spans of time as people type them."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(rf"(\d{{1,12}}(?:\.\d{{1,6}})?)({'|'.join(_UNITS)})")
_LONGEST = timedelta(days=36_500)


def span(text: str) -> timedelta:
    """'500ms', '10s', '2m', '24h', '30d'; an argparse type."""
    match = _SPAN.fullmatch(text.strip().lower())
    seconds = float(match[1]) * _UNITS[match[2]] if match else float("inf")
    if seconds > _LONGEST.total_seconds():
        raise argparse.ArgumentTypeError(f"{text!r} is not a span like 10s, 24h or 30d")
    return timedelta(seconds=seconds)


def positive_span(text: str) -> timedelta:
    """The same, but not nothing."""
    found = span(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no time at all")
    return found


def positive(text: str) -> int:
    """A whole number from 1; an argparse type."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
