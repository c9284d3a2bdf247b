"""Series of the metrics service as a chart takes them, and as a sentence says them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plugins_app.admin.formats import milliseconds, plural
from plugins_app.services.metrics import Point

RANGE_WORDS = {
    "15m": "15 minutes",
    "1h": "hour",
    "6h": "6 hours",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
}


def fresh(point: Point) -> int:
    """Successes that the plugin itself worked for."""
    return max(0, point.succeeded - point.cached)


def calls(point: Point) -> int:
    return point.succeeded + point.failed + point.timed_out + point.cancelled


def payload(plugin: str, range_name: str, points: Sequence[Point]) -> dict[str, Any]:
    return {
        "plugin": plugin,
        "range": range_name,
        "summary": {
            "calls": calls_sentence(points, range_name),
            "latency": latency_sentence(points),
        },
        "points": [_point(point) for point in points],
    }


def calls_sentence(points: Sequence[Point], range_name: str) -> str:
    period = f"in the last {RANGE_WORDS[range_name]}"
    total = sum(map(calls, points))
    if not total:
        return f"No calls {period}{_refused(points)}."
    parts = [
        f"{amount:,} {word}"
        for word, amount in (
            ("succeeded", sum(point.succeeded for point in points)),
            ("failed", sum(point.failed for point in points)),
            ("timed out", sum(point.timed_out for point in points)),
            ("cancelled", sum(point.cancelled for point in points)),
        )
        if amount
    ]
    cached = sum(point.cached for point in points)
    from_cache = f"; {cached:,} came from the cache" if cached else ""
    return f"{plural(total, 'call')} {period}: {', '.join(parts)}{from_cache}{_refused(points)}."


def latency_sentence(points: Sequence[Point]) -> str:
    measured = [point for point in points if point.p95_ms is not None]
    if not measured:
        return "No call was executed, so there is no latency to show."
    peak = max(measured, key=lambda point: point.p95_ms or 0)
    last = measured[-1]
    told = f"p95 peaked at {milliseconds(peak.p95_ms)} at {_clock(peak)}"
    if last is peak:
        return f"{told}, the latest measurement."
    return f"{told}; the latest is {milliseconds(last.p95_ms)} at {_clock(last)}."


def table(points: Sequence[Point]) -> list[Point]:
    """The points with something in them, newest first."""
    return [point for point in reversed(points) if calls(point) or point.refused]


def _refused(points: Sequence[Point]) -> str:
    refused = sum(point.refused for point in points)
    return f"; {refused:,} refused before the plugin" if refused else ""


def _clock(point: Point) -> str:
    return point.at.strftime("%b %-d %H:%M %Z").strip()


def _point(point: Point) -> dict[str, Any]:
    return {
        "at": point.at.isoformat(),
        "succeeded": fresh(point),
        "cached": point.cached,
        "failed": point.failed,
        "timed_out": point.timed_out,
        "cancelled": point.cancelled,
        "refused": point.refused,
        "p50_ms": point.p50_ms,
        "p95_ms": point.p95_ms,
        "p99_ms": point.p99_ms,
    }
