"""The gate takes every value within its limits as it is, and fails in no way but its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.core.json_gate import MAX_BYTES, MalformedJson, PayloadTooLarge, loads

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner))
PIECES = st.sampled_from(
    [b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"1", b"e", b"\0", b"\xc3"]
)


@given(VALUES, st.booleans())
def test_what_is_written_is_read(value: Any, ascii_only: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary() | st.lists(PIECES).map(b"".join))
def test_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = loads(body)
    except (MalformedJson, PayloadTooLarge):
        return
    assert value == json.loads(body)


@given(st.text().filter(lambda text: not text.isascii()))
def test_what_python_would_take_but_databases_do_not_is_refused(text: str) -> None:
    bad = json.dumps(text + "\ud800").encode()

    with pytest.raises(MalformedJson):
        loads(bad)


@pytest.mark.parametrize("brackets", [b'"[[[["', b'"\\"[[[["', b'"\\\\"'])
def test_brackets_in_strings_are_no_depth(brackets: bytes) -> None:
    assert loads(b"[" + b",".join([brackets] * 100) + b"]")


def test_the_limit_counts_bytes() -> None:
    body = b'"' + b"a" * (MAX_BYTES - 2) + b'"'

    assert len(loads(body)) == MAX_BYTES - 2
    with pytest.raises(PayloadTooLarge):
        loads(body + b" ")


@pytest.mark.parametrize("body", [b"[" * 64 + b"]" * 64, b"[" + b"1," * 9_998 + b"1]"])
def test_the_limits_of_depth_and_size_are_inclusive(body: bytes) -> None:
    assert loads(body)


def test_messages_hold_no_values() -> None:
    with pytest.raises(MalformedJson) as caught:
        loads(b'{"pin": 123456789012345678901234567890}')

    assert "1234" not in str(caught.value)
