"""A text of the search box, understood; and the span of time that it is looked for in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import and_

from django.db.models import Q

from plugins_app.runtime.ids import first_id
from plugins_app.services import keyset
from plugins_app.services.runs import conditions
from plugins_app.services.runs.conditions import READERS, Condition, Index
from plugins_app.services.runs.grammar import MAX_LENGTH, MAX_TOKENS, TEXT, Token, tokens, written
from plugins_app.services.runs.values import BadValue, nearest


@dataclass(frozen=True, slots=True)
class Mistake:
    """What was not understood. `instead`: the whole text as it was probably meant, or empty."""

    token: str
    message: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """`text` is normalised. Where there are mistakes, nothing is looked for."""

    tokens: tuple[Token, ...] = ()
    conditions: tuple[Condition, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    given: str = ""

    @property
    def text(self) -> str:
        return self.given if self.mistakes else written(self.tokens)

    def first(self, key: str) -> str:
        """The value of the first token with this key, or nothing."""
        return next((each.value for each in self.tokens if each.key == key), "")

    @property
    def since(self) -> datetime | None:
        return max((each.since for each in self.conditions if each.since), default=None)

    @property
    def until(self) -> datetime | None:
        return min((each.until for each in self.conditions if each.until), default=None)

    @property
    def timeless(self) -> bool:
        """Whether it says itself when: no range is laid over it."""
        return any(each.timeless or each.since or each.until for each in self.conditions)

    @property
    def countable(self) -> bool:
        """Whether the rollups can count the same: they know plugins and statuses."""
        asking = [each for each in self.conditions if not (each.since or each.until)]
        return len({each.plugin for each in asking if each.plugin}) <= 1 and all(
            each.plugin or each.statuses for each in asking
        )

    @property
    def plugin(self) -> str:
        return next((each.plugin for each in self.conditions if each.plugin), "")

    @property
    def statuses(self) -> set[str] | None:
        """Those that may be; None: all."""
        sets = [set(each.statuses) for each in self.conditions if each.statuses]
        return set.intersection(*sets) if sets else None

    def of_plugin(self, name: str) -> Search:
        """The same, of one plugin alone."""
        only = Condition(Q(plugin=name), Index.PLUGIN, plugin=name)
        return replace(self, conditions=(only, *self.conditions))

    def of_statuses(self, statuses: Sequence[str]) -> Search:
        """The same, of these alone."""
        only = conditions.of_statuses(statuses)
        return replace(self, conditions=(*self.conditions, only))

    def wanted(self, span: Span) -> keyset.Wanted:
        """The best index finds the rows, all else is looked for among them."""
        ordered = sorted(self.conditions, key=lambda each: each.index)
        best = ordered[0] if ordered and ordered[0].index is not Index.NONE else None
        rest = [each.rows for each in ordered if each is not best]
        several = best.either if best and len(best.either) > 1 else ()
        return keyset.Wanted(
            base=_all([span.ids, Q() if several or not best else best.rows]),
            rest=_all(rest),
            either=several,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` to before `until`; None is open."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def ids(self) -> Q:
        """Ids are in the order of time, so that a span is a range of the primary key."""
        asked = Q()
        if self.since:
            asked &= Q(id__gte=first_id(self.since))
        if self.until:
            asked &= Q(id__lt=first_id(self.until))
        return asked

    def within(self, search: Search) -> Span:
        """The part that the search's own `after:` and `before:` leave."""
        begins = [each for each in (self.since, search.since) if each]
        ends = [each for each in (self.until, search.until) if each]
        return Span(max(begins, default=None), min(ends, default=None))


def understood(text: str, now: datetime) -> Search:
    text = text.replace("\0", "").strip()
    if len(text) > MAX_LENGTH:
        mistake = Mistake("", f"A search has at most {MAX_LENGTH:,} characters.")
        return Search(mistakes=(mistake,), given=text[:MAX_LENGTH])
    found = tokens(text)
    if len(found) > MAX_TOKENS:
        mistake = Mistake("", f"A search has at most {MAX_TOKENS} terms.")
        return Search(mistakes=(mistake,), given=text)
    return _read(found, text, now)


def _read(found: tuple[Token, ...], text: str, now: datetime) -> Search:
    read: list[Condition] = []
    mistakes: list[Mistake] = []
    for token in found:
        try:
            read.append(_condition(token, now))
        except BadValue as error:
            mistakes.append(_mistake(token, error, found))
    return Search(found, tuple(read), tuple(mistakes), text)


def _condition(token: Token, now: datetime) -> Condition:
    if token.key == TEXT:
        key, colon, rest = token.value.partition(":")
        if colon and not rest and not token.quoted and key.lower() in READERS:
            return conditions.read(key.lower(), "", now)
        return conditions.text(token.value)
    if token.key not in READERS:
        raise BadValue(f"{token.key!r} is no key", nearest(token.key, READERS))
    return conditions.read(token.key, token.value, now)


def _mistake(token: Token, error: BadValue, found: tuple[Token, ...]) -> Mistake:
    unknown = token.key not in READERS
    message = f"{error}."
    if unknown and token.key:
        message += " To look for the text itself, put it into quotation marks."
    if not error.nearest:
        return Mistake(str(token), message)
    return Mistake(str(token), message, written(_corrected(token, error.nearest, unknown, found)))


def _corrected(
    wrong: Token, nearest: str, unknown: bool, found: tuple[Token, ...]
) -> Iterator[Token]:
    key, colon, value = nearest.partition(":")
    right = Token(key, value) if colon else Token(wrong.key, nearest)
    if unknown:
        right = Token(nearest, wrong.value)
    for token in found:
        yield right if token is wrong else token


def _all(asked: list[Q]) -> Q:
    return reduce(and_, asked, Q())
