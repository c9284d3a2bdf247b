"""The function that every HTTP door for execute goes through, without any door."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins_app.api.execution import ExecuteCall, answer, answer_and_wait
from plugins_app.api.reply import Reply
from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.runtime.loop import engine_loop

CALLS = {
    "an answer": ("echo-it", b'{"input_data": {"text": "ha"}}', "application/json"),
    "wrong input": ("lab.echo", b'{"input_data": {}}', "application/json"),
    "no JSON": ("lab.echo", b"{", "application/json"),
    "another type": ("lab.echo", b"{}", "text/plain"),
    "no plugin": ("lab.none", b"", ""),
    "a crash": ("lab.crashes", b"", ""),
}
_OWN_TO_A_RUN = ("duration_ms", "execution_time", "execution_id")


def told(reply: Reply) -> tuple[Any, ...]:
    """Everything but what differs from run to run."""
    body = json.loads(reply.body)
    for name in _OWN_TO_A_RUN:
        body.get("metadata", {}).pop(name, None)
    body.pop("execution_id", None)
    body.pop("instance", None)
    headers = {k: v for k, v in reply.headers.items() if k != "Content-Length"}
    return reply.status, headers, body


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize(("name", "body", "content_type"), CALLS.values(), ids=CALLS)
def test_both_ways_in_answer_the_same(name: str, body: bytes, content_type: str) -> None:
    call = ExecuteCall(name, body, content_type, SYSTEM_CALLER, "request-1")

    assert told(answer_and_wait(call)) == told(engine_loop.run(answer(call)))


@pytest.mark.usefixtures("lab")
def test_a_reply_states_its_length() -> None:
    reply = answer_and_wait(ExecuteCall("lab.old", b"", "", SYSTEM_CALLER, "request-1"))

    assert int(reply.headers["Content-Length"]) == len(reply.body)
