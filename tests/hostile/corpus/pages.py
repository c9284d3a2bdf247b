"""The login, the marketplace and the admin's lists."""

from __future__ import annotations

from urllib.parse import quote

from tests.hostile._case import Case, asked, headed, typed
from tests.hostile.corpus.texts import INJECTIONS, UNICODE

LOGIN = "/admin/login/"
MARKET = "/admin/plugins/?{}"
PLUGIN = "/admin/plugins/lab.echo/"
ELSEWHERE = {
    "another site": "//evil.example",
    "another site with a scheme": "https://evil.example/",
    "three slashes": "///evil.example",
    "backslashes": "\\\\evil.example",
    "a slash and a backslash": "/\\evil.example",
    "a script": "javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "a user": "http://testserver@evil.example/",
    "a header": "/\r\nX-Injected: yes",
    "a tab": "/\t/evil.example",
    "NUL": "/\0/evil.example",
    "a space before": " //evil.example",
    "a long way": "/" + "a" * 5_000,
    "an open bracket": "http://[evil",
}
texts = {name: quote(text) for name, text in {**INJECTIONS, **UNICODE}.items()}
MARKET_QUERIES = {
    "NUL": "q=%00",
    "bytes": "q=%ff",
    "a long search": "q=" + "a" * 5_000,
    "a category that is none": "category=%3Cscript%3Ealert(1)%3C/script%3E",
    "a category with NUL": "category=%00",
    "a status that is none": "status=%F0%9F%92%A9",
    "a status with a lookup": "status__regex=.*",
    "page zero": "page=0",
    "page minus one": "page=-1",
    "page a half": "page=1.5",
    "a huge page": "page=99999999999999999999",
    "5,000 digits": "page=" + "9" * 5_000,
    "no page": "page=x",
    "page NaN": "page=NaN",
    "two pages": "page=1&page=2",
    "an unknown parameter": "x=1",
}
DETAIL_QUERIES = {
    "an unknown range": "range=1y",
    "a range with NUL": "range=%00",
    "a range with a script": "range=%3Cscript%3Ealert(1)%3C/script%3E",
}
CHART_QUERIES = {
    **DETAIL_QUERIES,
    "a beginning with NUL": "from=%00",
    "a beginning before all times": "from=0001-01-01T00:00&to=0001-01-02T00:00",
    "an end after all times": "from=9999-12-31T23:00&to=9999-12-31T23:59",
    "a beginning before the first day": "from=0001-01-01T00:00%2B14:00",
    "a day that is none": "from=2026-13-45T99:99",
    "a comparison with a script": "compare=%3Cscript%3E",
}
NO_PLUGINS = {
    "NUL": "%00",
    "bytes": "%ff",
    "a script": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "dots": "..",
    "dots and a name": "..echo",
    "161 characters": "a" * 161,
    "an unknown version": "lab.echo@9.9.9",
    "two versions": "lab.echo@1@2",
    "upper case": "LAB.ECHO",
    "emoji": "%F0%9F%92%A9",
    "a dash": "-",
    "a template": "%7B%7B7*7%7D%7D",
}
FORMS = {
    "empty": "",
    "no form": "{}",
    "NUL": "reason=%00&next=%00",
    "a long reason": "reason=" + "a" * 10_000,
    "bytes": "reason=%ff%fe",
    "a script": "reason=%3Cscript%3Ealert(1)%3C/script%3E",
    "half a percent": "reason=%",
    "999 fields": "a=1&" * 999,
}
LISTS = {
    "page": "p=x",
    "page minus one": "p=-1",
    "a huge page": "p=99999999999999999999",
    "order": "o=x",
    "order by nothing": "o=999.-999",
    "order of NUL": "o=%00",
    "NUL": "q=%00",
    "bytes": "q=%ff",
    "SQL": "q=" + quote(INJECTIONS["SQL"]),
    "a regex bomb": "q=" + quote("(a+)+$"),
    "a long search": "q=" + "a" * 5_000,
    "1,000 words": "q=" + "a%20" * 1_000,
    "a popup": "_popup=1",
    "an error": "e=1",
    "all": "all=",
    "facets": "_facets=True",
}
LOOKUPS = {
    "a lookup": "status__regex=(a%2B)%2B$",
    "a regex bomb by lookup": "name__regex=(a%2B)%2B$",
    "half a regex": "name__iregex=(",
    "a lookup across": "owner__password__startswith=a",
    "a password": "password__startswith=a",
    "a digest": "digest__startswith=a",
    "JSON": "metadata__contains={}",
    "JSON beyond": "scopes__a__b=%00",
    "a date that is none": "created__year=0",
    "an unknown field": "nothing=1",
    "a dunder": "__class__=1",
    "a date hierarchy": "at__year=99999999999999999999",
    "before garbage": "before=%00",
    "before a huge key": "before=99999999999999999999",
    "after minus one": "after=-1",
    "after bytes": "after=%ff",
    "a popup's field": "_popup=1&_to_field=password",
}
USERS = "/admin/plugins_app/user/?{}"
WRONG_CHOICES = {"no boolean": "is_active__exact=maybe", "NUL": "is_staff__exact=%00"}
NO_PROBLEMS = {
    "NUL": "%00",
    "bytes": "%ff",
    "a script": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "dots": "..",
    "upper case": "INVALID-INPUT",
    "underscores": "invalid_input",
    "10,000 characters": "a" * 10_000,
    "a template": "%7B%7B7*7%7D%7D",
}
FILTERS = {
    "a state": "/admin/api-keys/?state=active",
    "no state": "/admin/api-keys/?state=%00",
    "a category": "/admin/plugins_app/installedplugin/?category=general",
    "no category": "/admin/plugins_app/installedplugin/?category=%00",
    "a host": "/admin/plugins_app/worker/?host=x",
}
ODD_CHOICES = {
    "no group": "groups__id__exact=x",
    "a huge group": "groups__id__exact=99999999999999999999",
}
STOCK = {
    "list of users": "/admin/plugins_app/user/?{}",
    "list of plugins": "/admin/plugins_app/installedplugin/?{}",
}
LOGS = {
    "log of changes": "/admin/audit/?{}",
    "log of records": "/admin/plugins_app/pluginrecord/?{}",
}
ROWS = {
    "NUL": "%00",
    "bytes": "%ff",
    "a huge number": "9" * 400,
    "minus one": "-1",
    "a word": "x",
    "an escape of its own": "_5F_00_2F",
    "half an escape": "_",
    "SQL": quote(INJECTIONS["SQL"]),
    "dots": "../../",
}
LOGINS = {
    "empty": "",
    "NUL": "username=%00&password=%00",
    "a NUL in the name": "username=ro%00ot&password=x",
    "bytes": "username=%ff&password=%ff",
    "10 kB": "username=" + "a" * 10_000 + "&password=" + "b" * 10_000,
    "SQL": "username=" + quote(INJECTIONS["SQL"]) + "&password=x",
    "two names": "username=a&username=b&password=x",
    "a list": "username[]=a&password[]=b",
    "a superuser by field": "username=a&password=b&is_superuser=on",
    "a script": "username=" + quote(INJECTIONS["a script"]) + "&password=x",
    "emoji": "username=%F0%9F%92%A9&password=%F0%9F%92%A9",
    "normalisation": "username=%EF%BD%92oot&password=x",
}


def lists() -> list[Case]:
    """Lists of logs do not look at what they do not know; Django's say that it is wrong."""
    stock = (
        case
        for name, path in STOCK.items()
        for status, queries in ((200, LISTS), (400, LOOKUPS))
        for case in asked(status, name, queries, path, who="root")
    )
    logs = (
        case
        for name, path in LOGS.items()
        for case in asked(200, name, {**LISTS, **LOOKUPS}, path, who="root")
    )
    return [*stock, *logs]


CASES = [
    *typed(200, "login", LOGINS, LOGIN),
    *asked(
        200, "login, and then", {n: quote(to) for n, to in ELSEWHERE.items()}, LOGIN + "?next={}"
    ),
    *asked(
        302,
        "logged in, and then",
        {n: quote(to) for n, to in ELSEWHERE.items()},
        LOGIN + "?next={}",
        who="root",
    ),
    *typed(
        302,
        "theme, and then",
        {n: f"theme=dark&next={quote(to)}" for n, to in ELSEWHERE.items()},
        "/admin/theme/",
    ),
    *typed(
        302,
        "disable, and then",
        {n: f"next={quote(to)}" for n, to in ELSEWHERE.items()},
        f"{PLUGIN}disable/",
        who="root",
    ),
    *typed(
        302, "a theme that is", {"none": "theme=%00", "a script": "theme=<script>"}, "/admin/theme/"
    ),
    *asked(200, "marketplace", MARKET_QUERIES, MARKET, who="root"),
    *asked(200, "keys", MARKET_QUERIES, "/admin/api-keys/?{}", who="root"),
    *asked(200, "marketplace for", texts, MARKET.format("q={}"), who="root"),
    *asked(200, "plugin page", DETAIL_QUERIES, f"{PLUGIN}?{{}}", who="root"),
    *asked(400, "chart", CHART_QUERIES, "/admin/charts/calls.json?{}", who="root"),
    *asked(200, "metrics", CHART_QUERIES, f"{PLUGIN}metrics/?{{}}", who="root"),
    *asked(404, "plugin page", NO_PLUGINS, "/admin/plugins/{}/", who="root"),
    *asked(
        404,
        "no plugin to reload",
        NO_PLUGINS,
        "/admin/plugins/{}/reload/",
        method="POST",
        who="root",
    ),
    *typed(302, "form to disable", FORMS, f"{PLUGIN}disable/", who="root"),
    *typed(302, "form to reload", FORMS, f"{PLUGIN}reload/", who="root"),
    *typed(200, "form for a password", FORMS, "/admin/password_change/", who="root"),
    *typed(200, "form for a user", FORMS, "/admin/plugins_app/user/add/", who="root"),
    *typed(400, "form for a key", FORMS, "/admin/api-keys/new/", who="root"),
    *lists(),
    *asked(404, "no problem", NO_PROBLEMS, "/problems/{}"),
    *asked(200, "filter by", FILTERS, who="root"),
    *asked(302, "users with", WRONG_CHOICES, USERS, who="root"),
    *asked(200, "users with", ODD_CHOICES, USERS, who="root"),
    *asked(302, "user", ROWS, "/admin/plugins_app/user/{}/change/", who="root"),
    *asked(404, "execution", ROWS, "/admin/plugins_app/executionlog/{}/change/", who="root"),
    *asked(404, "key", ROWS, "/admin/api-keys/{}/", who="root"),
    *asked(302, "the address of an execution", ROWS, "/admin/executions/{}/"),
    *asked(404, "the page of an execution", ROWS, "/admin/executions/{}/", who="root"),
    *headed(
        400,
        "a redirect for",
        {"another host": {"Host": "evil.example"}, "a broken host": {"Host": "evil/"}},
        method="GET",
        path="/",
        body=b"",
    ),
    *headed(
        302,
        "a redirect for",
        {
            "a forwarded host": {"X-Forwarded-Host": "evil.example"},
            "a forwarded port": {"X-Forwarded-Port": "1"},
            "a forwarded prefix": {"X-Script-Name": "//evil.example"},
        },
        method="GET",
        path="/",
        body=b"",
    ),
]
