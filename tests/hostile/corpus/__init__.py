"""Requests that nobody means well with. Each says which status it gets, so that a change is
seen; those with 200 are odd and harmless."""

from __future__ import annotations

from tests.hostile.corpus import addresses, bodies, fields, headers, inputs, pages, queries

CHAPTERS = {
    "addresses": addresses.CASES,
    "queries": queries.CASES,
    "headers": headers.CASES,
    "bodies": bodies.CASES,
    "fields": fields.CASES,
    "inputs": inputs.CASES,
    "pages": pages.CASES,
}
