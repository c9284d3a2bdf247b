from __future__ import annotations

from urllib.parse import quote

from tests.hostile._case import asked
from tests.hostile.corpus.texts import INJECTIONS, UNICODE

LIST = "/api/plugins/list?{}"
EXECUTIONS = "/api/executions?{}"
texts = {name: quote(text) for name, text in {**INJECTIONS, **UNICODE}.items()}

REFUSED_BY_LIST = {
    "minus one": "limit=-1",
    "zero": "limit=0",
    "501": "limit=501",
    "a half": "limit=1.5",
    "an exponent": "limit=1e2",
    "beyond floats": "limit=1e400",
    "2^63": "limit=9223372036854775808",
    "5,000 digits": "limit=" + "9" * 5_000,
    "true": "limit=true",
    "no number": "limit=many",
    "NaN": "limit=NaN",
    "nothing": "limit=",
    "an underscore": "limit=1_0_0_0",
    "a list": "limit[]=1",
    "a cursor of bytes": "cursor=%ff",
    "a cursor of garbage": "cursor=!!!!",
    "a cursor of base64": "cursor=" + "OTk5" * 400,
    "a cursor of minus one": "cursor=LTE=",
    "an unknown field": "fields=%00",
    "a dunder field": "fields=__class__",
    "a field by attribute": "fields=name.__class__",
    "an unknown order": "ordering=password",
    "an order by lookup": "ordering=-name__regex",
    "two minus": "ordering=--name",
    "an unknown category": "category=%F0%9F%92%A9",
    "an unknown status": "status=broken",
    "no boolean": "requires_auth=perhaps",
    "a long search": "q=" + "a" * 201,
    "an unknown parameter": "sort=name",
    "an unknown parameter with NUL": "%00=1",
    "no name": "=1",
    "an array": "tag[]=1",
    "an object": "filter[name]=1",
    "a lookup": "name__regex=.*",
    "bytes as a name": "%ff=1",
    "a prototype": "__proto__=1",
    "600 unknown ones": "&".join(f"tag={n}&x={n}" for n in range(600)),
    "another question mark": "?",
    "Arabic digits": "limit=%D9%A1",
    "1,100 parameters": "q=a&" + "tag=b&" * 1_100,
}
ODD_FOR_LIST = {
    "nothing but separators": "&&&",
    "half a percent": "q=%",
    "no hex": "q=%zz",
    "bytes": "q=%ff%fe",
    "NUL": "q=%00",
    "a surrogate": "q=%ed%a0%80",
    "the last of two": "q=echo&q=nothing",
    "a semicolon": "q=a;limit=0",
    "1,000 tags": "tag=" + "a," * 1_000,
    "an empty tag": "tag=,,,",
    "spaces": "q=%20%09%0a",
    "a limit with spaces": "limit=%2010%20",
}
REFUSED_BY_EXECUTIONS = {
    "a cursor that is none": "cursor=1",
    "a cursor beyond ULIDs": "cursor=8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "a cursor with NUL": "cursor=01J9ZK2A00000000000000000%00",
    "no offset": "since=2026-01-01T00:00:00",
    "no date": "since=yesterday",
    "the 30th of February": "since=2026-02-30T00:00:00Z",
    "beyond times": "until=1e400",
    "the year 10,000": "until=10000-01-01T00:00:00Z",
    "an epoch": "since=0",
    "a huge epoch": "since=99999999999999999999",
    "an unknown status": "status=lost",
    "upper-case code": "error_code=TIMEOUT",
    "a long code": "error_code=" + "a" * 33,
    "a long source": "source=" + "a" * 17,
    "a long request id": "request_id=" + "a" * 129,
    "no boolean": "cached=2",
    "the limit 501": "limit=501",
    "an unknown field": "fields=traceback_",
    "a long caller": "caller=" + "a" * 201,
    "an unknown parameter": "offset=1",
}
ODD_FOR_EXECUTIONS = {
    "the year one": "since=0001-01-01T00:00:00Z",
    "the year one, further east": "since=0001-01-01T00:00:00%2B14:00",
    "before 1970": "since=1969-12-31T23:59:59Z",
    "the year 9999, further west": "until=9999-12-31T23:59:59-14:00",
    "the year 9999": "until=9999-12-31T23:59:59Z",
    "until before since": "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
    "a caller with NUL": "caller=%00",
    "a plugin with NUL": "plugin=%00",
    "a plugin of bytes": "plugin=%ff",
    "a request id with NUL": "request_id=%00",
    "SQL": "caller=" + quote(INJECTIONS["SQL"]),
}
REFUSED_ELSEWHERE = {
    "a range with NUL": "/api/plugins/metrics/all?range=24h%00",
    "an unknown range": "/api/plugins/metrics/all?range=1y",
    "a range of bytes": "/api/plugins/lab.echo/metrics?range=%ff",
    "no buckets": "/api/plugins/lab.echo/metrics?buckets=0",
    "501 buckets": "/api/plugins/lab.echo/metrics?buckets=501",
    "buckets beyond floats": "/api/plugins/lab.echo/metrics?buckets=1e400",
    "a category of tools": "/api/plugins/tools/anthropic?category=%F0%9F%92%A9",
    "a long model": "/api/plugins/tools/openai?model=" + "a" * 201,
    "a long search": "/api/plugins/search?q=" + "a" * 201,
    "a parameter for none": "/api/plugins/statistics?x=1",
    "a parameter for health": "/api/plugins/health?verbose=1",
    "a parameter for a plugin": "/api/plugins/lab.echo?fields=name",
    "a format": "/api/plugins/lab.echo?format=xml",
    "JSONP": "/api/plugins/list?callback=alert",
    "a parameter for the document": "/api/openapi.json?format=yaml",
}
ODD_ELSEWHERE = {
    "a model that is none": "/api/plugins/tools/openai?model=%00",
    "names of nothing": "/api/plugins/tools/openai?names=" + "%00," * 100,
    "a question to the probe": "/livez?%00=%ff",
    "a page of docs": "/api/docs?url=https://evil.example/openapi.json",
    "docs in another language": "/api/docs?lang=%3Cscript%3Ealert(1)%3C/script%3E",
}

CASES = [
    *asked(400, "list", REFUSED_BY_LIST, LIST),
    *asked(200, "list", ODD_FOR_LIST, LIST),
    *asked(400, "executions", REFUSED_BY_EXECUTIONS, EXECUTIONS, who="admin"),
    *asked(200, "executions", ODD_FOR_EXECUTIONS, EXECUTIONS, who="admin"),
    *asked(400, "query", REFUSED_ELSEWHERE),
    *asked(200, "query", ODD_ELSEWHERE),
    *asked(200, "a text to search", texts, "/api/plugins/search?q={}"),
    *asked(
        400, "a question to execute", {"any": "/api/plugins/lab.echo/execute?x=%ff"}, method="POST"
    ),
]
