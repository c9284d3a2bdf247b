"""Which prices answer a query, best first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from plugins_app.core.text import words

from ._lexicon import Reading, Role, name_concept
from ._price_list import PriceRow

Rows = list[PriceRow]

_WEIGHT = {Role.MUST: 8, Role.TOPIC: 8, Role.TYPE: 4, Role.DETAIL: 2, Role.HINT: 1}


def find(rows: Rows, reading: Reading, fallbacks: Mapping[str, str]) -> Rows:
    """Nothing where the query holds only words that no price answers to."""
    if reading.is_empty:
        return rows
    found = _asked_for(rows, reading, fallbacks)
    found = [row for row in found if set(reading.of(Role.MUST)) <= row.concepts]
    if not _is_only_types(reading):
        found = _narrowed(found, reading.of(Role.TYPE))
    for detail in reading.of(Role.DETAIL):
        found = _narrowed(found, (detail,))
    return sorted(found, key=lambda row: -_score(row, reading))


def listed_codes(rows: Iterable[PriceRow], asked: Iterable[str]) -> set[str]:
    """Those of the asked codes that some row has."""
    codes = {code.lower() for row in rows for code in row.codes}
    return {wanted for wanted in asked if any(_is_code(wanted, code) for code in codes)}


def _asked_for(rows: Rows, reading: Reading, fallbacks: Mapping[str, str]) -> Rows:
    """A code says it most exactly, a topic next; vague words count where these are absent."""
    topics = reading.of(Role.TOPIC)
    if reading.codes:
        return _narrowed([row for row in rows if _has_code(row, reading.codes)], topics)
    if topics:
        return _covering_most(rows, topics)
    if kinds := (*reading.of(Role.TYPE), *reading.of(Role.HINT)):
        return _of_kinds(rows, kinds, fallbacks)
    if details := reading.of(Role.DETAIL):
        return [row for row in rows if row.concepts.intersection(details)]
    return rows if reading.of(Role.MUST) else []


def _is_only_types(reading: Reading) -> bool:
    return not (reading.codes or reading.of(Role.TOPIC))


def _covering_most(rows: Rows, topics: Sequence[str]) -> Rows:
    covered = [sum(topic in _topics(row) for topic in topics) for row in rows]
    best = max(covered, default=0)
    return [row for row, count in zip(rows, covered, strict=True) if count == best > 0]


def _of_kinds(rows: Rows, kinds: Iterable[str], fallbacks: Mapping[str, str]) -> Rows:
    wanted = set(kinds)
    found = [row for row in rows if row.concepts & wanted]
    instead = {fallbacks[kind] for kind in wanted if kind in fallbacks}
    return found or [row for row in rows if row.concepts & instead]


def _narrowed(rows: Rows, concepts: Sequence[str]) -> Rows:
    """Rows that have one of the concepts; all where none has."""
    return [row for row in rows if _topics(row).intersection(concepts)] or rows


def _topics(row: PriceRow) -> frozenset[str]:
    return row.concepts.union(map(name_concept, words(row.service)))


def _has_code(row: PriceRow, asked: Iterable[str]) -> bool:
    return any(_is_code(wanted, code.lower()) for wanted in asked for code in row.codes)


def _is_code(wanted: str, code: str) -> bool:
    """'E33' means E33F and E33G, but 'D1' does not mean D12."""
    return wanted == code or (wanted == code[:-1] and code[-1].isalpha())


def _score(row: PriceRow, reading: Reading) -> int:
    concepts = sum(
        weight for role, weight in _WEIGHT.items() for c in reading.of(role) if c in row.concepts
    )
    return concepts + len(reading.words.intersection(words(row.service)))
