"""Who calls is what the server found out: never a client's own word for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from plugins_app.models import AuditEvent, ExecutionLog
from tests.api._call import is_problem, post, run
from tests.rights.conftest import Callers

CLAIMS = {
    "X-Forwarded-For": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;by=203.0.113.1",
    "X-Real-IP": "203.0.113.9",
    "True-Client-IP": "203.0.113.9",
    "CF-Connecting-IP": "203.0.113.9",
    "X-Forwarded-User": "root",
    "X-Forwarded-Email": "root@example.com",
    "X-Remote-User": "root",
    "Remote-User": "root",
    "X-User": "root",
    "X-User-Id": "1",
    "X-Admin-Key": "root",
    "X-Zantara-Caller": "system",
    "X-Zantara-User": "root",
    "X-Original-User": "root",
    "X-Authenticated-UserId": "1",
    "X-SSL-Client-CN": "root",
    "From": "root@example.com",
    "X-Forwarded-Host": "localhost",
    "X-Original-URL": "/api/plugins/lab.admin/execute",
    "X-Rewrite-URL": "/api/plugins/lab.admin/execute",
    "X-HTTP-Method-Override": "GET",
    "X-HTTP-Method": "DELETE",
    "X-Method-Override": "GET",
}
CALLERS = ["nobody", "execute", "user"]


def logged() -> ExecutionLog:
    return ExecutionLog.objects.latest("id")


def secret_of(client: Client) -> str:
    return str(client.defaults["HTTP_AUTHORIZATION"]).removeprefix("Bearer ")


@pytest.mark.parametrize("column", CALLERS)
def test_headers_that_claim_an_identity_change_nothing(callers: Callers, column: str) -> None:
    client, id = callers[column], callers.ids[column]
    for header, value in CLAIMS.items():
        response = run(client, "lab.echo", {header: value}, text="ha")

        assert response.json()["metadata"]["caller"] == id, header
        assert logged().caller == id, header


@pytest.mark.parametrize("column", CALLERS)
def test_headers_that_claim_an_identity_open_nothing(callers: Callers, column: str) -> None:
    callers["root"]
    for header, value in CLAIMS.items():
        assert run(callers[column], "lab.admin", {header: value}).status_code in (403, 404), header


@pytest.mark.parametrize(
    "header", ["X-Api-Key", "Api-Key", "X-Authorization", "Proxy-Authorization", "X-Auth-Token"]
)
def test_a_key_counts_in_authorization_alone(callers: Callers, header: str) -> None:
    for value in (secret_of(callers["admin"]), f"Bearer {secret_of(callers['admin'])}"):
        run(callers["nobody"], "lab.echo", {header: value}, text="ha")

        assert logged().caller == callers.ids["nobody"]


def test_a_session_beside_a_key_is_not_looked_at(callers: Callers) -> None:
    callers["root"]
    key = {"Authorization": callers["execute"].defaults["HTTP_AUTHORIZATION"]}
    run(callers["root"], "lab.echo", key, text="ha")

    assert logged().caller == callers.ids["execute"]
    assert is_problem(run(callers["root"], "lab.admin", key), 403, "forbidden")


@pytest.mark.parametrize("session", ["1", "root", "a" * 32, "../root", "\u00e9", "\0", "x" * 4_000])
def test_a_session_that_the_server_did_not_make_is_nobodys(callers: Callers, session: str) -> None:
    client = callers["nobody"]
    client.cookies["sessionid"] = session
    run(client, "lab.echo", text="ha")

    assert logged().caller == callers.ids["nobody"]


@pytest.mark.parametrize(
    "claim",
    [
        {"caller": "system"},
        {"caller": {"id": "user:1", "is_admin": True}},
        {"user": "root"},
        {"user_id": 1},
        {"scopes": ["admin"]},
        {"is_admin": True},
        {"model": "opus"},
        {"source": "system"},
    ],
)
@pytest.mark.parametrize("verb", ["execute", "validate", "reload", "disable", "breaker/reset"])
def test_a_body_that_claims_an_identity_is_refused(
    callers: Callers, verb: str, claim: dict[str, Any]
) -> None:
    response = post(callers["admin"], f"/api/plugins/lab.echo/{verb}", claim)

    assert is_problem(response, 422, "invalid_input")


@pytest.mark.parametrize(
    "claim", ["caller=system", "user=root", "user_id=1", "api_key=x", "_method=GET"]
)
def test_a_query_that_claims_an_identity_is_refused(callers: Callers, claim: str) -> None:
    name, _, _ = claim.partition("=")
    response = post(callers["nobody"], f"/api/plugins/lab.echo/execute?{claim}")

    assert is_problem(response, 400, "unknown_parameter")
    assert response.json()["parameter"] == name


def test_input_that_claims_an_identity_is_the_plugins_to_refuse(callers: Callers) -> None:
    response = run(callers["nobody"], "lab.echo", text="ha", caller="system")

    assert is_problem(response, 422, "invalid_input")


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_is_what_the_request_line_says(callers: Callers, header: str) -> None:
    response = callers["admin"].get("/api/plugins/lab.echo/disable", headers={header: "POST"})

    assert is_problem(response, 405, "method_not_allowed")
    assert not AuditEvent.objects.filter(action="disable").exists()


def test_the_audit_trail_names_who_was_found_out(callers: Callers) -> None:
    for header, value in CLAIMS.items():
        post(callers["admin"], "/api/plugins/lab.echo/reload", headers={header: value})

    rows = AuditEvent.objects.filter(action="reload", object="lab.echo")
    assert {row.actor for row in rows} == {callers.ids["admin"]}
    assert {row.address for row in rows} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ([], "203.0.113.9", "127.0.0.1"),
        (["10.0.0.0/8"], "203.0.113.9", "127.0.0.1"),
        (["127.0.0.1"], "203.0.113.9", "203.0.113.9"),
        (["127.0.0.0/8"], "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (["127.0.0.1", "10.0.0.0/8"], "1.1.1.1, 203.0.113.9, 10.1.1.1", "203.0.113.9"),
        (["127.0.0.1"], "nonsense", "127.0.0.1"),
        (["127.0.0.1"], "", "127.0.0.1"),
        (["127.0.0.1/8"], "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_trusted_proxies_say_whom_they_speak_for(
    callers: Callers, settings: Any, trusted: list[str], forwarded: str, address: str
) -> None:
    settings.ZANTARA_TRUSTED_PROXIES = trusted
    response = run(callers["nobody"], "lab.echo", {"X-Forwarded-For": forwarded}, text="ha")

    assert json.loads(response.content)["metadata"]["caller"] == f"anonymous:{address}"
