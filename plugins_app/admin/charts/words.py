"""Sentences about numbers: one for each chart, and how a number moved since the period before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from plugins_app.admin.charts.chart import Unit, Value, moment, text
from plugins_app.services.windows import Window

RANGE_WORDS = {
    "15m": "15 minutes",
    "1h": "hour",
    "6h": "6 hours",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
}


def period(window: Window) -> str:
    """'in the last 24 hours', 'from Nov 20 14:00 UTC to Nov 21 09:00 UTC'."""
    if words := RANGE_WORDS.get(window.name):
        return f"in the last {words}"
    return f"from {moment(window.since)} to {moment(window.until)}"


def peak_and_latest(
    what: str, values: Sequence[Value], starts: Sequence[datetime], unit: Unit
) -> str:
    """'p95 peaked at 410 ms at Nov 22 12:00 UTC; the latest is 180 ms at Nov 22 12:30 UTC.'
    Empty where there is no value at all."""
    measured = [(value, at) for value, at in zip(values, starts, strict=True) if value is not None]
    if not measured:
        return ""
    highest, when = max(measured, key=lambda each: each[0])
    last, end = measured[-1]
    told = f"{what} peaked at {text(highest, unit)} at {moment(when)}"
    if end == when:
        return f"{told}, the latest measurement."
    return f"{told}; the latest is {text(last, unit)} at {moment(end)}."


def listed(parts: Iterable[tuple[int, str]]) -> str:
    """Those that are not nothing: '210 succeeded, 3 failed'."""
    return ", ".join(f"{amount:,} {word}" for amount, word in parts if amount)


def moved(now: Value, before: Value, unit: Unit) -> str:
    """What became of a number: 'up 12 %', 'down 0.3 points', 'up 18 ms', 'as before'. Empty where
    one of both is not known."""
    if now is None or before is None:
        return ""
    if text(now, unit) == text(before, unit):
        return "as before"
    way = "up" if now > before else "down"
    if unit is Unit.PERCENT:
        return f"{way} {max(abs(now - before), 0.1):.1f} points"
    if unit is Unit.MS:
        return f"{way} {text(abs(now - before), unit)}"
    if not before:
        return "up from none"
    return f"{way} {max(abs(now - before) / before * 100, 1):,.0f} %"
