"""Bytes that are no JSON, or more of it than anybody needs, at every door that reads a body."""

from __future__ import annotations

from tests.hostile._case import Case, sent


def wrapped(text: str) -> bytes:
    return b'{"input_data": {"text": %s}}' % text.encode("utf-8", "surrogatepass")


MALFORMED = {
    "nothing but a brace": b"{",
    "cut off": b'{"input_data": {"text": "ha"',
    "two values": b"{} {}",
    "trailing comma": b'{"input_data": {},}',
    "trailing NUL": b"{}\0",
    "single quotes": b"{'input_data': {}}",
    "a comment": b"{} // really",
    "blank": b"   ",
    "a no-break space": "\u00a0{}".encode(),
    "NaN": wrapped("NaN"),
    "Infinity": wrapped("-Infinity"),
    "1e999": wrapped("1e999"),
    "minus 1e999": wrapped("-1e999"),
    "5,000 digits": wrapped("9" * 5_000),
    "5,000 digits with a fraction": wrapped("9" * 5_000 + ".5"),
    "65 bits": wrapped(str(2**64)),
    "beyond minus 64 bits": wrapped(str(-(2**63) - 1)),
    "leading zero": wrapped("007"),
    "hex": wrapped("0x10"),
    "a plus": wrapped("+1"),
    "a point": wrapped("1."),
    "escaped NUL": wrapped('"a\\u0000b"'),
    "NUL in a key": b'{"input_data": {"te\\u0000xt": "ha"}}',
    "raw NUL": wrapped('"a\0b"'),
    "raw newline": wrapped('"a\nb"'),
    "escaped lone surrogate": wrapped('"\\ud800"'),
    "surrogates in the wrong order": wrapped('"\\udc00\\ud800"'),
    "raw surrogate": wrapped('"\ud800"'),
    "overlong UTF-8": b'{"input_data": "\xc0\xaf"}',
    "latin-1": '{"input_data": {"text": "é"}}'.encode("latin-1"),
    "UTF-16": '{"input_data": {"text": "ha"}}'.encode("utf-16"),
    "UTF-32": '{"input_data": {"text": "ha"}}'.encode("utf-32"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "duplicate key": b'{"input_data": {"text": "a", "text": "b"}}',
    "duplicate key at the top": b'{"input_data": {}, "input_data": {}}',
    "duplicate key by escape": b'{"input_data": {"text": "a", "t\\u0065xt": "b"}}',
    "65 levels": wrapped("[" * 63 + "]" * 63),
    "100,000 levels": b"[" * 100_000,
    "100,000 levels of objects": b'{"a":' * 100_000,
    "10,001 values": b"[" + b"1," * 9_999 + b"1]",
    "20,000 values": wrapped("[" + "1," * 20_000 + "1]"),
    "1 MiB of quotes": b'"' * (1 << 20),
    "1 MiB of backslashes": b'"' + b"\\" * ((1 << 20) - 1),
    "1 MiB of brackets in turn": b"[]" * (1 << 19),
    "an unpaired escape": wrapped('"\\x"'),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "a form": b"text=ha",
    "XML": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'a'>]><x>&a;</x>",
    "YAML": b"!!python/object/apply:os.system ['id']",
    "a pickle": b"\x80\x04\x95\x0b.",
    "a script": b"<script>alert(1)</script>",
    "undefined": b"undefined",
    "JSON lines": b"{}\n{}",
}
NO_OBJECT = {
    "a list": b"[]",
    "null": b"null",
    "true": b"true",
    "a number": b"7",
    "a text": b'"ha"',
    "64 levels": b"[" * 64 + b"]" * 64,
    "10,000 values": b"[" + b"1," * 9_998 + b"1]",
}
UNKNOWN_KEYS = {
    "a polluted prototype": b'{"__proto__": {"is_admin": true}}',
    "a constructor": {"constructor": {"prototype": {"is_admin": True}}},
    "a dunder": {"__class__": "User"},
    "a reference": {"$ref": "file:///etc/passwd"},
    "a query": {"$where": "sleep(1000)"},
    "a key of 100 kB": {"a" * 100_000: 1},
    "an empty key": {"": 1},
    "a full-width twin": {"ｉnput_data": {}},
    "a zero-width twin": {"input_data\u200b": {}},
    "a key in upper case": {"INPUT_DATA": {}},
    "the plugin named again": b'{"plugin": "lab.admin", "input_data": {}}',
}
TOO_LARGE = {
    "1 MiB and a byte": b" " * ((1 << 20) + 1),
    "2 MiB": wrapped('"' + "a" * (2 << 20) + '"'),
}
DOORS = {
    "validate": "/api/plugins/lab.echo/validate",
    "search": "/api/plugins/search",
    "reload": "/api/plugins/lab.old/reload",
    "enable": "/api/plugins/lab.old/enable",
    "disable": "/api/plugins/lab.old/disable",
    "breaker": "/api/plugins/lab.old/breaker/force-open",
    "the older prefix": "/api/v1/plugins/lab.echo/execute",
}
FEW = dict(list(MALFORMED.items())[::5])


def at_door(name: str, path: str) -> list[Case]:
    """Some of each kind."""
    what = f"body for {name}"
    return [
        *sent(400, what, FEW, path, who="admin"),
        *sent(422, what, dict(list(NO_OBJECT.items())[::3]), path, who="admin"),
        *sent(422, what, dict(list(UNKNOWN_KEYS.items())[::3]), path, who="admin"),
        *sent(413, what, dict(list(TOO_LARGE.items())[:1]), path, who="admin"),
    ]


CASES = [
    *sent(400, "body", MALFORMED),
    *sent(422, "body", NO_OBJECT),
    *sent(422, "body", UNKNOWN_KEYS),
    *sent(413, "body", TOO_LARGE),
    *(case for name, path in DOORS.items() for case in at_door(name, path)),
]
