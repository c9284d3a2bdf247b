from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.core.text import fold, within_one_edit, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Società", "societa"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Søren Łucja", "soren lucja"),
        ("e\u0301", "e"),
        ("\uff25\uff13\uff13\uff27", "e33g"),
        ("İstanbul", "istanbul"),
    ],
)
def test_fold_drops_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_words_split_at_punctuation_hyphens_and_underscores() -> None:
    assert words("E33G, long-stay/kitas_permits (l'anno)!") == [
        *("e33g", "long", "stay", "kitas", "permits", "l", "anno")
    ]


def test_text_without_letters_has_no_words() -> None:
    assert words(" ?! _ - ") == []


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("kitas", "kitas"),
        ("", ""),
        ("", "a"),
        ("kitas", "kitap"),
        ("kitas", "kitass"),
        ("kitas", "itas"),
        ("kitas", "kitsa"),
        ("aab", "ab"),
    ],
)
def test_one_slip_is_within_one_edit_both_ways(a: str, b: str) -> None:
    assert within_one_edit(a, b)
    assert within_one_edit(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [("kitas", "katap"), ("kitas", "kit"), ("abcd", "badc"), ("", "ab"), ("abc", "cab")],
)
def test_two_slips_are_not_within_one_edit(a: str, b: str) -> None:
    assert not within_one_edit(a, b)


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_within_one_edit_agrees_with_trying_every_edit(a: str, b: str) -> None:
    assert within_one_edit(a, b) == (b in _every_edit(a))


def _every_edit(word: str) -> set[str]:
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    return {
        word,
        *(left + right[1:] for left, right in cuts if right),
        *(left + c + right for left, right in cuts for c in "abc"),
        *(left + c + right[1:] for left, right in cuts if right for c in "abc"),
        *(left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1),
    }
