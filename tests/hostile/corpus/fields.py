"""Values of the wrong kind in every field of the API's bodies."""

from __future__ import annotations

from typing import Any

from tests.hostile._case import sent
from tests.hostile.corpus.texts import INJECTIONS, UNICODE

INPUT = {"text": "ha"}
KINDS: dict[str, Any] = {
    "null": None,
    "a text": "x",
    "a number": 7,
    "true": True,
    "a list": [],
    "a list of pairs": [["text", "ha"]],
    "minus zero": -0.0,
}


def execute(**options: Any) -> dict[str, Any]:
    return {"input_data": INPUT, **options}


INPUT_DATA = {f"input_data {name}": {"input_data": value} for name, value in KINDS.items()}
USE_CACHE = {
    f"use_cache {value!r}": execute(use_cache=value)
    for value in ("yes", "true", 1, 0, None, [], {}, 0.0)
}
TIMEOUT = {
    f"timeout_ms {value!r}"[:40]: execute(timeout_ms=value)
    for value in (0, -1, -0.0, -1e308, "10", "NaN", True, False, [], {}, [10])
}
RAW_TIMEOUT = {
    "timeout_ms NaN": b'{"timeout_ms": NaN}',
    "timeout_ms 1e309": b'{"timeout_ms": 1e309}',
    "timeout_ms 2^64": b'{"timeout_ms": 18446744073709551616}',
}
ODD_TIMEOUT = {
    "timeout_ms 1e308": execute(timeout_ms=1e308),
    "timeout_ms 2^63": execute(timeout_ms=2**63),
    "timeout_ms null": execute(timeout_ms=None),
}
QUERIES = {
    **{f"query {name}": {"query": value} for name, value in KINDS.items() if name != "a text"},
    "query of 201 characters": {"query": "a" * 201},
    "query of 100 kB": {"query": "a" * 100_000},
    "both queries": {"query": "a", "q": "b"},
}
REASONS = {
    **{f"reason {name}": {"reason": value} for name, value in KINDS.items() if name != "a text"},
    "reason of 501 characters": {"reason": "a" * 501},
    "reason of 10 kB": {"reason": "a" * 10_000},
    "a state of its own": {"state": "open"},
    "enabled of its own": {"enabled": True},
}
NUL_REASON = {"reason with NUL": b'{"reason": "a\\u0000b"}'}
TEXTS = {**INJECTIONS, **UNICODE}
RELOAD, DISABLE = "/api/plugins/lab.old/reload", "/api/plugins/lab.old/disable"
BREAKER = "/api/plugins/lab.old/breaker/reset"

CASES = [
    *sent(422, "execute", {**INPUT_DATA, **USE_CACHE, **TIMEOUT}),
    *sent(400, "execute", RAW_TIMEOUT),
    *sent(200, "execute", ODD_TIMEOUT),
    *sent(422, "validate", {**INPUT_DATA, **TIMEOUT}, "/api/plugins/lab.echo/validate"),
    *sent(422, "search", QUERIES, "/api/plugins/search"),
    *sent(200, "search", {n: {"query": text} for n, text in TEXTS.items()}, "/api/plugins/search"),
    *sent(422, "disable", REASONS, DISABLE, who="admin"),
    *sent(422, "breaker", REASONS, BREAKER, who="admin"),
    *sent(422, "reload", REASONS, RELOAD, who="admin"),
    *sent(400, "reload", NUL_REASON, RELOAD, who="admin"),
    *sent(
        200,
        "disable because of",
        {name: {"reason": text} for name, text in TEXTS.items()},
        DISABLE,
        who="admin",
    ),
]
