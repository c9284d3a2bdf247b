"""Every input field of the plugins that come along."""

from __future__ import annotations

from typing import Any

from tests.hostile._case import filled
from tests.hostile.corpus.texts import INJECTIONS, UNICODE

PRICING = "/api/plugins/bali_zero.pricing/execute"
MEMBERS = "/api/plugins/team.list_members/execute"
SEARCH = "/api/plugins/team.search_member/execute"
TEXTS = {**INJECTIONS, **UNICODE}
BLANK = "nothing but spaces"
NO_TEXTS: dict[str, Any] = {
    "a number": 7,
    "true": True,
    "a list": ["kitas"],
    "an object": {"$ne": ""},
    "201 characters": "a" * 201,
    "100 kB": "a" * 100_000,
}
NO_COUNTS: dict[str, Any] = {
    "zero": 0,
    "minus one": -1,
    "201": 201,
    "a half": 1.5,
    "2^63": 2**63,
    "minus 2^63": -(2**63),
    "1e308": 1e308,
    "a text": "many",
    "a list": [1],
    "an object": {"$gt": 0},
}
NO_CHOICES: dict[str, Any] = {
    "null": None,
    "empty": "",
    "upper case": "KITAS",
    "a space": " kitas",
    "a number": 1,
    "a list": ["kitas"],
    "an object": {},
    "a script": "<script>alert(1)</script>",
}
NO_DEPARTMENTS = {name: NO_CHOICES[name] for name in ("a number", "a list", "an object")}
SHORT = {name: text for name, text in TEXTS.items() if len(text) <= 100}
ODD_DEPARTMENTS = {**SHORT, "null": None, "empty": "", "upper case": "TAX"}


def fields(name: str, values: dict[str, Any], **beside: Any) -> dict[str, Any]:
    return {f"{name} {each}": {name: value, **beside} for each, value in values.items()}


without_blank = {name: value for name, value in TEXTS.items() if name != BLANK}

CASES = [
    *filled(422, "pricing", fields("service_type", NO_CHOICES), PRICING),
    *filled(422, "pricing", fields("query", NO_TEXTS), PRICING),
    *filled(422, "pricing", fields("max_results", NO_COUNTS), PRICING),
    *filled(422, "pricing", {"a field of its own": {"price": 0}}, PRICING),
    *filled(200, "pricing", fields("query", TEXTS), PRICING),
    *filled(422, "members", fields("department", NO_DEPARTMENTS), MEMBERS),
    *filled(200, "members", fields("department", ODD_DEPARTMENTS), MEMBERS),
    *filled(422, "search member", fields("query", NO_TEXTS), SEARCH),
    *filled(422, "search member", fields("query", {BLANK: TEXTS[BLANK], "empty": ""}), SEARCH),
    *filled(422, "search member", fields("max_results", NO_COUNTS, query="a"), SEARCH),
    *filled(422, "search member", {"nothing": {}}, SEARCH),
    *filled(200, "search member", fields("query", without_blank), SEARCH),
]
