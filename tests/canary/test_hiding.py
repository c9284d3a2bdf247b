"""The search for known secrets in a text: it finds them as they are spelled, and nothing else."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from pydantic import BaseModel, ValidationError

from plugins_app.core.hiding import Hidden, hiding
from plugins_app.core.masking import MASK

SECRET = "it's \"é\\ / 100%"


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        repr(SECRET),
        repr([SECRET, "it's"]),
        repr(f"'{SECRET!r}"),
        json.dumps({"token": SECRET}),
        json.dumps(json.dumps({"token": SECRET}), ensure_ascii=False),
        f"https://example.com/?token={quote(SECRET)}",
        f"https://example.com/?{urlencode({'token': SECRET})}",
        f"prefix{SECRET}suffix",
    ],
)
def test_a_secret_is_hidden_however_it_is_quoted(text: str) -> None:
    hidden = Hidden([f" {SECRET}\n"]).scrub(text)

    assert MASK in hidden
    assert "100" not in hidden


@pytest.mark.parametrize("ordinary", ["", "1", "abc", "    ", "********", " \n\t  "])
def test_what_stands_everywhere_by_chance_is_no_secret(ordinary: str) -> None:
    text = "1 abc    def\n\t  ******** 1111"

    assert Hidden([ordinary]).scrub(text) == text


def test_a_short_secret_is_hidden_only_as_a_whole_word() -> None:
    assert Hidden(["1234"]).scrub("pin 1234, 12345, x1234") == f"pin {MASK}, 12345, x1234"


def test_of_secrets_within_secrets_the_longest_is_hidden_first() -> None:
    assert Hidden(["password", "password-of-ayu"]).scrub("password-of-ayu") == MASK


def test_json_stays_json_with_its_ordinary_values() -> None:
    value = {"pin": 123456789, "rate": 1234, "on": True, "none": None, "list": ["a 123456789"]}

    hidden = Hidden(["123456789"]).scrub_json(value)

    assert hidden == {"pin": MASK, "rate": 1234, "on": True, "none": None, "list": [f"a {MASK}"]}


def test_what_pydantic_quotes_is_hidden_although_it_cuts_it() -> None:
    class Numbers(BaseModel):
        number: int

    secret = "sk-" + "0123456789" * 20
    with pytest.raises(ValidationError) as raised:
        Numbers.model_validate({"number": secret})
    assert "sk-0123" in str(raised.value)

    assert "0123" not in Hidden([secret]).scrub(str(raised.value))


def test_with_too_many_secrets_to_look_for_the_whole_text_is_hidden() -> None:
    hidden = Hidden(f"secret number {number}" for number in range(501))

    assert hidden.scrub("one of them is secret number 77") == MASK
    assert hidden.scrub("ok") == "ok"


def test_an_outer_call_hides_what_a_call_within_it_knew() -> None:
    outer = Hidden(["outer-secret"])
    with hiding(outer), hiding(inner := Hidden(["inner-secret"])):
        pass

    assert outer.scrub("outer-secret inner-secret") == f"{MASK} {MASK}"
    assert inner.scrub("outer-secret inner-secret") == f"{MASK} {MASK}"
