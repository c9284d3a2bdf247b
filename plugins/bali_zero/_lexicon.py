"""What people's words mean: terms in three languages -> concepts that price rows carry."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Literal

from pydantic import Field

from plugins_app.core.text import fold, within_one_edit, words

from ._jsonl import Line, Record, read_lines

BUNDLED_LEXICON = Path(__file__).parent / "data" / "lexicon.jsonl"

# Shorter words have too many neighbours: 'kita' (we) is one letter from 'kitas'.
_MIN_TYPO_LENGTH = 5

# Indonesian visa indexes run from A to F, so that 'E33G' is a code and 'Q1' is not.
_CODE = re.compile(r"[a-f]\d{1,3}[a-z]?")
_SPLIT_CODE = re.compile(r"\b([a-f])(\s+|\s*-\s*)(\d{1,3}[a-z]?)\b")

Words = tuple[str, ...]


class Language(StrEnum):
    ENGLISH = "en"
    ITALIAN = "it"
    INDONESIAN = "id"


class Role(StrEnum):
    """What a concept in a query does to the answer."""

    STOP = "stop"
    """Nothing: question words, courtesies, 'price'."""
    MUST = "must"
    """Only rows with it, be it none: no price of a first KITAS for a renewal."""
    TOPIC = "topic"
    """What is asked for."""
    TYPE = "type"
    """A kind of service; narrows a topic where it can."""
    DETAIL = "detail"
    """A variant; narrows where it can."""
    HINT = "hint"
    """A vague word: a 'visa' for pensioners is a KITAS. Counts where nothing else is said."""


class Concept(Record):
    """One line of the file. Under 'any' stand terms that tell nothing about the language."""

    concept: str = Field(pattern=r"^[a-z][a-z_]*$")
    role: Role
    terms: dict[Literal["any", "en", "it", "id"], tuple[str, ...]] = Field(min_length=1)
    fallback: str | None = None
    """Concept that will do where no row has this one."""


@dataclass(frozen=True, slots=True)
class Entry:
    concept: str
    role: Role
    languages: frozenset[Language]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a query was understood to say."""

    concepts: Mapping[Role, tuple[str, ...]]
    codes: tuple[str, ...]
    unknown: tuple[str, ...]
    words: frozenset[str]
    language: Language

    def of(self, role: Role) -> tuple[str, ...]:
        return self.concepts.get(role, ())

    @property
    def is_empty(self) -> bool:
        """Whether nothing but question words was said."""
        return not (self.codes or self.unknown or any(self.concepts.values()))


class Lexicon:
    def __init__(self, terms: Mapping[Words, Entry], fallbacks: Mapping[str, str]) -> None:
        self.fallbacks = fallbacks
        self.concepts = frozenset(entry.concept for entry in terms.values())
        self._terms = terms
        self._stops = {term: e for term, e in terms.items() if e.role is Role.STOP}
        self._vocabulary = dict.fromkeys(word for term in terms for word in term)
        self._longest = max(map(len, terms))

    def with_names(self, names: Iterable[str]) -> Lexicon:
        """Also knows the words of these service names; those it did not know become topics."""
        entries: dict[Words, Entry] = {
            (word,): Entry(name_concept(word), Role.TOPIC, frozenset())
            for name in names
            for word in words(name)
            if _is_content(word)
        }
        return Lexicon({**entries, **self._terms}, self.fallbacks)

    def read(self, query: str, known_codes: frozenset[str]) -> Reading:
        spoken: Counter[Language] = Counter()
        content = self._without_stops(_query_words(query, known_codes), spoken)
        concepts: dict[Role, dict[str, None]] = {role: {} for role in Role}
        unknown = []
        for word, entries in self._matches(content):
            for entry in entries:
                concepts[entry.role][entry.concept] = None
            spoken.update(frozenset().union(*(entry.languages for entry in entries)))
            if not entries:
                unknown.append(word)
        return Reading(
            concepts={role: tuple(c) for role, c in concepts.items() if role is not Role.STOP},
            codes=tuple(dict.fromkeys(word for word in unknown if _CODE.fullmatch(word))),
            unknown=tuple(dict.fromkeys(word for word in unknown if _is_content(word))),
            words=frozenset(content),
            language=_most_spoken(spoken),
        )

    def _without_stops(self, tokens: list[str], spoken: Counter[Language]) -> list[str]:
        kept = []
        for word, entry in _longest_matches(tokens, self._stops, self._longest):
            if entry is None:
                kept.append(word)
            else:
                spoken.update(entry.languages)
        return kept

    def _matches(self, tokens: list[str]) -> Iterator[tuple[str, list[Entry]]]:
        """Each longest run of words that is a term, with its entries; unknown words with none."""
        spellings = [self._spellings(token) for token in tokens]
        at = 0
        while at < len(tokens):
            size, entries = self._longest_at(spellings[at : at + self._longest])
            yield tokens[at], entries
            at += size

    def _longest_at(self, spellings: list[Words]) -> tuple[int, list[Entry]]:
        for size in range(len(spellings), 0, -1):
            tried = product(*spellings[:size])
            if found := [self._terms[term] for term in tried if term in self._terms]:
                return size, found
        return 1, []

    def _spellings(self, word: str) -> Words:
        """The word, or the known words that it is a slip of. 'E33F' is no slip of 'E33G'."""
        if word in self._vocabulary or len(word) < _MIN_TYPO_LENGTH or not word.isalpha():
            return (word,)
        known = (w for w in self._vocabulary if len(w) >= _MIN_TYPO_LENGTH and w.isalpha())
        return tuple(w for w in known if within_one_edit(word, w)) or (word,)


def name_concept(word: str) -> str:
    """The concept that stands for a word of a service's name."""
    return f"name:{word}"


def load_lexicon(path: Path) -> Lexicon:
    """Raises PluginError naming the file and the line."""
    records = [(line, line.parse(Concept)) for line in read_lines(path)]
    stops: dict[Words, Entry] = {}
    for line, record in records:
        if record.role is Role.STOP:
            _add_terms(stops, line, record, {})
    terms = dict(stops)
    for line, record in records:
        if record.role is not Role.STOP:
            _add_terms(terms, line, record, stops)
    return Lexicon(terms, {r.concept: r.fallback for _, r in records if r.fallback})


def _add_terms(
    terms: dict[Words, Entry], line: Line, record: Concept, stops: Mapping[Words, Entry]
) -> None:
    """Stop-words leave terms as they leave queries: 'permesso di soggiorno' has two words."""
    for language, texts in record.terms.items():
        tagged = frozenset({Language(language)} if language != "any" else ())
        for text in texts:
            term = _content_words(text, stops)
            if not term:
                raise line.error(f"term {text!r} consists of stop-words")
            entry = Entry(record.concept, record.role, tagged, line.number)
            terms[term] = _merged(terms.get(term), entry, text, line)


def _content_words(text: str, stops: Mapping[Words, Entry]) -> Words:
    longest = max(map(len, stops), default=1)
    return tuple(w for w, entry in _longest_matches(words(text), stops, longest) if entry is None)


def _merged(old: Entry | None, new: Entry, text: str, line: Line) -> Entry:
    if old is None:
        return new
    if old.concept != new.concept:
        raise line.error(f"term {text!r} already means {old.concept!r} in line {old.line}")
    return Entry(new.concept, new.role, old.languages | new.languages, old.line)


def _longest_matches(
    tokens: Iterable[str], terms: Mapping[Words, Entry], longest: int
) -> Iterator[tuple[str, Entry | None]]:
    rest = tuple(tokens)
    while rest:
        sizes = range(min(longest, len(rest)), 0, -1)
        size = next((size for size in sizes if rest[:size] in terms), 0)
        yield rest[0], terms.get(rest[:size])
        rest = rest[size or 1 :]


def _query_words(query: str, known_codes: frozenset[str]) -> list[str]:
    """'E-33G' is a code; 'e 33g' only if there is such a code, since 'e' is also a word."""

    def joined(match: re.Match[str]) -> str:
        code = match[1] + match[3]
        return code if "-" in match[2] or code in known_codes else match[0]

    return words(_SPLIT_CODE.sub(joined, fold(query)))


def _is_content(word: str) -> bool:
    return len(word) > 1 and not word.isdigit() and not _CODE.fullmatch(word)


def _most_spoken(spoken: Counter[Language]) -> Language:
    """English where the words do not tell."""
    best = max(spoken.values(), default=0)
    leaders = [language for language in Language if spoken[language] == best]
    return leaders[0] if best and len(leaders) == 1 else Language.ENGLISH
