from __future__ import annotations

import pytest

from plugins_app.core.json_gate import MAX_BYTES, MalformedJson, PayloadTooLarge, loads


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, -2.5, true, null, "x"]}', {"a": [1, -2.5, True, None, "x"]}),
        (b' "\\u00e9\\ud83d\\ude00" ', "é😀"),
        (b"18446744073709551615", 2**64 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b'{"]}[{": "\\"[["}', {"]}[{": '"[['}),
        (b"[" * 64 + b"]" * 64, None),
        (b"[" + b"1," * 9_998 + b"1]", None),
    ],
)
def test_json_within_the_bounds_is_taken_exactly(body: bytes, value: object) -> None:
    assert loads(body) == value if value is not None else loads(body) is not None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not valid JSON"),
        (b"{", "at character 1"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": 1} x', "not valid JSON"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        (b"NaN", "NaN is not JSON"),
        (b"-Infinity", "Infinity is not JSON"),
        (b"1e999", "not finite"),
        (b"18446744073709551616", "64 bits"),
        (b"-9223372036854775809", "64 bits"),
        (b"1" * 5_000, "64 bits"),
        (b'"a\\u0000b"', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'"\\ud800"', "lone surrogate"),
        (b'{"a": 1, "\\u0061": 2}', "same key twice"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b"[" * 100_000, "deeper than 64"),
        (b"[" + b"1," * 9_999 + b"1]", "more than 10000 values"),
    ],
)
def test_anything_else_is_refused_with_its_reason(body: bytes, said: str) -> None:
    with pytest.raises(MalformedJson, match=said):
        loads(body)


def test_a_body_above_one_mebibyte_is_too_large() -> None:
    assert len(loads(b'"' + b"x" * (MAX_BYTES - 2) + b'"')) == MAX_BYTES - 2
    with pytest.raises(PayloadTooLarge):
        loads(b'"' + b"x" * (MAX_BYTES - 1) + b'"')


def test_a_refusal_does_not_quote_the_body() -> None:
    with pytest.raises(MalformedJson) as caught:
        loads(b'{"password": "hunter2" oops}')
    assert "hunter2" not in str(caught.value)
