"""What callers notice of a new version."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from plugins_app.core.schema_diff import Level, Side, compare, verdict


def schema(**fields: Any) -> dict[str, Any]:
    return create_model("M", **fields).model_json_schema()


def told(side: Side, before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(c.field, c.level.name.lower(), c.text) for c in compare(side, before, after)]


class Card(BaseModel):
    kind: Literal["card"]
    number: str


class Bank(BaseModel):
    kind: Literal["bank"]
    iban: str


OLD, NEW = "old", "new"


@pytest.mark.parametrize(
    ("side", "old", "new", "expected"),
    [
        ("input", {}, {"a": (str, ...)}, [("a", "major", "is new and required")]),
        ("input", {}, {"a": (str, "")}, [("a", "minor", "is new")]),
        ("output", {}, {"a": (str, ...)}, [("a", "minor", "is new")]),
        ("input", {"a": (str, "")}, {}, [("a", "major", "is gone")]),
        ("output", {"a": (str, ...)}, {}, [("a", "major", "is gone")]),
        ("input", {"a": (str, "")}, {"a": (str, ...)}, [("a", "major", "is required now")]),
        ("input", {"a": (str, ...)}, {"a": (str, "")}, [("a", "minor", "is optional now")]),
        ("output", {"a": (str, ...)}, {"a": (str, "")}, [("a", "major", "may be missing now")]),
        (
            "input",
            {"a": (str, ...)},
            {"a": (int, ...)},
            [("a", "major", "was string and is integer")],
        ),
        (
            "input",
            {"a": (str, ...)},
            {"a": (str | None, ...)},
            [("a", "minor", "was string and is null or string")],
        ),
        (
            "input",
            {"a": (Literal["x", "y"], ...)},
            {"a": (Literal["y", "z"], ...)},
            [("a", "major", 'no longer takes "x"'), ("a", "minor", 'also takes "z"')],
        ),
        (
            "input",
            {"a": (int, Field(le=10))},
            {"a": (int, Field(le=5))},
            [("a", "major", "largest value: was 10, is 5")],
        ),
        (
            "input",
            {"a": (int, Field(ge=10))},
            {"a": (int, Field(ge=5))},
            [("a", "minor", "smallest value: was 10, is 5")],
        ),
        (
            "input",
            {"a": (str, ...)},
            {"a": (str, Field(pattern="^x"))},
            [("a", "major", "pattern: was free, is ^x")],
        ),
        (
            "input",
            {"a": (list[Card], ...)},
            {"a": (list[Bank], ...)},
            [
                ("a[].iban", "major", "is new and required"),
                ("a[].kind", "major", 'no longer takes "card"'),
                ("a[].number", "major", "is gone"),
                ("a[].kind", "minor", 'also takes "bank"'),
            ],
        ),
        (
            "input",
            {"a": (Card, ...)},
            {"a": (Card | Bank, ...)},
            [
                ("a.iban", "minor", "is new"),
                ("a.kind", "minor", 'also takes "bank"'),
                ("a.number", "minor", "is optional now"),
            ],
        ),
    ],
)
def test_a_change_is_told_with_the_version_it_asks_for(
    side: str, old: dict[str, Any], new: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert told(Side(side), schema(**old), schema(**new)) == expected


def test_words_are_no_change() -> None:
    before = schema(a=(str, Field(description="One.", examples=["x"])))
    assert compare(Side.INPUT, before, schema(a=(str, Field(description="Another.")))) == []


def test_a_schema_that_holds_itself_ends() -> None:
    class Node(BaseModel):
        name: str
        next: Node | None = None

    Node.model_rebuild(_types_namespace={"Node": Node})
    assert compare(Side.INPUT, Node.model_json_schema(), Node.model_json_schema()) == []


KINDS = st.sampled_from([str, int, bool, list[str], Literal["a", "b"], str | None, Card])
MODELS = st.dictionaries(st.sampled_from("abcde"), st.tuples(KINDS, st.sampled_from([..., None])))


@given(MODELS)
def test_nothing_changes_from_itself_to_itself(fields: dict[str, Any]) -> None:
    assert compare(Side.INPUT, schema(**fields), schema(**fields)) == []


@given(MODELS, MODELS)
def test_what_one_way_removes_the_other_adds(old: dict[str, Any], new: dict[str, Any]) -> None:
    there = compare(Side.OUTPUT, schema(**old), schema(**new))
    back = compare(Side.OUTPUT, schema(**new), schema(**old))
    assert {c.field for c in there} == {c.field for c in back}
    assert {c.field for c in there if c.text == "is gone"} == {
        c.field for c in back if c.text == "is new"
    }
    assert verdict(there) >= (Level.MAJOR if old.keys() - new.keys() else Level.PATCH)
