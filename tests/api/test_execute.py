"""POST /api/plugins/{name}/execute: answers."""

from __future__ import annotations

import pytest
from django.test import Client

from plugins_app.models import ExecutionLog
from tests.api._call import Clock, post, run

pytestmark = pytest.mark.usefixtures("lab")


def test_an_answer_has_the_envelope_of_the_replaced_system(client: Client) -> None:
    body = run(client, "lab.echo", text="ha", times=2).json()

    assert body["success"] is body["ok"] is True
    assert body["data"] == {"text": "haha"}
    assert body["error"] is None


def test_metadata_tells_what_ran_and_how_long(client: Client) -> None:
    metadata = run(client, "lab.echo", text="ha").json()["metadata"]

    assert metadata["plugin"] == "lab.echo"
    assert metadata["plugin_version"] == "1.0.0"
    assert isinstance(metadata["duration_ms"], int)
    assert isinstance(metadata["execution_time"], float)
    assert metadata["cached"] is False


def test_the_execution_id_is_that_of_the_row(client: Client) -> None:
    response = run(client, "lab.echo", {"X-Request-Id": "mine-1"}, text="ha")

    row = ExecutionLog.objects.get()
    assert response.json()["metadata"]["execution_id"] == row.id
    assert row.request_id == "mine-1"
    assert row.status == "succeeded"


def test_a_plugin_that_declines_has_answered(client: Client) -> None:
    response = run(client, "lab.declines")

    assert response.status_code == 200
    assert response.json()["success"] is False
    assert response.json()["error"] == "No such customer"


@pytest.mark.parametrize(
    ("name", "location"),
    [
        ("lab.echo", None),
        ("echo-it", "/api/plugins/lab.echo/execute"),
        ("lab__echo", "/api/plugins/lab.echo/execute"),
        ("lab.echo@1.0.0", "/api/plugins/lab.echo@1.0.0/execute"),
        ("echo-it@1.0.0", "/api/plugins/lab.echo@1.0.0/execute"),
    ],
)
def test_any_name_executes_the_plugin(client: Client, name: str, location: str | None) -> None:
    response = run(client, name, text="ha")

    assert response.json()["metadata"]["plugin"] == "lab.echo"
    assert response.get("Content-Location") == location


def test_a_version_in_the_name_is_the_one_that_runs(client: Client) -> None:
    assert run(client, "lab.versioned@1.0.0").json()["data"] == {"text": "one"}
    assert run(client, "lab.versioned").json()["data"] == {"text": "two"}


def test_an_empty_body_is_an_empty_input(client: Client) -> None:
    response = client.generic("POST", "/api/plugins/lab.versioned/execute")

    assert response.status_code == 200


def test_a_cached_answer_says_so_and_has_a_row(client: Client) -> None:
    first, second = run(client, "lab.limited").json(), run(client, "lab.limited").json()

    assert (first["metadata"]["cached"], second["metadata"]["cached"]) == (False, True)
    assert first["data"] == second["data"]
    assert ExecutionLog.objects.filter(cached=True).count() == 1


def test_use_cache_false_goes_past_the_cache(client: Client) -> None:
    path = "/api/plugins/lab.limited/execute"
    post(client, path)

    assert post(client, path, {"use_cache": False}).json()["metadata"]["cached"] is False


def test_every_answer_tells_what_is_left_of_the_limit(client: Client, clock: Clock) -> None:
    run(client, "lab.limited")
    clock.now += 20.5
    response = run(client, "lab.limited")

    assert response["RateLimit-Policy"] == '"plugin";q=2;w=60'
    assert response["RateLimit"] == '"plugin";r=0;t=40'
    assert response["X-RateLimit-Limit"] == "2"
    assert response["X-RateLimit-Remaining"] == "0"
    assert response["X-RateLimit-Reset"] == "40"


def test_a_deprecated_plugin_warns_whoever_calls_it(client: Client) -> None:
    response = run(client, "lab.old")

    assert response["Sunset"] == "Wed, 02 Jan 2030 00:00:00 GMT"
    assert response["Deprecation"] == "@0"
    assert "Use lab.echo instead" in response.json()["warnings"][0]["message"]


def test_odd_remarks_of_a_plugin_do_not_spoil_its_answer(client: Client) -> None:
    body = run(client, "lab.chatty").json()

    assert body["data"] == {"text": "ok"}
    assert body["metadata"]["big"] == str(2**70)


def test_a_running_plugin_is_counted(client: Client) -> None:
    run(client, "lab.echo", text="ha")
    run(client, "lab.declines")

    metrics = client.get("/api/plugins/lab.echo/metrics").json()["metrics"]
    assert (metrics["calls"], metrics["successes"]) == (1, 1)
