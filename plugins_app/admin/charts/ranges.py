"""The controls above charts: the span of time, and the comparison. All of them are addresses."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils import timezone

from plugins_app.admin.charts.asked import COMPARE, Asked
from plugins_app.admin.charts.words import RANGE_WORDS
from plugins_app.services.windows import RANGES


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    url: str
    title: str
    current: bool


@dataclass(frozen=True, slots=True)
class Toolbar:
    """For `admin/charts/_ranges.html`. `since` and `until` fill the fields of the form."""

    ranges: list[Choice]
    compare: Choice
    since: str
    until: str
    custom: bool
    comparing: str
    zone: str
    kept: dict[str, str]
    widest: bool


def toolbar(asked: Asked, **kept: str) -> Toolbar:
    """`kept` are parameters of the page that its links keep."""
    window, custom = asked.window, asked.window.name not in RANGES
    return Toolbar(
        ranges=[_range(name, asked, kept) for name in RANGES],
        compare=_compare(asked, kept),
        since=f"{timezone.localtime(window.since):%Y-%m-%dT%H:%M}",
        until=f"{timezone.localtime(min(window.until, timezone.now())):%Y-%m-%dT%H:%M}",
        custom=custom,
        comparing=COMPARE if asked.compare else "",
        zone=timezone.localtime(window.until).strftime("%Z"),
        kept=kept,
        widest=window.name == "30d",
    )


def _range(name: str, asked: Asked, kept: dict[str, str]) -> Choice:
    compare = {"compare": COMPARE} if asked.compare else {}
    url = f"?{urlencode({**kept, 'range': name, **compare})}"
    return Choice(name, url, f"Last {RANGE_WORDS[name]}", asked.window.name == name)


def _compare(asked: Asked, kept: dict[str, str]) -> Choice:
    compare = {} if asked.compare else {"compare": COMPARE}
    url = f"?{urlencode({**kept, **asked.range, **compare})}"
    return Choice("Compare", url, "With the period before", asked.compare)
