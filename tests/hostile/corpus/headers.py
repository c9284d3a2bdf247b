from __future__ import annotations

from tests.hostile._case import EXECUTE, JSON, asked, headed

REFUSED = {
    400: {
        "a wrong host": {"Host": "evil.example.com"},
        "a host that is none": {"Host": "a b"},
        "a host with a path": {"Host": "localhost/evil"},
        "a host with a line": {"Host": "localhost\r\nX-Injected: yes"},
        "a host with a user": {"Host": "root@localhost"},
        "a host with two ports": {"Host": "localhost:80:80"},
        "an empty host": {"Host": ""},
        "an empty idempotency key": {"Idempotency-Key": ""},
        "an idempotency key of two words": {"Idempotency-Key": "a b"},
        "a long idempotency key": {"Idempotency-Key": "x" * 256},
        "an idempotency key in Latin-1": {"Idempotency-Key": "\u00e4"},
    },
    401: {
        "an idempotency key of nobody": {"Idempotency-Key": "x"},
        "an empty token": {"Authorization": "Bearer "},
        "no token": {"Authorization": "Bearer"},
        "nothing but a space": {"Authorization": " "},
        "a password": {"Authorization": "Basic YWRtaW46YWRtaW4="},
        "a broken password": {"Authorization": "Basic !!!"},
        "a digest": {"Authorization": 'Digest username="root"'},
        "a 10 kB token": {"Authorization": "Bearer " + "x" * 10_000},
        "a token of the right length": {"Authorization": "Bearer zan_" + "x" * 40},
        "a token in Latin-1": {"Authorization": "Bearer z\u00e4n_"},
        "a token with a NUL": {"Authorization": "Bearer zan_\0"},
        "a token with SQL": {"Authorization": "Bearer zan_' OR 1=1 --"},
        "two tokens": {"Authorization": "Bearer zan_a, Bearer zan_b"},
        "a token without a scheme": {"Authorization": "zan_" + "x" * 40},
        "a JSON web token without a signature": {
            "Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."
        },
    },
    403: {
        "a model that nobody knows": {"X-Zantara-Model": "gpt"},
        "a model of 4 kB": {"X-Zantara-Model": "x" * 4_000},
        "a model with a script": {"X-Zantara-Model": "<script>alert(1)</script>"},
        "a model of another family": {"X-Zantara-Model": "haikus"},
    },
    406: {
        "only HTML": {"Accept": "text/html"},
        "a bogus Accept": {"Accept": "///"},
        "nothing at all": {"Accept": ""},
        "1,000 types": {"Accept": "text/a," * 1_000 + "*/*"},
        "no JSON": {"Accept": "application/xml"},
    },
    415: {
        "gzip": {"Content-Encoding": "gzip"},
        "brotli": {"Content-Encoding": "br"},
        "twice gzip": {"Content-Encoding": "gzip, gzip"},
        "an unknown coding": {"Content-Encoding": "x" * 1_000},
    },
}
ODD = {
    "anything": {"Accept": "*/*"},
    "a broken quality": {"Accept": "application/json;q=much"},
    "an infinite quality": {"Accept": "application/json;q=1e999"},
    "quality NaN": {"Accept": "application/json;q=nan"},
    "languages": {"Accept-Language": "../../etc/passwd;q=x"},
    "a language of 10 kB": {"Accept-Language": "a" * 10_000},
    "a coding of garbage": {"Accept-Encoding": "\x00gzip;q=-1"},
    "a broken cookie": {"Cookie": '=;;"\\x00; sessionid="'},
    "a huge cookie": {"Cookie": "a=" + "b" * 8_000},
    "1,000 cookies": {"Cookie": "; ".join(f"c{n}=1" for n in range(1_000))},
    "a session of nobody": {"Cookie": "sessionid=../../etc/passwd"},
    "a session with NUL": {"Cookie": "sessionid=%00; csrftoken=%00"},
    "a theme that is none": {"Cookie": "zantara_theme=<script>alert(1)</script>"},
    "a request id with a header": {"X-Request-Id": "a\r\nX-Injected: yes"},
    "a request id in Unicode": {"X-Request-Id": "\u00e9\u00e8"},
    "a request id of 4 kB": {"X-Request-Id": "a" * 4_000},
    "a request id with NUL": {"X-Request-Id": "a\0b"},
    "a request id with a script": {"X-Request-Id": "<script>alert(1)</script>"},
    "an empty request id": {"X-Request-Id": ""},
    "a range": {"Range": "bytes=0-1"},
    "a broken range": {"Range": "bytes=9999999999999999999-0,-"},
    "an expectation": {"Expect": "the worst"},
    "an upgrade": {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings"},
    "a proxy": {"X-Forwarded-For": "' OR 1=1 --, \x00, 1.2.3"},
    "a thousand proxies": {"X-Forwarded-For": "10.0.0.1," * 1_000},
    "another protocol": {"X-Forwarded-Proto": "https"},
    "another host": {"X-Forwarded-Host": "evil.example.com"},
    "a prefer": {"Prefer": "respond-async, wait=1e999"},
    "an origin": {"Origin": "https://evil.example"},
    "no origin": {"Origin": "null"},
    "a referer": {"Referer": "javascript:alert(1)"},
    "a shellshock": {"User-Agent": "() { :;}; echo vulnerable"},
    "a lookup": {"User-Agent": "${jndi:ldap://127.0.0.1/a}"},
    "a trace": {"Traceparent": "00-zz-zz-zz"},
    "a model with NUL": {"X-Zantara-Model": "haiku\0"},
    "100 headers": {f"X-Odd-{n}": "x" * 50 for n in range(100)},
}
CONDITIONS = {
    "a broken etag": {"If-None-Match": '"'},
    "an etag with NUL": {"If-None-Match": '"\0"'},
    "1,000 etags": {"If-None-Match": '"a",' * 1_000},
    "a weak etag": {"If-None-Match": "W/"},
    "a broken etag to match": {"If-Match": "\x00"},
    "no date": {"If-Modified-Since": "yesterday"},
    "a date beyond": {"If-Modified-Since": "Fri, 31 Dec 9999999 23:59:59 GMT"},
}
FAILED_CONDITIONS = {
    "another etag": {"If-Match": '"x"'},
}
CONTENT_TYPES = {
    "none": "",
    "text": "text/plain",
    "almost": "application/jsonp",
    "a suffix": "application/problem+json",
    "UTF-7": "application/json; charset=utf-7",
    "UTF-16": "application/json; charset=utf-16",
    "hex": "application/json; charset=hex",
    "undefined": "application/json; charset=undefined",
    "a long charset": "application/json; charset=" + "x" * 1_000,
    "multipart": "multipart/form-data",
    "multipart with a boundary": "multipart/form-data; boundary=x",
    "multipart with a long boundary": "multipart/form-data; boundary=" + "x" * 300,
    "a form": "application/x-www-form-urlencoded",
    "XML": "application/xml",
    "YAML": "application/yaml",
    "a pickle": "application/python-pickle",
    "semicolons": ";;;",
    "Latin-1": "\u00e9",
    "10 kB": "a/" + "b" * 10_000,
}
METHODS = ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW", "X" * 1_000, "GE\u0301T")
TARGETS = {
    "list": "/api/plugins/list",
    "execute": EXECUTE,
    "metrics": "/metrics",
    "alive": "/livez",
    "ready": "/readyz",
    "docs": "/api/docs",
}

CASES = [
    *(case for status, headers in REFUSED.items() for case in headed(status, "header", headers)),
    *headed(200, "header", ODD),
    *headed(200, "condition", CONDITIONS, method="GET", path="/api/plugins/list", body=b""),
    *headed(412, "condition", FAILED_CONDITIONS, method="GET", path="/api/plugins/list", body=b""),
    *(
        case
        for name, kind in CONTENT_TYPES.items()
        for case in headed(415, "content type", {name: {}}, content_type=kind)
    ),
    *headed(
        200, "content type", {"in capitals": {}}, content_type="Application/JSON ; Charset=UTF-8"
    ),
    *headed(
        200, "content type", {"an open quote": {}}, content_type='application/json; charset="utf-8'
    ),
    *(
        case
        for method in METHODS
        for case in asked(405, f"method {method[:10]}", TARGETS, method=method, content_type=JSON)
    ),
]
