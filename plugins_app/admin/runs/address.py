"""What a list of executions shows: all of it stands in the address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from plugins_app.services.runs import values
from plugins_app.services.runs.grammar import Token, tokens, written
from plugins_app.services.runs.groups import BY
from plugins_app.services.runs.search import Search, Span
from plugins_app.services.runs.values import BadValue
from plugins_app.services.windows import DEFAULT_RANGE, RANGES

ALL = "all"
CONTROLS = (
    "plugin", "status", "error", "caller", "key", "source", "version", "duration", "cached",
    "id", "request",
)  # fmt: skip
_OLD_NAMES = {"error_code": "error", "request_id": "request"}


@dataclass(frozen=True, slots=True)
class Address:
    """`older` and `newer` are ids to go on from; `since` and `until` as they were written."""

    q: str = ""
    range: str = ""
    since: str = ""
    until: str = ""
    group: str = ""
    older: str = ""
    newer: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Address:
        def get(name: str, longest: int = 40) -> str:
            return query.get(name, "").replace("\0", "").strip()[:longest]

        ranges = {*RANGES, ALL}
        return cls(
            q=get("q", 20_000),
            range=get("range") if get("range") in ranges else "",
            since=get("from"),
            until=get("to"),
            group=get("group") if get("group") in BY else "",
            older=get("older"),
            newer=get("newer"),
        )

    @property
    def parameters(self) -> dict[str, str]:
        """Those that are set, by their names in the address."""
        named = {
            "q": self.q,
            "range": self.range,
            "from": self.since,
            "to": self.until,
            "group": self.group,
            "older": self.older,
            "newer": self.newer,
        }
        return {name: value for name, value in named.items() if value}

    @property
    def query(self) -> str:
        return f"?{urlencode(self.parameters)}"

    @property
    def saved_query(self) -> str:
        """As a search that is kept: from its first page on."""
        return self.at().removeprefix("?")

    def at(self, **changes: str) -> str:
        """The same with changes, from its first page on."""
        return replace(self, older="", newer="", **changes).query

    def searching(self, found: Iterable[Token], **changes: str) -> str:
        return self.at(q=written(found), **changes)

    def span(self, search: Search, now: datetime) -> Span:
        """Raises BadValue."""
        if self.since or self.until:
            since = values.moment(self.since, now) if self.since else None
            until = values.moment(self.until, now) if self.until else None
            if since and until and since >= until:
                raise BadValue("The beginning must be before the end")
            return Span(since, until)
        if (name := self.chosen_range(search)) in RANGES:
            return Span(now - RANGES[name].length)
        return Span()

    def chosen_range(self, search: Search) -> str:
        """One of RANGES, ALL, or nothing where the span is another."""
        if self.since or self.until:
            return ""
        return self.range or ("" if search.timeless else DEFAULT_RANGE)


def merged(query: Mapping[str, str]) -> Address | None:
    """Where the address has values of single filters: one that has them in the search."""
    named = {_OLD_NAMES.get(name, name): value for name, value in query.items()}
    given = {name: named[name].replace("\0", "").strip() for name in CONTROLS if name in named}
    if not given:
        return None
    address = Address.of(query)
    return replace(address, q=written(_with(tokens(address.q), given)), older="", newer="")


def _with(found: Iterable[Token], given: dict[str, str]) -> Iterator[Token]:
    """Tokens of the same key give way, in their place."""
    left = dict(given)
    for token in found:
        if token.key not in given:
            yield token
        elif value := left.pop(token.key, ""):
            yield Token(token.key, value)
    yield from (Token(key, value) for key, value in left.items() if value)
