"""GET /api/plugins/list."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.api._call import is_problem, names

LIST = "/api/plugins/list"
pytestmark = pytest.mark.usefixtures("lab")


def test_the_list_has_the_envelope_of_the_replaced_system(client: Client) -> None:
    body = client.get(LIST).json()

    assert body["success"] is True
    assert body["count"] == len(body["plugins"])
    assert body["next"] is None


def test_rows_say_what_a_plugin_is_and_how_it_does(client: Client) -> None:
    (row,) = client.get(LIST, {"q": "lab.echo"}).json()["plugins"]

    assert row["status"] == "enabled"
    assert row["enabled"] is True
    assert row["calls_24h"] == 0
    assert row["tags"] == ["loud"]


def test_version_one_of_the_api_is_the_same_list(client: Client) -> None:
    assert client.get("/api/v1/plugins/list").content == client.get(LIST).content


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"tag": "loud"}, ["lab.echo"]),
        ({"tag": "quiet,loud"}, ["lab.echo"]),
        ({"tag": ["quiet", "loud"]}, ["lab.echo"]),
        ({"category": "legal"}, []),
        ({"category": "legal", "requires_auth": "true"}, []),
        ({"status": "deprecated"}, ["lab.old"]),
        ({"status": "disabled"}, []),
        ({"q": "printer"}, []),
        ({"q": "echo"}, ["lab.echo"]),
        ({"model": "claude-3-5-haiku", "q": "opus"}, []),
        ({"model": "claude-opus-4", "q": "opus"}, ["lab.opus"]),
        ({"model": "gpt-4"}, []),
    ],
)
def test_a_filter_leaves_what_fits(client: Client, query: Any, expected: list[str]) -> None:
    assert names(client.get(LIST, query)) == expected


def test_the_stated_model_filters_like_the_parameter(client: Client) -> None:
    haiku = {"X-Zantara-Model": "claude-3-haiku"}

    assert "lab.opus" in names(client.get(LIST))
    assert "lab.opus" not in names(client.get(LIST, headers=haiku))


def test_fields_cuts_the_rows(client: Client) -> None:
    rows = client.get(LIST, {"fields": "name,version", "q": "lab.echo"}).json()["plugins"]

    assert rows == [{"name": "lab.echo", "version": "1.0.0"}]


def test_ordering_takes_several_fields_and_a_minus(client: Client) -> None:
    found = names(client.get(LIST, {"ordering": "-version,name"}))

    assert found[0] == "lab.versioned"
    assert found[1:] == sorted(found[1:])


def test_pages_are_the_list_in_pieces(client: Client) -> None:
    whole, pages, address = names(client.get(LIST)), [], f"{LIST}?limit=4&ordering=-name"
    while address:
        page = client.get(address)
        pages += names(page)
        address = page.json()["next"]

    assert pages == sorted(whole, reverse=True)


def test_count_is_the_number_of_all_matches(client: Client) -> None:
    body = client.get(LIST, {"limit": 1}).json()

    assert len(body["plugins"]) == 1
    assert body["count"] > 1


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"cursor": "tomorrow"}, "cursor"),
        ({"cursor": "LTE="}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"fields": "name,password"}, "fields"),
        ({"ordering": "author"}, "ordering"),
        ({"ordering": "-"}, "ordering"),
        ({"ordering": "--name"}, "ordering"),
        ({"requires_auth": "perhaps"}, "requires_auth"),
        ({"category": "leagl"}, "category"),
        ({"status": "fine"}, "status"),
        ({"q": "x" * 201}, "q"),
    ],
)
def test_a_wrong_value_is_400_and_named(client: Client, query: Any, parameter: str) -> None:
    response = client.get(LIST, query)

    assert is_problem(response, 400, "invalid_parameter")
    assert response.json()["parameter"] == parameter


@pytest.mark.parametrize(
    "path",
    [
        LIST,
        "/api/plugins/search",
        "/api/plugins/statistics",
        "/api/plugins/metrics/all",
        "/api/plugins/tools/anthropic",
        "/api/plugins/health",
        "/api/plugins/lab.echo",
        "/api/plugins/lab.echo/metrics",
    ],
)
def test_an_unknown_parameter_is_400_and_named(client: Client, path: str) -> None:
    response = client.get(path, {"catgory": "legal"})

    assert is_problem(response, 400, "unknown_parameter")
    assert response.json()["parameter"] == "catgory"
