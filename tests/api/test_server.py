"""A real server: the guide's commands by curl, and what only a socket can send."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PRICING = "/api/plugins/bali_zero.pricing"
JSON = "Content-Type: application/json"


@dataclass(frozen=True)
class Server:
    port: int
    folder: Path

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def curl(self, path: str, *arguments: str) -> tuple[int, Any]:
        """(status, JSON body)."""
        address = f"http://127.0.0.1:{self.port}{path}"
        command = ["curl", "-s", "-m", "60", "-w", "\n%{http_code}", *arguments, address]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        body, _, status = output.rpartition("\n")
        return int(status), json.loads(body)

    def send(self, request: bytes) -> bytes:
        """The whole answer to these bytes, until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(request)
            chunks = iter(lambda: _received(connection), b"")
            return b"".join(chunks)

    def running_rows(self) -> int:
        with sqlite3.connect(self.folder / "db.sqlite3") as database:
            query = "SELECT count(*) FROM plugins_app_executionlog WHERE status = 'running'"
            return database.execute(query).fetchone()[0]


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except ConnectionResetError:  # it closed while we were still sending
        return b""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """uvicorn on a free port, with a database of its own, as `make run` starts it."""
    folder = tmp_path_factory.mktemp("server")
    environment = {
        **os.environ,
        "ZANTARA_VAR_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "ZANTARA_ANONYMOUS_RATE": "0",
    }
    python = [sys.executable, "-W", "ignore"]
    for command in (["migrate"], ["collectstatic", "--noinput"]):
        manage = [*python, "manage.py", *command, "-v", "0"]
        subprocess.run(manage, cwd=ROOT, env=environment, check=True)
    with socket.socket() as listening, (folder / "log").open("w") as log:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        options = ["--fd", str(listening.fileno()), "--no-proxy-headers", "--no-server-header"]
        process = subprocess.Popen(
            [*python, "-m", "uvicorn", "zantara.asgi:application", *options],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            pass_fds=[listening.fileno()],
        )
        try:
            yield Server(listening.getsockname()[1], folder)
        finally:
            process.terminate()
            process.wait(40)


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
KITAS = ["-X", "POST", "-H", JSON, "-d", '{"input_data": {"service_type": "kitas"}}']


@needs_curl
@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("/api/plugins/list", []),
        (PRICING, []),
        (f"{PRICING}/execute", KITAS),
        (f"{PRICING}/metrics", []),
    ],
)
def test_the_commands_of_the_guide_work(server: Server, path: str, arguments: list[str]) -> None:
    status, body = server.curl(path, *arguments)

    assert status == 200
    assert body["success"] is True


@needs_curl
@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("/api/plugins/list", []),
        ("/api/plugins/search", ["-X", "POST", "-H", JSON, "-d", '{"query": "price"}']),
        ("/api/plugins/statistics", []),
        ("/api/plugins/metrics/all", []),
        ("/api/plugins/tools/anthropic", []),
        ("/api/plugins/health", []),
        (PRICING, []),
        (f"{PRICING}/execute", KITAS),
        (f"{PRICING}/metrics", []),
        (f"{PRICING}/reload", ["-X", "POST"]),
    ],
)
def test_the_ten_addresses_of_the_guide_answer(
    server: Server, server_key: str, path: str, arguments: list[str]
) -> None:
    status, body = server.curl(path, "-H", f"Authorization: Bearer {server_key}", *arguments)

    assert status == 200
    assert body["success"] is True


@pytest.fixture(scope="module")
def server_key(server: Server) -> str:
    code = (
        "import django; django.setup()\n"
        "from plugins_app.services.keys import create_key\n"
        "from plugins_app.services.audit import CLI\n"
        "print(create_key(CLI, 'guide', scopes=['admin']).secret)"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "zantara.settings",
        "ZANTARA_VAR_DIR": str(server.folder),
        "DATABASE_URL": f"sqlite:///{server.folder / 'db.sqlite3'}",
    }
    command = [sys.executable, "-W", "ignore", "-c", code]
    made = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    return made.stdout.decode().strip()


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    head = [f"{line} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def posted(*headers: str, body: bytes) -> bytes:
    return request(f"POST {PRICING}/execute", JSON, *headers, body=body)


def chunked(size: int) -> bytes:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    return chunk * (size // 65_536) + b"0\r\n\r\n"


PROBLEMS = {
    "a wrong host": (
        b"GET /api/plugins/list HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n",
        400,
    ),
    "a charset that is no text": (
        request("GET /api/plugins/list?x=%ff", "Content-Type: text/plain; charset=hex"),
        400,
    ),
    "%00": (request("GET /api/plugins/lab%00"), 404),
    "%ff": (request("GET /api/plugins/%ff%fe"), 404),
    "a surrogate": (request("GET /api/plugins/%ed%a0%80"), 404),
    "half a percent": (request("GET /api/plugins/%z"), 404),
    "a line feed": (request("GET /api/plugins/a%0d%0aX-Evil:1"), 404),
    "dots": (request("GET /api/plugins/../../etc/passwd"), 404),
    "10 KiB of name": (request("GET /api/plugins/" + "a" * 10_000), 414),
    "10 KiB of query": (request("GET /api/plugins/list?q=" + "a" * 10_000), 414),
    "70 KiB of header": (request("GET /api/plugins/list", "X-Big: " + "a" * 70_000), 431),
    "1,000 headers": (
        request("GET /api/plugins/list", *[f"X-{n}: {'a' * 80}" for n in range(1_000)]),
        431,
    ),
    "a method nobody knows": (request("BREW /api/plugins/list"), None),
    "PROPFIND": (request("PROPFIND /api/plugins/list"), 405),
    "too long by its own account": (posted("Content-Length: 1048577", body=b""), 413),
    "absurdly long by its own account": (posted("Content-Length: " + "9" * 18, body=b""), 413),
    "2 MiB": (posted(f"Content-Length: {2 << 20}", body=b" " * (2 << 20)), 413),
    "2 MiB in chunks": (posted("Transfer-Encoding: chunked", body=chunked(2 << 20)), 413),
    "2 MiB for a page that takes none": (
        request("GET /api/plugins/list", "Transfer-Encoding: chunked", body=chunked(2 << 20)),
        413,
    ),
    "broken JSON in chunks": (
        posted("Transfer-Encoding: chunked", body=b"1\r\n{\r\n0\r\n\r\n"),
        400,
    ),
    "more than it said": (posted("Content-Length: 1", body=b"{}"), 400),
    "gzip": (posted("Content-Encoding: gzip", "Content-Length: 2", body=b"\x1f\x8b"), 415),
    "no content type": (request(f"POST {PRICING}/execute", "Content-Length: 2", body=b"{}"), 415),
    "another charset": (
        request(
            f"POST {PRICING}/execute?x=%ff",
            "Content-Type: application/json; charset=undefined",
            "Content-Length: 2",
            body=b"{}",
        ),
        400,
    ),
    "a token in Latin-1": (request("GET /api/plugins/list", "Authorization: Bearer z\u00e4n"), 401),
}
BROKEN_HTTP = {
    "a length that is none": posted("Content-Length: many", body=b"{}"),
    "two lengths": posted("Content-Length: 2", "Content-Length: 3", body=b"{}"),
    "a length and chunks": posted("Content-Length: 2", "Transfer-Encoding: chunked", body=b"{}"),
    "a chunk without a size": posted("Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n"),
    "raw NUL in the address": request("GET /api/plugins/a\0b"),
    "raw bytes in the address": request("GET /api/plugins/\xff\xfe"),
    "a header without a name": request("GET /api/plugins/list", ": x"),
    "no HTTP": b"hello\r\n\r\n",
}


def seen(answer: bytes) -> tuple[int, bytes, Any]:
    """(status, header, JSON body if it is a problem)."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    is_problem = b"application/problem+json" in head
    return status, head.lower(), json.loads(body) if is_problem else None


@pytest.mark.parametrize("frame", ["length", "chunks"])
def test_a_client_that_sends_far_too_much_still_gets_its_answer(server: Server, frame: str) -> None:
    body = b" " * (6 << 20)
    if frame == "length":
        sent = posted(f"Content-Length: {len(body)}", body=body)
    else:
        chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        sent = posted("Transfer-Encoding: chunked", body=chunk)

    assert [seen(server.send(sent))[0] for _ in range(3)] == [413] * 3


def test_a_body_that_is_announced_and_never_sent_is_not_waited_for(server: Server) -> None:
    begun = time.monotonic()
    assert seen(server.send(posted("Content-Length: 99999999", body=b"")))[0] == 413
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(("sent", "status"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_a_socket_sends_ends_in_a_problem(
    server: Server, sent: bytes, status: int | None
) -> None:
    found, head, problem = seen(server.send(sent))
    again, _, _ = seen(server.send(sent))

    assert found == again
    if status is None:
        assert found in (400, 405)
        return
    assert (found, problem and problem["status"]) == (status, status)
    assert b"x-request-id: " + problem["request_id"].encode() in head
    assert b"x-content-type-options: nosniff" in head


@pytest.mark.parametrize("sent", BROKEN_HTTP.values(), ids=BROKEN_HTTP)
def test_what_is_no_http_is_refused_by_the_server_itself(server: Server, sent: bytes) -> None:
    status, _, _ = seen(server.send(sent))

    assert 400 <= status < 500


def test_a_body_that_never_comes_leaves_nothing_behind(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(posted("Content-Length: 100", body=b'{"input_data": {'))

    assert server.running_rows() == 0


def test_the_server_still_answers_and_saw_no_exception(server: Server) -> None:
    status, _, _ = seen(server.send(request("GET /api/plugins/list")))

    assert status == 200
    assert server.running_rows() == 0
    assert not re.search(r"Traceback|Exception in ASGI", server.log)
