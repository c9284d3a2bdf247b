"""Words as people type them: without case, accents, punctuation, and with one slip forgiven."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")

# Letters that Unicode does not decompose into a base letter and a mark.
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def fold(text: str) -> str:
    """'Società' -> 'societa'. Folding twice changes nothing."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", decomposed) if not _is_mark(c))


def _is_mark(character: str) -> bool:
    return unicodedata.combining(character) != 0


def words(text: str) -> list[str]:
    """Folded runs of letters and digits, in order: 'E33G, a-b' -> ['e33g', 'a', 'b']."""
    return _WORD.findall(fold(text))


def within_one_edit(a: str, b: str) -> bool:
    """Damerau-Levenshtein distance of at most 1: a letter more, less, other, or two swapped."""
    if abs(len(a) - len(b)) > 1:
        return False
    a, b = _without_common_ends(a, b)
    swapped = len(a) == len(b) == 2 and a == b[::-1]
    return swapped or (len(a) <= 1 and len(b) <= 1)


def _without_common_ends(a: str, b: str) -> tuple[str, str]:
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    a, b = a[start:], b[start:]
    end = 0
    while end < min(len(a), len(b)) and a[-1 - end] == b[-1 - end]:
        end += 1
    return a[: len(a) - end], b[: len(b) - end]
