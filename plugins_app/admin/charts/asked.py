"""What a reader wants to see charts of: it all stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from plugins_app.services.windows import (
    DEFAULT_RANGE,
    RANGES,
    BadWindow,
    Window,
    custom_window,
    window_of,
)

COMPARE = "previous"


@dataclass(frozen=True, slots=True)
class Asked:
    """`plugin` None is all of them. `compare`: with the period before. `key`: prefix of the API key
    whose calls alone are asked for."""

    window: Window
    plugin: str | None = None
    compare: bool = False
    since: str = ""
    until: str = ""
    key: str | None = None

    @property
    def range(self) -> dict[str, str]:
        """Parameters of an address that shows the same span."""
        if self.window.name in RANGES:
            return {"range": self.window.name}
        return {"from": self.since, "to": self.until}

    @property
    def query(self) -> str:
        """Of a chart's own address."""
        compare = {"compare": COMPARE} if self.compare else {}
        plugin = {"plugin": self.plugin} if self.plugin else {}
        key = {"key": self.key} if self.key else {}
        return urlencode({**plugin, **key, **self.range, **compare})


def asked(query: Mapping[str, str], plugin: str | None = None, key: str | None = None) -> Asked:
    """Raises BadWindow."""
    compare = query.get("compare", "")
    if compare not in {"", COMPARE}:
        raise BadWindow(f"compare is {COMPARE!r}, or left out.")
    since, until = query.get("from", ""), query.get("to", "")
    window = _window(query.get("range", ""), since, until)
    return Asked(window, plugin, bool(compare), since, until, key)


def asked_or_day(
    query: Mapping[str, str], plugin: str | None = None, key: str | None = None
) -> tuple[Asked, str]:
    """What a page shows: where the address makes no sense the last day, and why."""
    try:
        return asked(query, plugin, key), ""
    except BadWindow as error:
        return asked({}, plugin, key), str(error)


def _window(name: str, since: str, until: str) -> Window:
    now = timezone.now()
    if since or until:
        return custom_window(_moment(since, "from"), _moment(until, "to") if until else now, now)
    if (name or DEFAULT_RANGE) not in RANGES:
        raise BadWindow(f"range is one of {', '.join(RANGES)}.")
    return window_of(name or DEFAULT_RANGE, now)


def _moment(written: str, name: str) -> datetime:
    """Without an offset it is the site's time."""
    try:
        found = parse_datetime(written)
    except ValueError:
        found = None
    if found is None:
        raise BadWindow(f"{name} is a day and a time like 2026-11-22T14:00.")
    return found if timezone.is_aware(found) else timezone.make_aware(found)
