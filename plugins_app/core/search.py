"""Ranked search over names, aliases, tags and descriptions; one wrong letter still finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from weakref import WeakKeyDictionary

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.text import fold, within_one_edit, words

_MIN_TYPO_LENGTH = 4
_LONGEST_NAME = 128
_TYPO_FACTOR = 0.8
Score = float
Fields = list[tuple[float, list[str]]]
_fields_of: WeakKeyDictionary[LoadedPlugin, Fields] = WeakKeyDictionary()


def rank(plugins: Iterable[LoadedPlugin], query: str) -> list[tuple[LoadedPlugin, Score]]:
    """Best first, scores in (0, 1]; every word of the query must be found somewhere."""
    wanted = words(query)
    scored = [(plugin, _score(plugin, wanted, fold(query).strip())) for plugin in plugins]
    found = [pair for pair in scored if pair[1] > 0]
    return sorted(found, key=lambda pair: (-pair[1], pair[0].name))


def suggestions(names: Iterable[str], wrong: str) -> list[str]:
    """Up to three names that `wrong` may have meant."""
    return get_close_matches(wrong[:_LONGEST_NAME].replace("__", "."), list(names), n=3, cutoff=0.6)


def _score(plugin: LoadedPlugin, wanted: list[str], whole: str) -> Score:
    names = [fold(name) for name in (plugin.name, *plugin.metadata.all_aliases)]
    if whole in names:
        return 1.0
    if not wanted:
        return 0.0
    fields = _fields(plugin)
    scores = [max(weight * _match(word, texts) for weight, texts in fields) for word in wanted]
    return round(sum(scores) / len(scores), 4) if all(scores) else 0.0


def _fields(plugin: LoadedPlugin) -> Fields:
    if (fields := _fields_of.get(plugin)) is None:
        fields = _fields_of[plugin] = _read_fields(plugin)
    return fields


def _read_fields(plugin: LoadedPlugin) -> Fields:
    metadata = plugin.metadata
    return [
        (0.95, words(metadata.name)),
        (0.85, [word for alias in metadata.all_aliases for word in words(alias)]),
        (0.75, [word for tag in metadata.tags for word in words(tag)]),
        (0.6, words(metadata.category)),
        (0.5, words(metadata.description)),
    ]


def _match(word: str, texts: list[str]) -> Score:
    """1 for the word itself, less for its beginning, its inside, and one wrong letter."""
    for test, score in _TESTS:
        if any(test(word, text) for text in texts):
            return score
    return 0.0


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
