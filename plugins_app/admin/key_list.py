"""The list of API keys: found, ordered, and each as a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.utils import timezone

from plugins_app.admin.badges import Look
from plugins_app.models import ApiKey
from plugins_app.services.key_usage import NONE, Usage, usage
from plugins_app.services.keys import state_of

PER_PAGE = 50
SOON = timedelta(days=14)
MAX_TEXT = 200
STATES = {
    "active": Look("Active", "circle-check", "ok"),
    "disabled": Look("Disabled", "square", "off"),
    "expired": Look("Expired", "clock", "warn"),
    "revoked": Look("Revoked", "ban", "off"),
}
_LONG_AGO, _FAR = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    key: ApiKey
    state: str
    usage: Usage

    @property
    def look(self) -> Look:
        return STATES[self.state]

    @property
    def plugins(self) -> str:
        return "all" if "*" in self.key.plugins else ", ".join(self.key.plugins)

    @property
    def last_day(self) -> datetime | None:
        return last_day(self.key)

    @property
    def warned(self) -> bool:
        """Whether somebody should look at when it expires, while it still works."""
        expires = self.key.expires
        return self.state == "active" and (expires is None or expires - timezone.now() < SOON)


def last_day(key: ApiKey) -> datetime | None:
    return timezone.localtime(key.expires - timedelta(microseconds=1)) if key.expires else None


_ORDERS: Mapping[str, Callable[[Row], Any]] = {
    "name": lambda row: row.key.name.casefold(),
    "calls": lambda row: row.usage.calls + row.usage.refused,
    "last_used": lambda row: row.key.last_used or _LONG_AGO,
    "expires": lambda row: row.key.expires or _FAR,
}
COLUMNS = (
    ("name", "Name"), ("", "State"), ("", "Scopes"), ("", "Plugins"), ("calls", "Calls, 24 h"),
    ("last_used", "Last used"), ("expires", "Expires"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """`sorted`: value of aria-sort, or empty. `url`: where it is sorted the other way."""

    label: str
    url: str = ""
    sorted: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    url: str
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Address:
    """What the page's address asks for. `sort` begins with '-' where the greatest comes first."""

    q: str = ""
    state: str = ""
    sort: str = "name"

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Address:
        state, sort = params.get("state", ""), params.get("sort", "")
        return cls(
            params.get("q", "").replace("\0", "").strip()[:MAX_TEXT],
            state if state in STATES else "",
            sort if sort.removeprefix("-") in _ORDERS else "name",
        )

    @property
    def url(self) -> str:
        asked = {"q": self.q, "state": self.state, "sort": "" if self.sort == "name" else self.sort}
        return f"?{urlencode({name: value for name, value in asked.items() if value})}"

    def page_url(self, number: int) -> str:
        start = self.url if self.url == "?" else f"{self.url}&"
        return f"{start}page={number}"

    @property
    def chips(self) -> list[Chip]:
        found = [Chip(f"Search: {self.q}", replace(self, q="").url)] if self.q else []
        if self.state:
            found.append(Chip(f"State: {STATES[self.state].word}", replace(self, state="").url))
        return found

    def columns(self) -> Iterator[Column]:
        for name, label in COLUMNS:
            yield self._column(name, label) if name else Column(label)

    def _column(self, name: str, label: str) -> Column:
        if self.sort == name:
            return Column(label, replace(self, sort=f"-{name}").url, "ascending")
        if self.sort == f"-{name}":
            return Column(label, replace(self, sort=name).url, "descending")
        return Column(label, replace(self, sort=name if name == "name" else f"-{name}").url)


def listing(address: Address, page: str) -> dict[str, Any]:
    """All keys are read: they are as many as programs, not as calls."""
    found = _found(address.q)
    states = Counter(row.state for row in found)
    shown = [row for row in found if address.state in ("", row.state)]
    shown.sort(key=_ORDERS[address.sort.removeprefix("-")], reverse=address.sort.startswith("-"))
    found_page = _page(shown, page)
    return {
        "address": address,
        "columns": list(address.columns()),
        "states": list(_choices(address, states)),
        "page": found_page,
        "previous": found_page.has_previous() and address.page_url(found_page.number - 1),
        "next": found_page.has_next() and address.page_url(found_page.number + 1),
        "any": bool(found) or ApiKey.objects.exists(),
    }


def _found(text: str) -> list[Row]:
    keys = ApiKey.objects.select_related("owner")
    for word in text.split()[:10]:
        named = Q(name__icontains=word) | Q(owner__username__icontains=word)
        keys = keys.filter(named | Q(prefix__startswith=word[:16]))
    rows = list(keys)
    used = usage([key.prefix for key in rows])
    return [Row(key, state_of(key), used.get(key.prefix, NONE)) for key in rows]


def _choices(address: Address, counts: Counter[str]) -> Iterator[Choice]:
    yield Choice("All", replace(address, state="").url, counts.total(), not address.state)
    for state, look in STATES.items():
        url = replace(address, state=state).url
        yield Choice(look.word, url, counts[state], address.state == state)


def _page(rows: list[Row], number: str) -> Page[Row]:
    return Paginator(rows, PER_PAGE).get_page(number)
