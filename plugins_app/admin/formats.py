"""Numbers, durations and moments as operators read them. No data is 'n/a', never 0 %."""

from __future__ import annotations

from datetime import datetime, timedelta

NO_DATA = "n/a"
_STEPS = (
    (timedelta(minutes=1), 1, "s"),
    (timedelta(hours=1), 60, "min"),
    (timedelta(days=1), 3600, "h"),
)


def number(value: int | None) -> str:
    """1234 -> '1,234'."""
    return NO_DATA if value is None else f"{value:,}"


def rate(share: float | None) -> str:
    """0.9961 -> '99.6 %'. A share that is not whole is never shown as 0 or 100 %."""
    if share is None:
        return NO_DATA
    percent = round(share * 100, 1)
    if 0 < share < 1:
        percent = min(max(percent, 0.1), 99.9)
    return f"{percent:g} %" if percent in {0, 100} else f"{percent:.1f} %"


def milliseconds(value: float | None) -> str:
    """84 -> '84 ms', 1240 -> '1.24 s', 125_000 -> '2 m 05 s'."""
    if value is None:
        return NO_DATA
    if value < 9.95:
        return f"{value:.1f} ms"
    if value < 999.5:
        return f"{value:.0f} ms"
    if value < 59_995:
        return f"{value / 1000:.2f} s"
    minutes, seconds = divmod(round(value / 1000), 60)
    return f"{minutes} m {seconds:02d} s"


def seconds(value: float | None) -> str:
    return NO_DATA if value is None else milliseconds(value * 1000).replace(".00 s", " s")


def span(value: float) -> str:
    """A setting in seconds, in its largest whole unit: 300 -> '5 min'."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if value >= size and value % size == 0:
            return f"{value / size:g} {unit}"
    return f"{value:g} s"


def ago(moment: datetime, now: datetime) -> str:
    """Relative within a day, else the day: '3 min ago', '2026-11-02 17:40 UTC'."""
    age = now - moment
    if age < timedelta(seconds=1):
        return "just now"
    for limit, size, unit in _STEPS:
        if age < limit:
            return f"{int(age.total_seconds()) // size} {unit} ago"
    return absolute(moment)


def absolute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M %Z").strip()


def end_of_path(location: str) -> str:
    """'/opt/plugins/maps/directions.py:3' -> 'maps/directions.py:3'."""
    return "/".join(location.split("/")[-2:])


def short_id(identifier: str) -> str:
    """Both ends of a long id: they tell its time and the id apart."""
    return identifier if len(identifier) <= 14 else f"{identifier[:6]}…{identifier[-6:]}"


def plural(count: int, one: str, many: str = "") -> str:
    """(2, 'call') -> '2 calls'."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
