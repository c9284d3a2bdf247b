"""Who in the roster is meant by a few words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from plugins_app.core.text import fold, words

from ._roster import Member, is_slip_of

_MIN_PREFIX_LENGTH = 4
_PREFIX, _SLIP = 0.75, 0.5
_ADDRESS_WEIGHT = 8
_ADDRESS = re.compile(r"[^\s@]*\s*@\s*[^\s@]*")


@dataclass(frozen=True, slots=True)
class Query:
    words: tuple[str, ...]
    addresses: tuple[str, ...]


def parse(text: str) -> Query:
    """Addresses apart from the other words, since only signed-in callers may search by them."""
    folded = fold(text)
    addresses = ("".join(address.split()) for address in _ADDRESS.findall(folded))
    return Query(tuple(words(_ADDRESS.sub(" ", folded))), tuple(addresses))


def find(members: Iterable[Member], query: Query, *, by_email: bool) -> list[Member]:
    """Best first. Members for whom fewer of the words fit than for others are left out, so that
    'who speaks Italian' needs no list of question words. Without `by_email` the answer does not
    depend on any address."""
    scored = [(_scores(member, query, by_email), member) for member in members]
    best = max((len(scores) for scores, _ in scored), default=0)
    found = [(sum(scores), member) for scores, member in scored if len(scores) == best > 0]
    return [m for _, m in sorted(found, key=lambda pair: (-pair[0], fold(pair[1].name)))]


def _scores(member: Member, query: Query, by_email: bool) -> list[float]:
    """One positive score for each word or address of the query that fits."""
    fields = _fields(member)
    address = fold(member.email)
    by_address = [_ADDRESS_WEIGHT * _likeness(a, [address]) for a in query.addresses if by_email]
    by_word = [max(weight * _likeness(w, texts) for weight, texts in fields) for w in query.words]
    return [score for score in (*by_address, *by_word) if score]


def _fields(member: Member) -> tuple[tuple[int, list[str]], ...]:
    return (
        (4, words(member.name)),
        (3, words(member.role)),
        (2, words(member.department)),
        (2, words(" ".join(member.languages))),
    )


def _likeness(typed: str, texts: list[str]) -> float:
    if typed in texts:
        return 1.0
    if len(typed) >= _MIN_PREFIX_LENGTH and any(text.startswith(typed) for text in texts):
        return _PREFIX
    return _SLIP if any(is_slip_of(typed, text) for text in texts) else 0.0
