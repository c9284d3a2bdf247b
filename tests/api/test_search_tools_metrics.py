"""Search, statistics, tools and metrics."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.api._call import is_problem, names, post, run

SEARCH = "/api/plugins/search"
TOOLS = "/api/plugins/tools/anthropic"
pytestmark = pytest.mark.usefixtures("lab")


@pytest.mark.parametrize("parameter", ["q", "query"])
def test_search_by_query_string_and_by_body_find_the_same(client: Client, parameter: str) -> None:
    asked = client.get(SEARCH, {parameter: "echo"})

    assert names(asked) == ["lab.echo"]
    assert post(client, SEARCH, {parameter: "echo"}).json() == asked.json()


def test_search_takes_a_post_with_a_query_string(client: Client) -> None:
    response = client.generic("POST", f"{SEARCH}?query=echo")

    assert names(response) == ["lab.echo"]


def test_results_carry_their_score_and_the_query(client: Client) -> None:
    body = client.get(SEARCH, {"q": "ecko"}).json()

    assert body["query"] == "ecko"
    assert body["count"] == len(body["results"])
    assert 0 < body["results"][0]["score"] <= 1


def test_a_search_for_nothing_finds_nothing(client: Client) -> None:
    assert client.get(SEARCH).json()["count"] == 0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"query": 1}, "/query"),
        ({"query": None}, "/query"),
        ({"query": "x" * 201}, "/query"),
        ({"quary": "x"}, "/quary"),
        ({"query": "a", "q": "b"}, ""),
        (["a"], ""),
    ],
)
def test_a_search_of_another_shape_is_422(client: Client, body: Any, pointer: str) -> None:
    response = post(client, SEARCH, body)

    assert is_problem(response, 422, "invalid_input")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_statistics_count_what_is_loaded(client: Client) -> None:
    counts = client.get("/api/plugins/statistics").json()["statistics"]

    listed = names(client.get("/api/plugins/list"))
    assert counts["total_plugins"] == counts["enabled"] == len(listed)
    assert counts["total_versions"] == len(listed) + 1
    assert counts["aliases"] == 1
    assert counts["category_counts"] == {"general": len(listed)}
    assert counts["load_errors"] == 0


def test_tools_have_only_the_keys_of_the_provider(client: Client) -> None:
    body = client.get(TOOLS).json()

    assert all(set(tool) == {"name", "description", "input_schema"} for tool in body["tools"])
    assert body["count"] == len(body["tools"])


def test_the_name_map_leads_from_a_tool_to_what_it_executes(client: Client) -> None:
    body = client.get(TOOLS, {"names": "lab.echo"}).json()

    assert body["name_map"] == {"lab__echo": "lab.echo"}
    assert run(client, "lab__echo", text="ha").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"names": "lab.echo,lab__safe"}, ["lab__echo", "lab__safe"]),
        ({"model": "claude-3-haiku", "names": "lab.opus"}, []),
        ({"model": "opus", "names": "lab.opus"}, ["lab__opus"]),
        ({"category": "legal"}, []),
        ({"names": "lab.nothing"}, []),
    ],
)
def test_tools_are_chosen_by_name_model_and_category(
    client: Client, query: Any, expected: list[str]
) -> None:
    assert [tool["name"] for tool in client.get(TOOLS, query).json()["tools"]] == expected


def test_the_model_in_the_header_wins_over_the_parameter(client: Client) -> None:
    query, haiku = {"model": "opus", "names": "lab.opus"}, {"X-Zantara-Model": "haiku"}

    assert client.get(TOOLS, query, headers=haiku).json()["count"] == 0


def test_metrics_of_all_plugins_include_those_that_nobody_called(client: Client) -> None:
    run(client, "lab.echo", text="ha")
    body = client.get("/api/plugins/metrics/all", {"range": "1h"}).json()

    assert body["range"] == "1h"
    assert body["metrics"]["lab.echo"]["calls"] == 1
    assert body["metrics"]["lab.fails"]["calls"] == 0


def test_metrics_of_one_plugin_have_a_series(client: Client) -> None:
    run(client, "lab.echo", text="ha")
    body = client.get("/api/plugins/echo-it/metrics", {"range": "1h"})

    assert body.json()["plugin"] == "lab.echo"
    assert body["Content-Location"] == "/api/plugins/lab.echo/metrics"
    assert sum(point["succeeded"] for point in body.json()["series"]) == 1


@pytest.mark.parametrize("buckets", [1, 7, 24, 96, 500])
def test_buckets_bounds_the_points_of_the_series(client: Client, buckets: int) -> None:
    response = client.get("/api/plugins/lab.echo/metrics", {"buckets": buckets})

    assert 1 <= len(response.json()["series"]) <= buckets


@pytest.mark.parametrize("query", [{"range": "1y"}, {"buckets": "0"}, {"buckets": "many"}])
def test_a_range_that_is_none_is_400(client: Client, query: dict[str, str]) -> None:
    response = client.get("/api/plugins/lab.echo/metrics", query)

    assert is_problem(response, 400, "invalid_parameter")
