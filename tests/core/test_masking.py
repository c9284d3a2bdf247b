from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from plugins_app.core.masking import MASK, Masker

Hidden = Annotated[str, Field(json_schema_extra={"x-sensitive": True})]


class Login(BaseModel):
    kind: Literal["login"] = "login"
    user: str
    password: SecretStr


class Plain(BaseModel):
    kind: Literal["plain"] = "plain"
    user: str


class Node(BaseModel):
    key: Hidden = ""
    children: list[Node] = []


class Everything(BaseModel):
    pin: Hidden | None = None
    logins: list[Login] = []
    by_name: dict[str, Login] = {}
    either: Login | str | None = None
    tagged: Annotated[Login | Plain, Field(discriminator="kind")] | None = None
    tree: Node | None = None
    whole: Annotated[Plain | None, Field(json_schema_extra={"x-sensitive": True})] = None
    pair: tuple[str, Hidden] = ("", "")
    by_pattern: dict[Annotated[str, Field(pattern="^s_")], Hidden] = {}
    free: dict[str, Any] = {}
    plain: str = ""


MASKER = Masker(Everything.model_json_schema())
LOGIN = {"user": "u", "password": "p"}
MASKED = {"user": "u", "password": MASK}


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ({"pin": "1"}, {"pin": MASK}),
        ({"pin": None, "plain": "x"}, {"pin": None, "plain": "x"}),
        ({"logins": [LOGIN, LOGIN]}, {"logins": [MASKED, MASKED]}),
        ({"by_name": {"a": LOGIN}}, {"by_name": {"a": MASKED}}),
        ({"either": LOGIN}, {"either": MASKED}),
        ({"either": "text"}, {"either": "text"}),
        ({"tagged": {"kind": "login", **LOGIN}}, {"tagged": {"kind": "login", **MASKED}}),
        ({"whole": {"user": "u"}}, {"whole": MASK}),
        ({"pair": ["a", "b"]}, {"pair": ["a", MASK]}),
        ({"by_pattern": {"s_x": "1"}}, {"by_pattern": {"s_x": MASK}}),
        ({"free": {"password": "p"}}, {"free": {"password": "p"}}),
        ({"tree": {"key": "1", "children": [{"key": "2", "children": []}]}},
         {"tree": {"key": MASK, "children": [{"key": MASK, "children": []}]}}),
        ({"passwrod": "p"}, {"passwrod": MASK}),
        ("not an object", "not an object"),
    ],
)  # fmt: skip
def test_marked_values_are_masked_wherever_they_are(value: Any, masked: Any) -> None:
    assert MASKER.mask(value) == masked


def test_without_marks_nothing_is_masked_or_walked() -> None:
    masker, value = Masker(Plain.model_json_schema()), {"user": "u", "unknown": 1}
    assert not masker.active
    assert masker.mask(value) is value


@pytest.mark.parametrize(
    ("location", "covered"),
    [
        (("pin",), True),
        (("plain",), False),
        (("logins", 0, "password"), True),
        (("logins", 0, "user"), False),
        (("logins", 0), True),
        (("logins",), True),
        (("whole", "user"), True),
        (("tree", "children", 0, "children", 1, "key"), True),
        (("tree",), True),
        ((), True),
        (("unknown",), True),
    ],
)
def test_a_place_is_covered_if_a_secret_is_at_around_or_below_it(
    location: tuple[int | str, ...], covered: bool
) -> None:
    assert MASKER.covers(location) is covered
