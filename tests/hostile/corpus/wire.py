"""Bytes below HTTP, for a real server: (request, status). None is an answer of the server itself,
anything from 400 to 499, or the end of the connection."""

from __future__ import annotations

HOST = "Host: localhost"
JSON = "Content-Type: application/json"
EXECUTE = "/api/plugins/bali_zero.pricing/execute"


def lines(*head: str, body: bytes = b"") -> bytes:
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def get(path: str = "/api/plugins/list", *headers: str) -> bytes:
    return lines(f"GET {path} HTTP/1.1", HOST, "Connection: close", *headers)


def post(*headers: str, body: bytes = b"{}", path: str = EXECUTE) -> bytes:
    return lines(f"POST {path} HTTP/1.1", HOST, "Connection: close", JSON, *headers, body=body)


def chunked(*headers: str, body: bytes) -> bytes:
    return post("Transfer-Encoding: chunked", *headers, body=body)


WIRE: dict[str, tuple[bytes, int | None]] = {
    # addresses
    "two slashes in front": (get("//api/plugins/list"), 404),
    "another site as the address": (get("//evil.example/"), 404),
    "dots that the client left in": (get("/api/../admin/../../etc/passwd"), 404),
    "static, upwards": (get("/static/../../zantara/settings.py"), 404),
    "a whole address": (get("http://evil.example/api/plugins/list"), 200),
    "an asterisk": (lines("OPTIONS * HTTP/1.1", HOST, "Connection: close"), 404),
    "a tunnel": (lines("CONNECT evil.example:443 HTTP/1.1", HOST, "Connection: close"), None),
    "a space in the address": (get("/api/plugins/a b"), None),
    "a fragment": (get("/api/plugins/nothing#list"), 404),
    "no slash": (get("api/plugins/list"), None),
    "no address": (lines("GET  HTTP/1.1", HOST, "Connection: close"), None),
    "UTF-8 in the address": (
        b"GET /api/plugins/\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        None,
    ),
    "9 KiB of query": (get("/livez?" + "a" * 9_000), 414),
    "9 KiB of escapes": (get("/api/plugins/" + "%41" * 3_000), 414),
    # hosts
    "no host": (lines("GET /api/plugins/list HTTP/1.1", "Connection: close"), 400),
    "an empty host": (lines("GET /api/plugins/list HTTP/1.1", "Host:", "Connection: close"), 400),
    "two hosts": (get("/api/plugins/list", "Host: evil.example"), None),
    "a host of another": (
        lines("GET / HTTP/1.1", "Host: evil.example", "Connection: close"),
        400,
    ),
    "a host with a port that is none": (
        lines("GET / HTTP/1.1", "Host: localhost:x", "Connection: close"),
        400,
    ),
    # lines
    "HTTP 0.9": (b"GET /\r\n\r\n", 302),
    "HTTP 1.0 without a host": (b"GET /api/plugins/list HTTP/1.0\r\n\r\n", 200),
    "HTTP 2.0": (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 302),
    "HTTP 2's preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None),
    "HTTP 9.9": (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", None),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64, None),
    "nothing but NUL": (b"\0" * 100 + b"\r\n\r\n", None),
    "a method of 1,000 letters": (lines("A" * 1_000 + " / HTTP/1.1", HOST), None),
    "a lower-case method": (lines("get /livez HTTP/1.1", HOST, "Connection: close"), None),
    "a method with NUL": (b"G\0T / HTTP/1.1\r\nHost: localhost\r\n\r\n", None),
    # headers
    "a space before the colon": (get("/livez", "X-Odd : x"), None),
    "a folded header": (get("/livez", "X-Odd: a\r\n b"), None),
    "NUL in a header": (get("/livez", "X-Odd: a\0b"), None),
    "a bare line feed": (get("/livez", "X-Odd: a\nX-Injected: yes"), None),
    "a bare carriage return": (get("/livez", "X-Odd: a\rX-Injected: yes"), None),
    "a header without a colon": (get("/livez", "X-Odd"), None),
    "two authorizations": (
        get("/api/plugins/list", "Authorization: Bearer zan_a", "Authorization: Bearer zan_b"),
        401,
    ),
    "a token in raw bytes": (get("/api/plugins/list", "Authorization: Bearer \xff\xfe"), 401),
    "an unknown expectation": (get("/nothing", "Expect: the worst"), 404),
    "70 KiB of cookies": (get("/livez", "Cookie: " + "a" * 70_000), 431),
    "a request id of 70 KiB": (get("/livez", "X-Request-Id: " + "a" * 70_000), 431),
    # lengths
    "a negative length": (post("Content-Length: -1"), None),
    "a length with a plus": (post("Content-Length: +2"), None),
    "a length in hex": (post("Content-Length: 0x2"), None),
    "a length with a comma": (post("Content-Length: 2, 2"), None),
    "a length beyond 64 bits": (post("Content-Length: " + "9" * 30), None),
    "the same length twice": (post("Content-Length: 2", "Content-Length: 2"), None),
    "a length and chunks": (
        post("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        None,
    ),
    "an unknown encoding": (post("Transfer-Encoding: gzip"), None),
    "chunks in two steps": (post("Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), None),
    "chunks in disguise": (post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), None),
    "a chunk of a negative size": (chunked(body=b"-1\r\n{}\r\n0\r\n\r\n"), None),
    "a chunk beyond 64 bits": (chunked(body=b"f" * 20 + b"\r\n{}\r\n0\r\n\r\n"), None),
    "a chunk longer than it says": (chunked(body=b"1\r\n{}\r\n0\r\n\r\n"), None),
    "a trailer": (chunked(body=b"1\r\n{\r\n0\r\nX-Injected: yes\r\n\r\n"), 400),
    "a bomb of gzip": (
        post("Content-Encoding: gzip", "Content-Length: 2", body=b"\x1f\x8b"),
        415,
    ),
    "1 MiB and a byte": (
        post(f"Content-Length: {(1 << 20) + 1}", body=b" " * ((1 << 20) + 1)),
        413,
    ),
    "a second request inside": (
        post("Content-Length: 1", body=b"{GET /admin/ HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        400,
    ),
}
