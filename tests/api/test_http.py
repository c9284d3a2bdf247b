"""What holds for every answer: headers, methods, caching, negotiation."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client

from tests.api._call import is_problem, post, run

READ = [
    "/api/plugins/list",
    "/api/plugins/search",
    "/api/plugins/statistics",
    "/api/plugins/metrics/all",
    "/api/plugins/tools/anthropic",
    "/api/plugins/health",
    "/api/plugins/lab.echo",
    "/api/plugins/lab.echo/metrics",
]
WRITTEN = ["/api/plugins/lab.echo/execute", "/api/plugins/lab.echo/reload"]
TAGGED = ["/api/plugins/list", "/api/plugins/lab.echo", "/api/plugins/tools/anthropic"]
pytestmark = pytest.mark.usefixtures("lab")


@pytest.mark.parametrize("path", [*READ, *WRITTEN, "/api/nothing", "/livez"])
def test_every_answer_names_the_request_and_the_version(client: Client, path: str) -> None:
    response = client.get(path)

    assert len(response["X-Request-Id"]) == 32
    assert response["ZANTARA-Version"] == project.ZANTARA_VERSION


@pytest.mark.parametrize("sent", ["abc-123", "a" * 128, "1.2:3_4"])
def test_a_request_id_of_the_client_is_kept(client: Client, sent: str) -> None:
    response = client.get("/api/plugins/nothing", headers={"X-Request-Id": sent})

    assert response["X-Request-Id"] == response.json()["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "a" * 129, "<script>", "é"])
def test_another_request_id_is_replaced(client: Client, sent: str) -> None:
    response = client.get("/api/plugins/list", headers={"X-Request-Id": sent})

    assert len(response["X-Request-Id"]) == 32
    assert response["X-Request-Id"] != sent


@pytest.mark.parametrize("path", [*READ, "/api/plugins/nothing", "/api/nothing"])
def test_answers_are_private_and_protected(client: Client, path: str) -> None:
    response = client.get(path)

    assert response["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(response["Vary"].split(", "))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("path", TAGGED)
def test_what_did_not_change_is_304(client: Client, path: str) -> None:
    tag = client.get(path)["ETag"]
    response = client.get(path, headers={"If-None-Match": tag})

    assert response.status_code == 304
    assert response.content == b""
    assert response["ETag"] == tag
    assert response["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", TAGGED)
@pytest.mark.parametrize("tag", ['"else"', "nonsense", '"a", "b"'])
def test_another_tag_gets_the_answer(client: Client, path: str, tag: str) -> None:
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_the_tag_follows_the_body(client: Client) -> None:
    before = client.get("/api/plugins/list")["ETag"]
    run(client, "lab.echo", text="ha")

    assert client.get("/api/plugins/list")["ETag"] != before


def test_problems_have_no_tag(client: Client) -> None:
    assert "ETag" not in client.get("/api/plugins/nothing")


def test_a_condition_that_fails_is_412(client: Client) -> None:
    response = client.get("/api/plugins/list", headers={"If-Match": '"old"'})

    assert is_problem(response, 412, "precondition_failed")


@pytest.mark.parametrize("path", READ)
def test_head_is_get_without_the_body(client: Client, path: str) -> None:
    read, head = client.get(path), client.head(path)

    assert head.status_code == 200
    assert head.content == b""
    assert head.get("ETag") == read.get("ETag")


@pytest.mark.parametrize("path", READ)
def test_options_lists_the_methods(client: Client, path: str) -> None:
    response = client.options(path)

    assert response.status_code == 204
    assert {"GET", "HEAD", "OPTIONS"} <= set(response["Allow"].split(", "))


@pytest.mark.parametrize("path", WRITTEN)
def test_options_of_what_is_written(client: Client, key: Any, path: str) -> None:
    response = client.options(path, headers=key("admin"))

    assert response.status_code == 204
    assert response["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/api/plugins/list", "/api/plugins/lab.echo/execute"])
def test_another_method_is_405_and_told_which(client: Client, method: str, path: str) -> None:
    response = client.generic(method, path)

    assert is_problem(response, 405, "method_not_allowed")
    assert "OPTIONS" in response["Allow"]


@pytest.mark.parametrize("path", WRITTEN)
def test_what_is_written_is_not_read(client: Client, key: Any, path: str) -> None:
    assert is_problem(client.get(path, headers=key("admin")), 405, "method_not_allowed")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*;q=0.5"])
def test_who_takes_no_json_gets_406(client: Client, accept: str) -> None:
    response = client.get("/api/plugins/list", headers={"Accept": accept})

    assert is_problem(response, 406, "not_acceptable")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, */*;q=0.1"])
def test_who_takes_json_gets_it(client: Client, accept: str) -> None:
    response = client.get("/api/plugins/list", headers={"Accept": accept})

    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=bogus",
        "application/json+ld",
        "",
    ],
)
def test_a_body_that_is_not_json_by_name_is_415(client: Client, content_type: str) -> None:
    body = b'{"input_data": {"text": "ha"}}'
    response = client.generic("POST", WRITTEN[0], body, content_type=content_type)

    assert is_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"']
)
def test_json_in_utf_8_may_say_so(client: Client, content_type: str) -> None:
    body = '{"input_data": {"text": "é"}}'.encode()
    response = client.generic("POST", WRITTEN[0], body, content_type=content_type)

    assert response.json()["data"] == {"text": "é"}


def test_a_compressed_body_is_415(client: Client) -> None:
    response = post(client, WRITTEN[0], b"\x1f\x8b", {"Content-Encoding": "gzip"})

    assert is_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/plugins", "/api/plugins/", "/api/v2/x"])
def test_below_api_even_nothing_is_a_problem(client: Client, path: str) -> None:
    assert is_problem(client.get(path), 404, "not_found")
