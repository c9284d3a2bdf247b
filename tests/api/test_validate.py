"""POST /api/plugins/{name}/validate: what execute would refuse, without running anything."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from plugins_app.models import ExecutionLog, MetricHour
from plugins_app.services import lifecycle
from plugins_app.services.audit import CLI
from tests.api._call import Headers, is_problem, post, run

pytestmark = pytest.mark.usefixtures("lab")


def check(client: Client, name: str, headers: Headers | None = None, **input_data: Any) -> Any:
    return post(client, f"/api/plugins/{name}/validate", {"input_data": input_data}, headers)


def test_good_input_comes_back_as_the_plugin_would_get_it(client: Client) -> None:
    assert check(client, "lab.echo", text="ha").json() == {
        "success": True,
        "plugin": "lab.echo",
        "plugin_version": "1.0.0",
        "input_data": {"text": "ha", "times": 1, "inner": {}},
    }


@pytest.mark.parametrize(
    ("name", "location"),
    [
        ("lab.echo", None),
        ("echo-it", "/api/plugins/lab.echo/validate"),
        ("lab.echo@1.0.0", "/api/plugins/lab.echo@1.0.0/validate"),
    ],
)
def test_any_name_will_do(client: Client, name: str, location: str | None) -> None:
    response = check(client, name, text="ha")

    assert response.json()["plugin"] == "lab.echo"
    assert response.get("Content-Location") == location


def test_a_version_in_the_name_is_the_one_that_checks(client: Client) -> None:
    assert check(client, "lab.versioned@1.0.0").json()["plugin_version"] == "1.0.0"


def test_secrets_are_masked_in_what_comes_back(client: Client) -> None:
    response = check(client, "lab.safe", pin=271828)

    assert response.json()["input_data"] == {"pin": "********"}
    assert b"271828" not in response.content


BODIES: list[tuple[str, Any]] = [
    ("lab.echo", {}),
    ("lab.echo", {"input_data": {"text": "ha", "times": 9}}),
    ("lab.echo", {"input_data": {"text": "ha", "inner": {"a": "b"}}}),
    ("lab.echo", {"input_data": {"text": "ha", "more": 1}}),
    ("lab.echo", {"input_data": [], "nonsense": 1}),
    ("lab.echo", []),
    ("lab.echo", b"{"),
    ("lab.echo", b"{}" + b" " * 2**20),
    ("lab.safe", {"input_data": {"pin": "swordfish"}}),
    ("lab.picky", {"input_data": {"number": 3}}),
    ("lab.stumbles", {}),
    ("lab.ponders", {}),
    ("lab.no", {}),
    ("lab.private", {}),
    ("lab.admin", {}),
]


@pytest.mark.parametrize(("name", "body"), BODIES)
def test_what_execute_refuses_is_refused_alike(client: Client, name: str, body: Any) -> None:
    same = {"X-Request-Id": "one"}
    refused = post(client, f"/api/plugins/{name}/execute", body, same)
    checked = post(client, f"/api/plugins/{name}/validate", body, same)

    assert refused.status_code >= 400
    assert (checked.status_code, checked.json()) == (refused.status_code, refused.json())


def test_the_plugins_own_check_is_heard(client: Client) -> None:
    response = check(client, "lab.picky", number=3)

    assert is_problem(response, 422, "invalid_input")
    assert response.json()["errors"][0]["message"] == "Odd numbers are not taken"
    assert check(client, "lab.picky", number=4).status_code == 200


@pytest.mark.parametrize("verb", ["validate", "execute"])
def test_a_check_that_hangs_is_504(client: Client, verb: str) -> None:
    assert is_problem(post(client, f"/api/plugins/lab.ponders/{verb}"), 504, "timeout")


@pytest.mark.parametrize("verb", ["validate", "execute"])
def test_a_check_that_crashes_is_500_without_the_text_of_the_exception(
    client: Client, verb: str
) -> None:
    response = post(client, f"/api/plugins/lab.stumbles/{verb}")

    assert is_problem(response, 500, "plugin_error")
    assert b"swordfish" not in response.content


def test_a_disabled_plugin_is_409(client: Client) -> None:
    lifecycle.disable(["lab.echo"], CLI)

    assert is_problem(check(client, "lab.echo", text="ha"), 409, "plugin_disabled")


def test_a_model_that_is_not_allowed_is_403(client: Client) -> None:
    response = check(client, "lab.opus", {"X-Zantara-Model": "claude-3-5-haiku"})

    assert is_problem(response, 403, "model_not_allowed")


def test_a_key_checks_only_with_the_scope_to_execute(client: Client, key: Any) -> None:
    response = check(client, "lab.echo", key("list"), text="ha")

    assert is_problem(response, 403, "forbidden")


def test_the_deadline_of_the_caller_holds(client: Client) -> None:
    body = {"input_data": {}, "timeout_ms": 1}

    assert is_problem(post(client, "/api/plugins/lab.ponders/validate", body), 504, "timeout")


def test_checking_leaves_no_row_and_no_metrics(client: Client, lab: Any) -> None:
    check(client, "lab.echo", text="ha")
    check(client, "lab.echo")
    check(client, "lab.stumbles")
    lab.journal.close()

    assert not ExecutionLog.objects.exists()
    assert not MetricHour.objects.exists()
    assert lab.executor.counts() == {}


def test_checking_uses_no_quota(client: Client) -> None:
    for _ in range(5):
        assert "RateLimit" not in check(client, "lab.limited")

    assert run(client, "lab.limited")["RateLimit"].startswith('"plugin";r=1;')


def test_checking_runs_nothing(client: Client) -> None:
    assert check(client, "lab.crashes").status_code == 200


def test_an_open_breaker_does_not_keep_from_checking(client: Client, key: Any) -> None:
    post(client, "/api/plugins/lab.echo/breaker/force-open", headers=key("admin"))

    assert check(client, "lab.echo", text="ha").status_code == 200
