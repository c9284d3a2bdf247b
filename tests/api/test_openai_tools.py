"""GET /api/plugins/tools/openai."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from plugins_app.services import lifecycle
from plugins_app.services.audit import CLI
from tests.api._call import Headers, is_problem, run

PATH = "/api/plugins/tools/openai"
pytestmark = pytest.mark.usefixtures("lab")


def tools(client: Client, headers: Headers | None = None, **query: str) -> list[str]:
    body = client.get(PATH, query, headers=headers or {}).json()
    assert body["count"] == len(body["tools"]) == len(body["name_map"])
    return [tool["function"]["name"] for tool in body["tools"]]


def test_tools_have_only_the_keys_of_the_provider(client: Client) -> None:
    [tool] = client.get(PATH, {"names": "lab.echo"}).json()["tools"]

    assert set(tool) == {"type", "function"}
    assert tool["type"] == "function"
    assert set(tool["function"]) == {"name", "description", "parameters"}
    assert tool["function"]["parameters"]["required"] == ["text"]


def test_the_name_map_leads_from_every_tool_to_what_it_executes(client: Client) -> None:
    body = client.get(PATH, {"names": "lab.declines,lab.old,lab.opus"}).json()

    for tool in body["tools"]:
        plugin = body["name_map"][tool["function"]["name"]]
        assert run(client, plugin).json()["metadata"]["plugin"] == plugin


def test_a_tool_can_be_executed_under_its_own_name(client: Client) -> None:
    [name] = tools(client, names="lab.old")

    assert run(client, name).json()["metadata"]["plugin"] == "lab.old"


@pytest.mark.parametrize(
    ("query", "found"),
    [({"model": "claude-3-5-haiku"}, False), ({"model": "opus"}, True), ({}, True)],
)
def test_a_model_gets_what_it_may_call(client: Client, query: Any, found: bool) -> None:
    assert ("lab__opus" in tools(client, **query)) is found
    assert "lab__echo" in tools(client, **query)


def test_the_model_in_the_header_wins_over_the_parameter(client: Client) -> None:
    assert "lab__opus" not in tools(client, {"X-Zantara-Model": "haiku"}, model="opus")


def test_the_model_of_a_key_wins_over_both(client: Client, key: Any) -> None:
    headers = key("list", model="haiku") | {"X-Zantara-Model": "opus"}

    assert "lab__opus" not in tools(client, headers, model="opus")


def test_tools_that_cannot_be_called_now_are_left_out(client: Client) -> None:
    lifecycle.disable(["lab.echo"], CLI)

    assert "lab__echo" not in tools(client)


def test_tools_that_the_caller_may_not_call_are_left_out(client: Client, key: Any) -> None:
    assert {"lab__private", "lab__admin"}.isdisjoint(tools(client))
    assert "lab__private" in tools(client, key("list", name="member"))
    assert "lab__admin" not in tools(client, key("list", name="another"))
    assert tools(client, key("list", name="limited", plugins=["lab.ec*"])) == ["lab__echo"]


def test_tools_that_did_not_change_are_304(client: Client) -> None:
    etag = client.get(PATH)["ETag"]
    again = client.get(PATH, headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_tools_that_changed_are_sent_again(client: Client) -> None:
    etag = client.get(PATH)["ETag"]
    lifecycle.disable(["lab.echo"], CLI)

    assert client.get(PATH, headers={"If-None-Match": etag}).status_code == 200


def test_both_providers_get_the_same_tools(client: Client) -> None:
    anthropic = client.get("/api/plugins/tools/anthropic").json()
    openai = client.get(PATH).json()

    assert openai["name_map"] == anthropic["name_map"]
    assert [tool["function"]["parameters"] for tool in openai["tools"]] == [
        tool["input_schema"] for tool in anthropic["tools"]
    ]


def test_a_category_that_is_none_is_400(client: Client) -> None:
    assert is_problem(client.get(PATH, {"category": "leagl"}), 400, "invalid_parameter")
