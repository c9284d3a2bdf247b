"""How the corpus writes its requests down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
EXECUTE = "/api/plugins/lab.echo/execute"


@dataclass(frozen=True)
class Case:
    """One request, and the status that it has always had. `who` is a column of the matrix of
    tests/rights."""

    id: str
    status: int
    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON
    who: str = "nobody"

    def __str__(self) -> str:
        return self.id


def asked(
    status: int, what: str, paths: Mapping[str, str], at: str = "{}", **rest: Any
) -> list[Case]:
    """One case for each path; `at` says where it goes."""
    rest = {"method": "GET", **rest}
    return [
        Case(f"{what}: {name}", status, path=at.replace("{}", path), **rest)
        for name, path in paths.items()
    ]


def sent(
    status: int, what: str, bodies: Mapping[str, Any], path: str = EXECUTE, **rest: Any
) -> list[Case]:
    """One case for each body; what is not bytes is sent as JSON."""
    rest = {"method": "POST", **rest}
    return [
        Case(f"{what}: {name}", status, path=path, body=as_bytes(body), **rest)
        for name, body in bodies.items()
    ]


def headed(
    status: int, what: str, headers: Mapping[str, Mapping[str, str]], **rest: Any
) -> list[Case]:
    """One case for each set of headers, on a call that is good without them."""
    rest = {"method": "POST", "path": EXECUTE, "body": b'{"input_data": {"text": "ha"}}', **rest}
    return [Case(f"{what}: {name}", status, headers=each, **rest) for name, each in headers.items()]


def filled(
    status: int, what: str, inputs: Mapping[str, Any], path: str = EXECUTE, **rest: Any
) -> list[Case]:
    """One case for each input of a plugin."""
    bodies = {name: {"input_data": value} for name, value in inputs.items()}
    return sent(status, what, bodies, path, **rest)


def as_bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def typed(status: int, what: str, forms: Mapping[str, str], path: str, **rest: Any) -> list[Case]:
    """One case for each form, as a browser sends it."""
    bodies = {name: form.encode() for name, form in forms.items()}
    return sent(status, what, bodies, path, content_type=FORM, **rest)
