"""What a page of the audit trail looks for, as its address says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.utils import timezone

from plugins_app.services.audit_actions import SOURCES
from plugins_app.services.audit_search import Search

MAX_VALUE = 200
FILTERS = ("q", "actor", "action", "object", "source", "request_id", "since", "until")
_OLD = {"actor_name": "actor"}
"""How earlier addresses called a filter."""
_LABELS = {
    "q": "Text",
    "actor": "Actor",
    "action": "Action",
    "object": "Object",
    "source": "Door",
    "request_id": "Request",
    "since": "From",
    "until": "To",
}
SPANS = (("Today", 0), ("7 days", 6), ("30 days", 29))


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Span:
    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class Address:
    """`given`: filter -> text, without empty ones. Days are in the site's time zone."""

    given: Mapping[str, str]
    mistakes: Mapping[str, str]

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Address:
        asked = {name: _clean(params.get(name, "")) for name in FILTERS}
        for old, name in _OLD.items():
            asked[name] = asked[name] or _clean(params.get(old, ""))
        given = {name: text for name, text in asked.items() if text}
        mistakes: dict[str, str] = {
            name: "This is not a day like 2027-01-31."
            for name in ("since", "until")
            if name in given and _day(given[name]) is None
        }
        return cls(given, mistakes)

    @property
    def search(self) -> Search:
        since, until = (_day(self.given.get(name, "")) for name in ("since", "until"))
        return Search(
            text=self.given.get("q", ""),
            **{
                name: self.given.get(name, "")
                for name in ("actor", "action", "object", "source", "request_id")
            },
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
        )

    @property
    def chips(self) -> list[Chip]:
        return [
            Chip(f"{_LABELS[name]}: {_shown(name, text)}", self.query(**{name: ""}))
            for name, text in self.given.items()
        ]

    def spans(self) -> Iterator[Span]:
        """Ready spans of days, ending today; the last one is all of it."""
        since, until = self.given.get("since", ""), self.given.get("until", "")
        for label, days in SPANS:
            first = (timezone.localdate() - timedelta(days=days)).isoformat()
            chosen = since == first and not until
            yield Span(label, self.query(since=first, until=""), chosen)
        yield Span("All", self.query(since="", until=""), not since and not until)

    def query(self, **changes: object) -> str:
        """'?...' with these changes; empty filters give '?'."""
        merged = {**self.given, **{name: str(value) for name, value in changes.items()}}
        return f"?{urlencode({name: value for name, value in merged.items() if value})}"


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()[:MAX_VALUE]


def _day(text: str) -> date | None:
    """Years that a span can be counted in."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year < 9999 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _shown(name: str, text: str) -> str:
    return SOURCES.get(text, text) if name == "source" else text
