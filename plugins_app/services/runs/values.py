"""What may stand behind a key of the search box."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from difflib import get_close_matches

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from plugins_app.core.errors import ZantaraError
from plugins_app.models import Status

SOURCES = ("rest", "mcp", "admin", "cli", "plugin", "system")
CACHED = {"yes": True, "hit": True, "true": True, "no": False, "miss": False, "false": False}
_DURATION = re.compile(r"(<=?|>=?)\s*(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|min|h)")
_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000}
_LOOKUPS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_AGO = re.compile(r"(\d{1,5})(m|min|h|d|w)")
_SPANS = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class BadValue(ValueError):
    """The text tells what may stand there; `nearest` is what was probably meant, or empty."""

    def __init__(self, message: str, nearest: str = "") -> None:
        super().__init__(message)
        self.nearest = nearest


def error_codes() -> list[str]:
    return sorted(_codes(ZantaraError))


def _codes(error: type[ZantaraError]) -> set[str]:
    return {error.code}.union(*map(_codes, error.__subclasses__()))


def chosen(value: str, known: Collection[str], what: str) -> list[str]:
    """'failed,timed_out' -> both. Raises BadValue for what is not known."""
    values = [each.strip().lower() for each in value.split(",") if each.strip()]
    for each in values:
        if each not in known:
            raise BadValue(f"{each!r} is no {what}", nearest(each, known))
    if not values:
        raise BadValue(f"Name a {what}")
    return list(dict.fromkeys(values))


def nearest(wrong: str, known: Collection[str]) -> str:
    return next(iter(get_close_matches(wrong[:64], known, n=1, cutoff=0.5)), "")


def statuses(value: str) -> list[str]:
    try:
        return chosen(value, Status.values, "status")
    except BadValue as error:
        if value in error_codes():
            message = f"{value!r} is not a status but an error code"
            raise BadValue(message, f"error:{value}") from error
        raise


def duration(value: str) -> tuple[str, float]:
    """'>2s' -> ('gt', 2000.0): a comparison of the ORM, and milliseconds."""
    found = _DURATION.fullmatch(value.strip().lower())
    if not found:
        raise BadValue("A duration is compared, with a unit: >2s, <=250ms, >1m", ">2s")
    return _LOOKUPS[found[1]], float(found[2]) * _MILLISECONDS[found[3]]


def yes_or_no(value: str) -> bool:
    if value.lower() not in CACHED:
        raise BadValue("It is yes or no", nearest(value.lower(), CACHED) or "yes")
    return CACHED[value.lower()]


def moment(value: str, now: datetime) -> datetime:
    """'2026-11-23T14:00', a day, '2h' (that long ago), 'today', 'yesterday', 'now'. Without an
    offset it is the site's time."""
    value = value.strip()
    if (named := _named(value.lower(), now)) is not None:
        return named
    try:
        if (day := parse_date(value)) is not None:
            return _aware(datetime.combine(day, time()))
        if (found := parse_datetime(value)) is not None:
            return max(_FIRST, found.astimezone(UTC) if found.tzinfo else _aware(found))
    except (ValueError, OverflowError):
        pass
    raise BadValue("Write a time like 2026-11-23T14:00, a day, 2h, today or yesterday", "today")


def _named(value: str, now: datetime) -> datetime | None:
    if value == "now":
        return now
    if value in {"today", "yesterday"}:
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=value == "yesterday")
    if ago := _AGO.fullmatch(value):
        return max(_FIRST, now - int(ago[1]) * _SPANS[ago[2]])
    return None


def _aware(naive: datetime) -> datetime:
    return max(_FIRST, timezone.make_aware(naive))
