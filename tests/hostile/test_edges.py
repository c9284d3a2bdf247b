"""What the corpus cannot say in one line, and where hostile ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api._call import is_problem
from tests.hostile._case import EXECUTE, JSON
from tests.hostile.corpus.bodies import wrapped
from tests.hostile.corpus.headers import CONTENT_TYPES
from tests.rights.conftest import Callers


@pytest.mark.parametrize("content_type", CONTENT_TYPES.values(), ids=CONTENT_TYPES)
def test_the_search_for_a_csrf_token_takes_any_content_type(
    callers: Callers, content_type: str
) -> None:
    browser = callers["root"]
    browser.handler.enforce_csrf_checks = True
    response = browser.generic("POST", EXECUTE, b"--x--", content_type)

    assert is_problem(response, 403, "forbidden")


@pytest.mark.parametrize("length", ["many", "-1", "1e3", "9" * 30])
def test_a_content_length_that_lies_is_refused(callers: Callers, length: str) -> None:
    sent: dict[str, Any] = {"CONTENT_LENGTH": length}
    response = callers["nobody"].generic("POST", EXECUTE, b"{", JSON, **sent)

    assert 400 <= response.status_code < 500


@pytest.mark.parametrize("charset", ["utf-16", "hex", "undefined", "utf-7"])
def test_a_charset_does_not_change_how_the_query_string_is_read(
    callers: Callers, charset: str
) -> None:
    path, odd = "/api/plugins/search?q=echo", f"application/json; charset={charset}"
    response = callers["nobody"].generic("GET", path, content_type=odd)

    assert response.json()["results"][0]["name"] == "lab.echo"


@pytest.mark.parametrize(
    "body",
    [
        wrapped("[" * 62 + "]" * 62),
        wrapped("[" + "1," * 9_995 + "1]"),
        wrapped(str(2**64 - 1)),
        wrapped(str(-(2**63))),
        b'{"input_data": {"text": "%s"}}' % (b"a" * ((1 << 20) - 29)),
    ],
    ids=["64 levels", "10,000 values", "64 bits", "minus 2^63", "1 MiB"],
)
def test_what_is_just_allowed_passes_the_gate(callers: Callers, body: bytes) -> None:
    response = callers["nobody"].generic("POST", EXECUTE, body, JSON)

    assert response.status_code in (200, 422)


def test_the_admin_shows_what_hostile_callers_left_behind(callers: Callers) -> None:
    odd = {"X-Request-Id": "<script>", "X-Zantara-Model": "haiku\0<script>", "User-Agent": "\x1b"}
    callers["nobody"].generic("POST", EXECUTE, wrapped('"<script>"'), JSON, headers=odd)
    callers["nobody"].generic("POST", EXECUTE, wrapped("7"), JSON, headers=odd)
    page = callers["root"].get("/admin/executions/")

    assert page.status_code == 200
    assert b"lab.echo" in page.content
    assert b"haiku<script>" not in page.content
