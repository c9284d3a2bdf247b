"""A histogram as a page draws it: rectangles in a box of WIDTH by HEIGHT, each bar a link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from plugins_app.admin.formats import plural
from plugins_app.admin.runs.address import Address
from plugins_app.services.runs.histogram import Bar, Histogram

WIDTH, HEIGHT = 960, 72
_GAP = 2.0
_LEAST = 2.0
"""So high is a bar of one run among thousands."""


@dataclass(frozen=True, slots=True)
class Part:
    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class DrawnBar:
    bar: Bar
    words: str
    url: str
    x: float
    width: float
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Drawn:
    """`counted_since`: older runs are not in it."""

    bars: list[DrawnBar]
    sentence: str
    begin: datetime
    end: datetime
    counted_since: datetime | None
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def filled(self) -> list[DrawnBar]:
        return [each for each in reversed(self.bars) if each.bar.total]


def drawn(histogram: Histogram | None, address: Address) -> Drawn | None:
    if histogram is None or not histogram.bars:
        return None
    step = WIDTH / len(histogram.bars)
    return Drawn(
        [_bar(n, each, step, histogram.peak, address) for n, each in enumerate(histogram.bars)],
        _sentence(histogram),
        histogram.bars[0].since,
        histogram.bars[-1].until,
        histogram.counted_since,
    )


def _bar(number: int, bar: Bar, step: float, peak: int, address: Address) -> DrawnBar:
    since, until = timezone.localtime(bar.since), timezone.localtime(bar.until)
    return DrawnBar(
        bar,
        f"{since:%b %-d %H:%M} to {until:%H:%M}: {_counted(bar)}",
        address.at(range="", since=_written(since), until=_written(until)),
        round(number * step, 2),
        round(step - _GAP, 2),
        _parts(bar, peak),
    )


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


def _parts(bar: Bar, peak: int) -> list[Part]:
    """From the ground up."""
    found, y = [], float(HEIGHT)
    for kind, amount in (("good", bar.good), ("refused", bar.refused), ("bad", bar.bad)):
        if amount:
            height = max(_LEAST, round(amount / peak * (HEIGHT - 2 * _LEAST), 2))
            y = round(y - height, 2)
            found.append(Part(kind, y, height))
    return found


def _counted(counts: Bar | Histogram) -> str:
    named = [(counts.bad, "failed"), (counts.refused, "refused")]
    parts = [f"{amount:,} {word}" for amount, word in named if amount]
    return ", ".join([plural(counts.total, "run"), *parts])


def _sentence(histogram: Histogram) -> str:
    if not histogram.total:
        return "No runs in this time."
    fullest = max(histogram.bars, key=lambda each: each.total)
    at = timezone.localtime(fullest.since)
    return f"{_counted(histogram)}. Most at {at:%b %-d %H:%M}: {fullest.total:,}."
