"""What plugins reach of the world: documents, other servers, mail, configured values."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core import mail as outbox

from plugins_app.core.errors import LoadError, PluginError, TransientError
from plugins_app.runtime import http
from plugins_app.runtime.config import TomlConfig
from plugins_app.runtime.http import HttpxClient
from plugins_app.runtime.mail import DjangoMail
from plugins_app.runtime.store import DatabaseStore

Answer = Callable[[BaseHTTPRequestHandler], None]


# --- store ----------------------------------------------------------------------------------------


async def test_a_document_is_kept_changed_and_removed(transactional_db: None) -> None:
    store = DatabaseStore("p", "user:1")
    await store.put("notes", "a", {"n": 1})
    await store.put("notes", "a", {"n": 2})
    assert await store.get("notes", "a") == {"n": 2}
    assert [await store.delete("notes", "a"), await store.delete("notes", "a")] == [True, False]
    assert await store.get("notes", "a") is None


@pytest.mark.parametrize(("plugin", "owner"), [("q", "user:1"), ("p", "user:2"), ("p", "")])
async def test_other_plugins_and_owners_see_nothing(
    transactional_db: None, plugin: str, owner: str
) -> None:
    await DatabaseStore("p", "user:1").put("notes", "a", {"n": 1})
    other = DatabaseStore(plugin, owner)
    assert await other.get("notes", "a") is None
    assert await other.search("notes") == []
    assert await other.delete("notes", "a") is False
    await other.put("notes", "a", {"n": 9})
    assert await DatabaseStore("p", "user:1").get("notes", "a") == {"n": 1}


async def test_callers_share_the_plugins_own_documents(transactional_db: None) -> None:
    await DatabaseStore("p", "user:1").shared().put("notes", "a", {"n": 1})
    assert await DatabaseStore("p", "user:2").shared().get("notes", "a") == {"n": 1}


async def test_a_search_compares_top_level_fields_in_order_of_keys(transactional_db: None) -> None:
    store = DatabaseStore("p", "user:1")
    for key, kind in (("c", "x"), ("a", "x"), ("b", "y"), ("d", "x")):
        await store.put("notes", key, {"kind": kind, "of": [key]})
    assert [key for key, _ in await store.search("notes", where={"kind": "x"})] == ["a", "c", "d"]
    assert [key for key, _ in await store.search("notes", where={"of": ["b"]})] == ["b"]
    assert len(await store.search("notes", limit=2)) == 2


# --- http -----------------------------------------------------------------------------------------


class _Upstream(ThreadingHTTPServer):
    """Answers as the test says."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self.answer: Answer = lambda request: None
        self.release = threading.Event()
        super().__init__(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


@pytest.fixture
def upstream() -> Iterator[_Upstream]:
    with _Upstream() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.release.set()
        server.shutdown()
        thread.join()


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


async def get(upstream: _Upstream, remaining: float = 5.0, **how: Any) -> Any:
    async with httpx.AsyncClient(timeout=None) as client:
        return await HttpxClient(lambda: client, lambda: remaining).request(
            "GET", upstream.url, **how
        )


async def test_an_answer_has_status_headers_and_body(upstream: _Upstream) -> None:
    upstream.answer = says(404, b"none", X_Kind="plain")
    answer = await get(upstream)
    assert (answer.status, answer.body, answer.headers["x-kind"]) == (404, b"none", "plain")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_busy_upstream_is_worth_a_retry(upstream: _Upstream, status: int) -> None:
    upstream.answer = says(status, Retry_After="7")
    with pytest.raises(TransientError) as raised:
        await get(upstream)
    assert raised.value.retry_after == 7


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Thu, 01 Jan 2015 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 2015 00:00:00 -0000", None),
        ("soon", None),
        ("nan", None),
        ("-5", None),
        ("", None),
        ("Thu, 01 Jan 2015 00:00:00 +99999999999999999999", None),
    ],
)
async def test_retry_after_may_be_a_date_or_nonsense(
    upstream: _Upstream, header: str, seconds: float | None
) -> None:
    upstream.answer = says(503, Retry_After=header)
    with pytest.raises(TransientError) as raised:
        await get(upstream)
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize("header", ["86401", "9" * 20, "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_nobody_is_told_to_wait_longer_than_a_day(upstream: _Upstream, header: str) -> None:
    upstream.answer = says(429, Retry_After=header)
    with pytest.raises(TransientError) as raised:
        await get(upstream)
    assert raised.value.retry_after == 24 * 3600


async def test_nobody_at_the_address_is_worth_a_retry(upstream: _Upstream) -> None:
    upstream.url = "http://127.0.0.1:9"
    with pytest.raises(TransientError, match="ConnectError"):
        await get(upstream)


async def test_too_long_an_answer_is_cut_off(
    upstream: _Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_RESPONSE_BYTES", 1_000)
    upstream.answer = says(200, b"x" * 1_001)
    with pytest.raises(PluginError, match="more than 1000 bytes"):
        await get(upstream)


async def test_a_silent_upstream_ends_with_the_calls_deadline(upstream: _Upstream) -> None:
    upstream.answer = lambda request: [upstream.release.wait(10), None][1]
    with pytest.raises(TransientError):
        await get(upstream, remaining=0.05, timeout=60.0)


async def test_an_upstream_that_drips_ends_with_the_calls_deadline(upstream: _Upstream) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        while not upstream.release.wait(0.01):
            try:
                request.wfile.write(b"x")
            except OSError:
                return

    upstream.answer = drip
    with pytest.raises(TransientError):
        async with asyncio.timeout(5):
            await get(upstream, remaining=0.1)


# --- mail -----------------------------------------------------------------------------------------


async def test_mail_goes_through_djangos_backend() -> None:
    await DjangoMail().send(to=["a@example.com"], subject="Hi", text="Hello", html="<b>Hello</b>")
    [sent] = outbox.outbox
    assert (sent.to, sent.subject, sent.body) == (["a@example.com"], "Hi", "Hello")
    assert sent.alternatives[0][0] == "<b>Hello</b>"  # type: ignore[attr-defined]


# --- configured values ----------------------------------------------------------------------------


def test_a_plugin_gets_its_own_table(tmp_path: Path) -> None:
    file = tmp_path / "plugins.toml"
    file.write_text('["team.list"]\nroster = "r.csv"\n["other"]\nx = 1\n')
    assert TomlConfig(str(file))("team.list") == {"roster": "r.csv"}
    assert TomlConfig(str(file))("nobody") == {}
    assert TomlConfig("")("team.list") == {}


def test_what_was_edited_counts_at_the_next_look(tmp_path: Path) -> None:
    file = tmp_path / "plugins.toml"
    config = TomlConfig(str(file))
    for value in (1, 2):
        file.write_text(f"[p]\nx = {value}\n")
        assert config("p") == {"x": value}


@pytest.mark.parametrize("text", ["[p\n", "p = 1\n", None])
def test_a_broken_file_is_a_load_error_that_names_it(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "plugins.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(LoadError) as raised:
        TomlConfig(str(file))("p")
    assert raised.value.location == str(file)
