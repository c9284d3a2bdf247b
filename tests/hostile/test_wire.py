"""What no HTTP client sends, to a real server: the same answer every time, and the server lives."""

from __future__ import annotations

import re

import pytest

from tests.api.test_server import Server, seen, server  # noqa: F401
from tests.hostile.corpus.wire import WIRE, get

OURS = re.compile(rb"Traceback|site-packages|/tests/|zantara/settings")


@pytest.mark.parametrize(("sent", "status"), WIRE.values(), ids=WIRE)
def test_bytes_below_http_get_their_status_every_time(
    server: Server,  # noqa: F811
    sent: bytes,
    status: int | None,
) -> None:
    first, second = server.send(sent), server.send(sent)

    assert first[:12] == second[:12]
    assert b"x-injected" not in first.lower().partition(b"\r\n\r\n")[0]
    assert not OURS.search(first)
    if status is not None:
        assert seen(first)[0] == status
    elif first:
        assert 400 <= seen(first)[0] < 500


def test_the_server_lives_and_saw_no_exception(server: Server) -> None:  # noqa: F811
    assert seen(server.send(get()))[0] == 200
    assert server.running_rows() == 0
    assert not re.search(r"Traceback|Exception in ASGI", server.log)
