"""Bad input: always a 4xx problem, twice the same, and nothing is left half done."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from plugins_app.models import ExecutionLog, User
from tests.api._call import PROBLEM

EXECUTE = "/api/plugins/lab.echo/execute"
JSON = "application/json"
pytestmark = pytest.mark.usefixtures("lab")


def wrapped(text: str) -> bytes:
    return b'{"input_data": {"text": %s}}' % text.encode("utf-8", "surrogatepass")


BODIES = {
    "nothing but a brace": b"{",
    "cut off": b'{"input_data": {"text": "ha"',
    "two values": b"{} {}",
    "trailing comma": b'{"input_data": {},}',
    "single quotes": b"{'input_data': {}}",
    "a comment": b"{} // really",
    "blank": b"   ",
    "NaN": wrapped("NaN"),
    "Infinity": wrapped("-Infinity"),
    "1e999": wrapped("1e999"),
    "minus 1e999": wrapped("-1e999"),
    "5,000 digits": wrapped("9" * 5_000),
    "5,000 digits with a fraction": wrapped("9" * 5_000 + ".5"),
    "65 bits": wrapped(str(2**64)),
    "beyond minus 64 bits": wrapped(str(-(2**63) - 1)),
    "leading zero": wrapped("007"),
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
    "65 levels": wrapped("[" * 65 + "]" * 65),
    "100,000 levels": b"[" * 100_000,
    "100,000 levels of objects": b'{"a":' * 100_000,
    "20,000 values": wrapped("[" + "1," * 20_000 + "1]"),
    "2 MiB": wrapped('"' + "a" * (2 << 20) + '"'),
    "1 MiB of quotes": b'"' * (1 << 20),
    "1 MiB of backslashes": b'"' + b"\\" * (1 << 20),
    "an unpaired escape": wrapped('"\\x"'),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "a form": b"text=ha",
    "XML": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'a'>]><x>&a;</x>",
    "a pickle": b"\x80\x04\x95\x0b.",
    "a polluted prototype": b'{"__proto__": {"is_admin": true}}',
    "a list": b"[]",
    "null": b"null",
    "a number as input": b'{"input_data": 7}',
    "the plugin named again": b'{"plugin": "lab.admin", "input_data": {}}',
    "wrong type": wrapped("true"),
}
ADDRESSES = [
    "/api/plugins/" + "a" * 161,
    "/api/plugins/" + "a" * 7_000,
    "/api/plugins/..",
    "/api/plugins/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/api/plugins/lab.echo%00",
    "/api/plugins/%00",
    "/api/plugins/lab.echo%0a",
    "/api/plugins/lab.echo%0d%0aX-Injected:%20yes",
    "/api/plugins/%ff%fe",
    "/api/plugins/%ed%a0%80",
    "/api/plugins/%F0%9F%92%A9",
    "/api/plugins/%zz",
    "/api/plugins/%",
    "/api/plugins/%252e",
    "/api/plugins/lab.echo;v=1",
    "/api/plugins/LAB.ECHO",
    "/api/plugins/lab.echo@",
    "/api/plugins/lab.echo@@1.0.0",
    "/api/plugins/lab.echo@latest",
    "/api/plugins/lab.echo@" + "9" * 100,
    "/api/plugins/' OR 1=1 --",
    "/api/plugins/{{7*7}}",
    "/api/plugins/<script>alert(1)</script>",
    "/api/plugins/__class__",
    "/api/plugins/lab.echo/metrics/",
    "/api/plugins//list",
    "/api/plugins/list?limit=-1",
    "/api/plugins/list?limit=1e2",
    "/api/plugins/list?cursor=%ff",
    "/api/plugins/list?cursor=" + "OTk5" * 400,
    "/api/plugins/list?fields=%00",
    "/api/plugins/list?=1",
    "/api/plugins/list?a[]=1",
    "/api/plugins/list?%ff=1",
    "/api/plugins/list?" + "&".join(f"tag={n}&x={n}" for n in range(600)),
    "/api/plugins/search?q=a&" + "q=b&" * 1_100,
    "/api/plugins/metrics/all?range=24h%00",
    "/api/plugins/tools/anthropic?category=%F0%9F%92%A9",
]
HEADERS = {
    "a wrong host": {"Host": "evil.example.com"},
    "a host that is none": {"Host": "a b"},
    "a bogus Accept": {"Accept": "///"},
    "a huge token": {"Authorization": "Bearer " + "x" * 5_000},
    "a token in Latin-1": {"Authorization": "Bearer z\u00e4n_"},
    "a token with a NUL": {"Authorization": "Bearer zan_\0"},
    "no token": {"Authorization": "Bearer"},
    "an unknown coding": {"Content-Encoding": "br"},
    "an idempotency key": {"Idempotency-Key": "x"},
}
CONTENT_TYPES = [
    "text/plain",
    "application/json; charset=utf-7",
    "application/json; charset=utf-16",
    "application/json; charset=" + "x" * 1_000,
    'application/json; charset="utf-8',  # the quote never ends, and no charset is called so
    "multipart/form-data",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    ";;;",
    "\u00e9",
]


def ends_well(client: Client, method: str, path: str, **sent: Any) -> bool:
    """4xx, a problem, the same once more, nobody's traceback, no row that still runs."""
    first = client.generic(method, path, **sent)
    second = client.generic(method, path, **sent)

    assert 400 <= first.status_code < 500, first.content
    assert second.status_code == first.status_code
    assert first["Content-Type"] == PROBLEM
    assert b"Traceback" not in first.content
    assert not ExecutionLog.objects.exclude(status="refused").exists()
    return True


@pytest.fixture
def careless(client: Client) -> Client:
    """Shows the answer where a plain client would raise the server's exception."""
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_hostile_body_is_refused(careless: Client, body: bytes) -> None:
    assert ends_well(careless, "POST", EXECUTE, data=body, content_type=JSON)


@pytest.mark.parametrize("body", list(BODIES.values())[:40:3], ids=list(BODIES)[:40:3])
@pytest.mark.parametrize("path", ["/api/plugins/search", "/api/plugins/lab.echo/reload"])
def test_every_door_for_bodies_is_the_same(
    careless: Client, key: Any, path: str, body: bytes
) -> None:
    headers = key("admin")

    assert ends_well(careless, "POST", path, data=body, content_type=JSON, headers=headers)


@pytest.mark.parametrize("path", ADDRESSES, ids=range(len(ADDRESSES)))
def test_a_hostile_address_is_refused(careless: Client, path: str) -> None:
    assert ends_well(careless, "GET", path)


@pytest.mark.parametrize("path", ADDRESSES[:26], ids=range(26))
def test_a_hostile_name_is_not_executed(careless: Client, path: str) -> None:
    assert ends_well(careless, "POST", f"{path}/execute", data=b"{}", content_type=JSON)


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_a_hostile_header_is_refused(careless: Client, headers: dict[str, str]) -> None:
    body = wrapped('"ha"')

    assert ends_well(careless, "POST", EXECUTE, data=body, content_type=JSON, headers=headers)


@pytest.mark.parametrize("content_type", CONTENT_TYPES, ids=range(len(CONTENT_TYPES)))
@pytest.mark.parametrize("logged_in", [False, True])
def test_a_hostile_content_type_is_refused(
    careless: Client, content_type: str, logged_in: bool
) -> None:
    if logged_in:
        careless.force_login(User.objects.create_user("ayu"))
        careless.handler.enforce_csrf_checks = True
    path = f"{EXECUTE}?x=%ff"

    assert ends_well(careless, "POST", path, data=b"--x--", content_type=content_type)


@pytest.mark.parametrize("length", ["many", "-1", "1e3", "9" * 30])
def test_a_content_length_that_lies_is_refused(careless: Client, length: str) -> None:
    environ = {"CONTENT_LENGTH": length}

    assert ends_well(careless, "POST", EXECUTE, data=b"{", content_type=JSON, **environ)


def test_a_charset_does_not_change_how_the_query_string_is_read(careless: Client) -> None:
    path, odd = "/api/plugins/search?q=echo", "application/json; charset=utf-16"
    response = careless.generic("GET", path, content_type=odd)

    assert response.json()["count"] == 1


def test_what_is_just_allowed_is_allowed(careless: Client) -> None:
    deep = wrapped("[" * 62 + "]" * 62)
    response = careless.generic("POST", EXECUTE, data=deep, content_type=JSON)

    assert response.json()["type"] == "/problems/invalid-input"
