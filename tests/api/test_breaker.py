"""POST /api/plugins/{name}/breaker/{move}."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from plugins_app.models import AuditEvent, BreakerEvent
from tests.api._call import Clock, Headers, is_problem, post, run

pytestmark = pytest.mark.usefixtures("lab")


@pytest.fixture
def admin(key: Any) -> Headers:
    return key("admin", name="ops")  # type: ignore[no-any-return]


def move(client: Client, to: str, headers: Headers, name: str = "lab.echo", **body: Any) -> Any:
    return post(client, f"/api/plugins/{name}/breaker/{to}", body, headers)


def shown(client: Client, name: str) -> str:
    metrics = client.get(f"/api/plugins/{name}").json()["plugin"]["metrics"]
    return metrics["breaker"]  # type: ignore[no-any-return]


def test_a_breaker_that_is_forced_open_refuses_every_call(client: Client, admin: Headers) -> None:
    move(client, "force-open", admin)
    response = run(client, "lab.echo", text="ha")

    assert is_problem(response, 503, "circuit_open")
    assert int(response["Retry-After"]) >= 1


def test_what_is_forced_open_does_not_close_by_itself(
    client: Client, admin: Headers, clock: Clock
) -> None:
    move(client, "force-open", admin)
    clock.now += 3600

    assert is_problem(run(client, "lab.echo", text="ha"), 503, "circuit_open")


def test_what_is_forced_closed_holds_however_many_fail(client: Client, admin: Headers) -> None:
    move(client, "force-closed", admin, "lab.crashes")
    codes = {run(client, "lab.crashes").status_code for _ in range(30)}

    assert codes == {500}
    assert shown(client, "lab.crashes") == "closed"


def test_without_force_the_same_failures_open_it(client: Client) -> None:
    codes = {run(client, "lab.crashes").status_code for _ in range(30)}

    assert codes == {500, 503}
    assert shown(client, "lab.crashes") == "open"


def test_a_reset_lets_callers_in_again(client: Client, admin: Headers) -> None:
    for _ in range(30):
        run(client, "lab.crashes")
    move(client, "reset", admin, "lab.crashes")

    assert shown(client, "lab.crashes") == "closed"
    assert is_problem(run(client, "lab.crashes"), 500, "plugin_error")


def test_a_reset_ends_what_was_forced(client: Client, admin: Headers) -> None:
    move(client, "force-closed", admin, "lab.crashes")
    move(client, "reset", admin, "lab.crashes")
    for _ in range(30):
        run(client, "lab.crashes")

    assert shown(client, "lab.crashes") == "open"


@pytest.mark.parametrize(
    ("to", "state", "forced"),
    [("force-open", "open", True), ("force-closed", "closed", True), ("reset", "closed", False)],
)
def test_the_answer_is_the_state_that_it_is_in(
    client: Client, admin: Headers, to: str, state: str, forced: bool
) -> None:
    body = move(client, to, admin).json()

    assert (body["plugin"], body["version"]) == ("lab.echo", "1.0.0")
    assert (body["breaker"]["state"], body["breaker"]["forced"]) == (state, forced)
    assert shown(client, "lab.echo") == state


def test_a_move_is_audited_with_its_reason(client: Client, admin: Headers) -> None:
    move(client, "force-open", admin, reason="upstream is down")

    event = AuditEvent.objects.get(action="breaker.force_open")
    assert (event.object, event.reason, event.actor_name) == ("lab.echo", "upstream is down", "ops")
    assert event.before == {"version": "1.0.0", "state": "closed", "forced": False}
    assert event.after == {"version": "1.0.0", "state": "open", "forced": True}


def test_a_move_stands_among_the_breakers_events(client: Client, admin: Headers, lab: Any) -> None:
    move(client, "force-open", admin)
    lab.journal.close()

    event = BreakerEvent.objects.get()
    assert (event.plugin, event.version) == ("lab.echo", "1.0.0")
    assert (event.previous, event.state) == ("closed", "open")


def test_a_breaker_belongs_to_one_version(client: Client, admin: Headers) -> None:
    body = move(client, "force-open", admin, "lab.versioned@1.0.0").json()

    assert body["version"] == "1.0.0"
    assert is_problem(run(client, "lab.versioned@1.0.0"), 503, "circuit_open")
    assert run(client, "lab.versioned").status_code == 200


@pytest.mark.parametrize("name", ["echo-it", "lab__echo"])
def test_any_name_moves_the_breaker(client: Client, admin: Headers, name: str) -> None:
    assert move(client, "force-open", admin, name).json()["plugin"] == "lab.echo"


@pytest.mark.parametrize("to", ["open", "force_open", "RESET", ""])
def test_another_move_is_404(client: Client, admin: Headers, to: str) -> None:
    assert is_problem(move(client, to, admin), 404, "not_found")


@pytest.mark.parametrize("scope", ["reload", "execute", "config"])
def test_no_other_scope_moves_a_breaker(client: Client, key: Any, scope: str) -> None:
    assert is_problem(move(client, "force-open", key(scope)), 403, "forbidden")
    assert run(client, "lab.echo", text="ha").status_code == 200


def test_a_key_moves_only_what_its_globs_name(client: Client, key: Any) -> None:
    response = move(client, "force-open", key("admin", plugins=["lab.f*"]))

    assert is_problem(response, 404, "plugin_not_found")
    assert run(client, "lab.echo", text="ha").status_code == 200


def test_the_catalogue_tells_who_asks_for_the_status(client: Client, admin: Headers) -> None:
    move(client, "force-open", admin)
    found = client.get("/api/plugins/list", {"status": "circuit_open"}).json()["plugins"]

    assert [row["name"] for row in found] == ["lab.echo"]
