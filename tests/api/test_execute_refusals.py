"""POST /api/plugins/{name}/execute: every way in which it does not answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from plugins_app.core.state import AdmitRequest, BreakerState, ConcurrencyRule
from plugins_app.models import ExecutionLog
from plugins_app.runtime.loop import engine_loop
from plugins_app.services import lifecycle
from plugins_app.services.audit import CLI
from tests.api._call import Clock, is_problem, post, run

ECHO = "/api/plugins/lab.echo/execute"
pytestmark = pytest.mark.usefixtures("lab")


def test_an_unknown_plugin_is_404_with_suggestions(client: Client) -> None:
    response = run(client, "lab.ecco", text="ha")

    assert is_problem(response, 404, "plugin_not_found")
    assert "lab.echo" in response.json()["suggestions"]


def test_a_disabled_plugin_is_409(client: Client) -> None:
    lifecycle.disable(["lab.echo"], CLI)

    assert is_problem(run(client, "lab.echo", text="ha"), 409, "plugin_disabled")


def test_a_call_that_is_refused_before_it_counts_is_told_the_limit_alone(client: Client) -> None:
    response = run(client, "lab.limited", nonsense=1)

    assert response.status_code == 422
    assert response["RateLimit-Policy"] == '"plugin";q=2;w=60'
    assert "RateLimit" not in response


def test_the_limit_is_429_with_the_exact_wait(client: Client, clock: Clock) -> None:
    run(client, "lab.limited")
    clock.now += 10
    run(client, "lab.limited")
    clock.now += 5.5
    response = run(client, "lab.limited")

    assert is_problem(response, 429, "rate_limited")
    assert response["Retry-After"] == "45"
    assert response.json()["retry_after"] == 45
    assert response["RateLimit"] == '"plugin";r=0;t=45'


def test_whoever_waits_as_told_is_let_in_again(client: Client, clock: Clock) -> None:
    run(client, "lab.limited")
    run(client, "lab.limited")
    clock.now += int(run(client, "lab.limited")["Retry-After"])

    assert run(client, "lab.limited").status_code == 200


def test_too_many_calls_at_once_are_429(client: Client, lab: Any) -> None:
    rule = ConcurrencyRule("concurrency:lab.single", 1, 60)
    engine_loop.run(lab.state.admit(AdmitRequest("another", concurrency=rule)))

    response = run(client, "lab.single")

    assert is_problem(response, 429, "concurrency_limited")
    assert response["Retry-After"] == "1"


def test_an_open_circuit_is_503_with_the_rest_of_its_time(client: Client, clock: Clock) -> None:
    for _ in range(10):
        run(client, "lab.crashes")
    clock.now += 12
    response = run(client, "lab.crashes")

    assert is_problem(response, 503, "circuit_open")
    assert response["Retry-After"] == "18"


def test_a_circuit_that_was_forced_open_is_503(client: Client, lab: Any) -> None:
    engine_loop.run(lab.state.force_breaker("breaker:lab.echo@1.0.0", BreakerState.OPEN))

    assert is_problem(run(client, "lab.echo", text="ha"), 503, "circuit_open")


def test_a_crash_is_500_without_the_text_of_the_exception(client: Client) -> None:
    response = run(client, "lab.crashes")

    assert is_problem(response, 500, "plugin_error")
    assert b"swordfish" not in response.content
    assert b"Traceback" not in response.content


def test_what_a_plugin_says_itself_is_passed_on(client: Client) -> None:
    response = run(client, "lab.fails")

    assert is_problem(response, 500, "plugin_error")
    assert response.json()["detail"] == "The printer is out of paper"


def test_an_invalid_output_is_502(client: Client) -> None:
    assert is_problem(run(client, "lab.lies"), 502, "invalid_output")


def test_a_plugin_that_hangs_is_504(client: Client) -> None:
    assert is_problem(run(client, "lab.hangs"), 504, "timeout")


def test_the_caller_may_set_a_deadline_of_its_own(client: Client) -> None:
    response = post(client, "/api/plugins/lab.hangs/execute", {"timeout_ms": 1})

    assert is_problem(response, 504, "timeout")


def test_a_server_that_shuts_down_is_503(client: Client, lab: Any) -> None:
    lab.drain()
    response = run(client, "lab.echo", text="ha")

    assert is_problem(response, 503, "draining")
    assert response["Retry-After"] == "5"


def test_a_model_that_is_not_allowed_is_403(client: Client) -> None:
    response = run(client, "lab.opus", {"X-Zantara-Model": "claude-3-5-haiku"})

    assert is_problem(response, 403, "model_not_allowed")


def test_a_bug_of_ours_is_500_and_tells_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*args: Any, **options: Any) -> None:
        raise ZeroDivisionError("inside /srv/secret.py")

    monkeypatch.setattr("plugins_app.api.execution.execute_and_wait", fall)
    response = run(client, "lab.echo", text="ha")

    assert is_problem(response, 500, "internal_error")
    assert b"secret.py" not in response.content


@pytest.mark.parametrize("name", ["lab.crashes", "lab.lies", "lab.hangs"])
def test_a_failed_execution_names_its_row(client: Client, name: str) -> None:
    body = run(client, name).json()

    row = ExecutionLog.objects.get()
    assert body["instance"] == f"/admin/executions/{row.id}/"
    assert body["execution_id"] == row.id


def test_a_refusal_names_no_row(client: Client) -> None:
    body = run(client, "lab.echo").json()

    assert "instance" not in body
    assert "execution_id" not in body


@pytest.mark.parametrize(
    ("input_data", "pointers"),
    [
        ({}, ["/text"]),
        ({"text": 7}, ["/text"]),
        ({"text": "ha", "times": 9}, ["/times"]),
        ({"text": "ha", "times": "many"}, ["/times"]),
        ({"text": None, "times": None}, ["/text", "/times"]),
        ({"text": "ha", "shout": True}, ["/shout"]),
        ({"text": "ha", "a/b~c": 1}, ["/a~1b~0c"]),
        ({"text": "ha", "inner": {"a": "x"}}, ["/inner/a"]),
        ({"text": "ha", "inner": []}, ["/inner"]),
    ],
)
def test_wrong_input_is_422_with_a_pointer_per_field(
    client: Client, input_data: Any, pointers: list[str]
) -> None:
    response = post(client, ECHO, {"input_data": input_data})

    assert is_problem(response, 422, "invalid_input")
    assert [error["pointer"] for error in response.json()["errors"]] == pointers


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], ""),
        ("text", ""),
        (0, ""),
        (False, ""),
        ({"input_data": []}, "/input_data"),
        ({"input_data": None}, "/input_data"),
        ({"input_data": {}, "use_cache": "yes"}, "/use_cache"),
        ({"input_data": {}, "timeout_ms": 0}, "/timeout_ms"),
        ({"input_data": {}, "timeout_ms": "10"}, "/timeout_ms"),
        ({"input_data": {}, "timeout_ms": True}, "/timeout_ms"),
        ({"input_data": {}, "user_id": "root"}, "/user_id"),
        ({"text": "ha"}, "/text"),
    ],
)
def test_a_body_of_another_shape_is_422(client: Client, body: Any, pointer: str) -> None:
    response = post(client, ECHO, body)

    assert is_problem(response, 422, "invalid_input")
    assert pointer in [error["pointer"] for error in response.json()["errors"]]


def test_null_is_not_an_empty_body(client: Client) -> None:
    assert is_problem(post(client, ECHO, b"null"), 422, "invalid_input")


@pytest.mark.parametrize("value", ["swordfish", ["swordfish"], {"a": "swordfish"}])
def test_the_value_of_a_secret_field_is_not_repeated(client: Client, value: Any) -> None:
    response = run(client, "lab.safe", pin=value)

    assert is_problem(response, 422, "invalid_input")
    assert b"swordfish" not in response.content
