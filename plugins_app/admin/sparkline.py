"""A line without axes: how a number went, beside the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 120, 28
POINTS = 40


@dataclass(frozen=True, slots=True)
class Sparkline:
    """`points` of an SVG polyline in a box of WIDTH x HEIGHT; empty where there is nothing."""

    points: str
    words: str


def sparkline(values: Sequence[int]) -> Sparkline:
    """Neighbours are joined until there are POINTS of them."""
    joined = _joined(values)
    highest = max(joined, default=0)
    if not highest:
        return Sparkline("", "No calls")
    step = WIDTH / max(1, len(joined) - 1)
    points = " ".join(
        f"{n * step:.1f},{HEIGHT - 2 - value / highest * (HEIGHT - 4):.1f}"
        for n, value in enumerate(joined)
    )
    return Sparkline(points, f"At most {highest:,} at a time, {joined[-1]:,} at the end")


def _joined(values: Sequence[int]) -> list[int]:
    size = -(-len(values) // POINTS) or 1
    return [sum(values[n : n + size]) for n in range(0, len(values), size)]
