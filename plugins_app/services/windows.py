"""Spans of time as charts cut them: whole buckets, and the table that has rows for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DEFAULT_RANGE = "24h"
MINUTES_KEPT = timedelta(hours=48)
HOURS_KEPT = timedelta(days=396)
AT_MOST = 100
"""Buckets of a window that somebody chose freely."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
_OF_MINUTES = tuple(timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30))
_OF_HOURS = tuple(timedelta(hours=n) for n in (1, 2, 4, 8, 24, 48, 96, 168))


class BadWindow(ValueError):
    """The span cannot be shown; the text says why."""


@dataclass(frozen=True, slots=True)
class Range:
    """`bucket` is the distance of a chart's points."""

    name: str
    length: timedelta
    bucket: timedelta

    @property
    def hourly(self) -> bool:
        return self.length > timedelta(hours=24)


RANGES = {
    r.name: r
    for r in (
        Range("15m", timedelta(minutes=15), timedelta(minutes=1)),
        Range("1h", timedelta(hours=1), timedelta(minutes=1)),
        Range("6h", timedelta(hours=6), timedelta(minutes=5)),
        Range("24h", timedelta(hours=24), timedelta(minutes=15)),
        Range("7d", timedelta(days=7), timedelta(hours=2)),
        Range("30d", timedelta(days=30), timedelta(hours=8)),
    )
}


@dataclass(frozen=True, slots=True)
class Window:
    """Buckets from `since` to before `until`. `hourly`: from the hours' rows, else the minutes'.
    `name` is one of RANGES, or 'custom'."""

    name: str
    since: datetime
    until: datetime
    bucket: timedelta
    hourly: bool

    @property
    def length(self) -> timedelta:
        return self.until - self.since

    @property
    def starts(self) -> list[datetime]:
        return [self.since + n * self.bucket for n in range(self.length // self.bucket)]

    def index(self, moment: datetime) -> int:
        return (moment - self.since) // self.bucket

    def before(self) -> Window:
        """The period before, as long."""
        return Window(self.name, self.since - self.length, self.since, self.bucket, self.hourly)

    def joined(self, at_most: int) -> Window:
        """Neighbouring buckets as one, until there are no more than `at_most`, or one more where
        the first and the last are cut."""
        bucket = self.bucket * -(-(self.length // self.bucket) // at_most)
        since, until = floor(self.since, bucket), ceiling(self.until, bucket)
        return Window(self.name, since, until, bucket, self.hourly)

    def whole_hours(self) -> Window:
        """The same for what is counted by the hour alone."""
        bucket = max(self.bucket, HOUR)
        since, until = floor(self.since, bucket), ceiling(self.until, bucket)
        return Window(self.name, since, until, bucket, hourly=True)

    def split(self, moment: datetime) -> tuple[Window | None, Window | None]:
        """The buckets that ended by then, and the others."""
        middle = min(max(floor(moment, self.bucket), self.since), self.until)
        return (
            Window(self.name, self.since, middle, self.bucket, self.hourly)
            if middle > self.since
            else None,
            Window(self.name, middle, self.until, self.bucket, self.hourly)
            if middle < self.until
            else None,
        )


def window_of(name: str, now: datetime, at_most: int | None = None) -> Window:
    """The last buckets of one of RANGES, the one that is not over included; neighbours are joined
    until there are `at_most`."""
    chosen = RANGES[name]
    points = chosen.length // chosen.bucket
    bucket = chosen.bucket * (-(-points // at_most) if at_most else 1)
    since = floor(now - chosen.length, bucket) + bucket
    return Window(name, since, floor(now, bucket) + bucket, bucket, chosen.hourly)


def custom_window(since: datetime, until: datetime, now: datetime) -> Window:
    """Raises BadWindow."""
    until = min(until, now + _INSTANT)
    if since >= until:
        raise BadWindow("The beginning must be before the end, and not in the future.")
    if until - since > HOURS_KEPT:
        raise BadWindow(f"At most {HOURS_KEPT.days} days can be shown at once.")
    if since < now - HOURS_KEPT:
        raise BadWindow(f"Numbers are kept for {HOURS_KEPT.days} days.")
    bucket = _bucket(until - since, minutes=since >= now - MINUTES_KEPT)
    return Window(
        "custom", floor(since, bucket), ceiling(until, bucket), bucket, hourly=bucket >= HOUR
    )


def _bucket(length: timedelta, *, minutes: bool) -> timedelta:
    sizes = (*_OF_MINUTES, *_OF_HOURS) if minutes else _OF_HOURS
    return next(size for size in sizes if size * AT_MOST >= length)


def floor(moment: datetime, bucket: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % bucket


def ceiling(moment: datetime, bucket: timedelta) -> datetime:
    return floor(moment + bucket - _INSTANT, bucket)
