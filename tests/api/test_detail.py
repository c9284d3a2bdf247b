"""GET /api/plugins/{name}, and the names that lead there."""

from __future__ import annotations

import pytest
from django.test import Client

from plugins_app.core.state import BreakerState
from plugins_app.runtime.loop import engine_loop
from tests.api._call import is_problem

pytestmark = pytest.mark.usefixtures("lab")


def test_the_detail_has_metadata_schemas_metrics_and_links(client: Client) -> None:
    plugin = client.get("/api/plugins/lab.echo").json()["plugin"]

    assert plugin["metadata"]["name"] == "lab.echo"
    assert plugin["input_schema"]["required"] == ["text"]
    assert plugin["output_schema"]["properties"]["text"]["type"] == "string"
    assert plugin["metrics"]["calls"] == 0
    assert plugin["tool_names"]["anthropic"] == "lab__echo"
    assert plugin["links"]["execute"] == "/api/plugins/lab.echo/execute"


def test_the_detail_tells_the_state_of_the_breaker(client: Client, lab: object) -> None:
    engine_loop.run(lab.state.force_breaker("breaker:lab.echo@1.0.0", BreakerState.OPEN))  # type: ignore[attr-defined]

    plugin = client.get("/api/plugins/lab.echo").json()["plugin"]

    assert plugin["metrics"]["breaker"] == "open"
    assert plugin["status"] == "circuit_open"


@pytest.mark.parametrize("name", ["echo-it", "lab__echo"])
def test_another_name_answers_with_the_canonical_address(client: Client, name: str) -> None:
    response = client.get(f"/api/v1/plugins/{name}")

    assert response.json()["plugin"]["metadata"]["name"] == "lab.echo"
    assert response["Content-Location"] == "/api/v1/plugins/lab.echo"


def test_the_canonical_name_needs_no_other_address(client: Client) -> None:
    assert "Content-Location" not in client.get("/api/plugins/lab.echo")


@pytest.mark.parametrize(
    ("asked", "version", "location"),
    [
        ("lab.versioned", "2.0.0", None),
        ("lab.versioned@1.0.0", "1.0.0", "/api/plugins/lab.versioned@1.0.0"),
        ("lab__versioned@2.0.0", "2.0.0", "/api/plugins/lab.versioned@2.0.0"),
    ],
)
def test_one_version_can_be_asked_for(
    client: Client, asked: str, version: str, location: str | None
) -> None:
    response = client.get(f"/api/plugins/{asked}")

    assert response.json()["plugin"]["metadata"]["version"] == version
    assert response.get("Content-Location") == location


@pytest.mark.parametrize("suffix", ["", "/metrics"])
def test_an_unknown_plugin_is_404_with_suggestions(client: Client, suffix: str) -> None:
    response = client.get(f"/api/plugins/lab.ecko{suffix}")

    assert is_problem(response, 404, "plugin_not_found")
    assert "lab.echo" in response.json()["suggestions"]


def test_an_unknown_version_is_404(client: Client) -> None:
    assert is_problem(client.get("/api/plugins/lab.versioned@9.9.9"), 404, "plugin_not_found")


def test_a_deprecated_plugin_says_so_in_header_and_body(client: Client) -> None:
    response = client.get("/api/plugins/lab.old")

    assert response["Deprecation"] == "@0"
    assert response["Sunset"] == "Wed, 02 Jan 2030 00:00:00 GMT"
    assert '</api/plugins/lab.old>; rel="deprecation"' in response["Link"]
    assert '</api/plugins/lab.echo>; rel="successor-version"' in response["Link"]
    assert response.json()["warnings"][0]["code"] == "deprecated"
