"""Ranked search over names, aliases, tags and descriptions; one wrong letter still finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from heapq import nlargest
from weakref import WeakKeyDictionary

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.text import fold, within_one_edit, words

_MIN_TYPO_LENGTH = 4
_LONGEST_NAME = 128
_TYPO_FACTOR = 0.8
_CANDIDATES = 20
"""Names that are compared letter by letter, which costs fifty times what counting pairs does."""
Score = float


@dataclass(frozen=True, slots=True)
class _Text:
    """What is searched of a plugin: its whole names, and for each word the weight of the best
    place that it stands in."""

    names: frozenset[str]
    weights: Mapping[str, float]


_text_of: WeakKeyDictionary[LoadedPlugin, _Text] = WeakKeyDictionary()


def rank(plugins: Iterable[LoadedPlugin], query: str) -> list[tuple[LoadedPlugin, Score]]:
    """Best first, scores in (0, 1]; every word of the query must be found somewhere."""
    whole, wanted = fold(query).strip(), [_Scores(word) for word in words(query)]
    scored = [(plugin, _score(_read(plugin), wanted, whole)) for plugin in plugins]
    found = [pair for pair in scored if pair[1] > 0]
    return sorted(found, key=lambda pair: (-pair[1], pair[0].name))


def suggestions(names: Iterable[str], wrong: str) -> list[str]:
    """Up to three names that `wrong` may have meant."""
    wrong = wrong[:_LONGEST_NAME].replace("__", ".")
    pairs = _pairs(wrong)
    near = nlargest(_CANDIDATES, names, key=lambda name: _likeness(pairs, _pairs(name)))
    return get_close_matches(wrong, near, n=3, cutoff=0.6)


@lru_cache(maxsize=16_384)
def _pairs(name: str) -> frozenset[str]:
    """Neighbouring letters, the ends included."""
    return frozenset(map("".join, zip(f" {name}", f"{name} ", strict=True)))


def _likeness(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / (len(a) + len(b))


class _Scores(dict[str, Score]):
    """How well one wanted word matches a text's word, worked out once for each: plugins have most
    of their words in common."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self._wanted = wanted

    def __missing__(self, text: str) -> Score:
        score = self[text] = _match(self._wanted, text)
        return score


def _score(text: _Text, wanted: list[_Scores], whole: str) -> Score:
    if whole in text.names:
        return 1.0
    if not wanted:
        return 0.0
    scores = [max(w * of[word] for word, w in text.weights.items()) for of in wanted]
    return round(sum(scores) / len(scores), 4) if all(scores) else 0.0


def _read(plugin: LoadedPlugin) -> _Text:
    if (text := _text_of.get(plugin)) is None:
        names = map(fold, (plugin.name, *plugin.metadata.all_aliases))
        # The weights fall, so that of each word the first one counts.
        weights = dict(reversed(list(_weighted(plugin))))
        text = _text_of[plugin] = _Text(frozenset(names), weights)
    return text


def _weighted(plugin: LoadedPlugin) -> Iterator[tuple[str, float]]:
    metadata = plugin.metadata
    for weight, texts in (
        (0.95, (metadata.name,)),
        (0.85, metadata.all_aliases),
        (0.75, metadata.tags),
        (0.6, (metadata.category,)),
        (0.5, (metadata.description,)),
    ):
        for text in texts:
            yield from ((word, weight) for word in words(text))


def _match(word: str, text: str) -> Score:
    """1 for the word itself, less for its beginning, its inside, and one wrong letter."""
    return next((score for test, score in _TESTS if test(word, text)), 0.0)


def _is_typo(word: str, text: str) -> bool:
    return len(word) >= _MIN_TYPO_LENGTH and (
        within_one_edit(word, text) or within_one_edit(word, text[: len(word)])
    )


_TESTS: tuple[tuple[Callable[[str, str], bool], Score], ...] = (
    (lambda word, text: word == text, 1.0),
    (lambda word, text: text.startswith(word), 0.9),
    (lambda word, text: len(word) > 2 and word in text, 0.7),
    (_is_typo, _TYPO_FACTOR * 0.8),
)
