"""What the API's tests say often."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

Headers = dict[str, str]
PROBLEM = "application/problem+json"


class Clock:
    """Moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def post(client: Client, path: str, body: Any = None, headers: Headers | None = None) -> Any:
    sent = body if isinstance(body, bytes) else json.dumps(body if body is not None else {})
    return client.post(path, sent, content_type="application/json", headers=headers or {})


def run(client: Client, name: str, headers: Headers | None = None, **input_data: Any) -> Any:
    """Execute a plugin."""
    path = f"/api/plugins/{name}/execute"
    return post(client, path, {"input_data": input_data}, headers)


def is_problem(response: HttpResponse, status: int, code: str) -> bool:
    """The shape that every problem has, and this status and code."""
    body = json.loads(response.content)
    assert response.status_code == status, body
    assert response["Content-Type"] == PROBLEM
    assert body["type"] == f"/problems/{code.replace('_', '-')}"
    assert body["status"] == status
    assert body["success"] is body["ok"] is False
    assert body["request_id"] == response["X-Request-Id"]
    return True


def names(response: HttpResponse) -> list[str]:
    body = json.loads(response.content)
    return [row["name"] for row in body.get("plugins", body.get("results"))]
