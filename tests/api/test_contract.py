"""Everything that the OpenAPI document says an endpoint can answer, provoked: one scenario for each
endpoint, status and error code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils.timezone import now

from plugins_app.core.state import AdmitRequest, BreakerState, ConcurrencyRule
from plugins_app.models import ApiKey, ExecutionLog, IdempotencyRecord, User
from plugins_app.runtime.loop import engine_loop
from plugins_app.services import lifecycle
from plugins_app.services.audit import CLI
from tests.api._call import Headers, is_problem, run
from tests.api._document import Endpoint, endpoints, follows_the_document, promises

ROOTS = ("/api/", "/api/v1/")
ONCE = {"get_openapi": ROOTS[:1]}
"""Endpoints that do not stand under every root."""
TOO_LONG = "x" * 300
FINE = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput

class Fine(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="family.fine")

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput()
"""
FORGOTTEN = """
import asyncio
from django.db import connections
from plugins_app.core import Context, Plugin, PluginInput, PluginMetadata, PluginOutput
from plugins_app.models import ExecutionLog

class Forgotten(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="family.forgotten")

    async def execute(self, input_data: PluginInput, context: Context) -> PluginOutput:
        await asyncio.to_thread(self.abandon, context.execution_id)
        return PluginOutput()

    def abandon(self, id: str) -> None:
        ExecutionLog.objects.filter(pk=id).update(status="abandoned")
        connections.close_all()
"""


@dataclass
class World:
    """What scenarios change before they ask."""

    client: Client
    key: Callable[..., Headers]
    engine: Any
    family: Path
    patch: pytest.MonkeyPatch

    @cached_property
    def execution(self) -> str:
        """The id of an execution that is in the log."""
        body = json.dumps({"input_data": {"text": "ha"}})
        path = "/api/plugins/lab.echo/execute"
        response = self.client.post(path, body, content_type="application/json")
        return str(response.json()["metadata"]["execution_id"])

    def load(self, name: str, code: str) -> None:
        (self.family / f"{name}.py").write_text(code)
        engine_loop.run(self.engine.registry.load())


def nothing(world: World) -> None:
    pass


@dataclass(frozen=True)
class Call:
    """A request to `path` below a root, with a key of these scopes; None sends no key. `body` is
    sent as JSON unless it is bytes. `{execution}` and `{family}` are filled in."""

    path: str
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    scopes: tuple[str, ...] | None = ("admin",)
    content_type: str = "application/json"
    given: Callable[[World], None] = nothing


# --- what answers 200 -----------------------------------------------------------------------------

GOOD = {
    "list_plugins": Call("plugins/list"),
    "search_plugins": Call("plugins/search", query={"q": "echo"}),
    "search_plugins_by_body": Call("plugins/search", {"query": "echo"}),
    "get_statistics": Call("plugins/statistics"),
    "get_all_metrics": Call("plugins/metrics/all"),
    "list_anthropic_tools": Call("plugins/tools/anthropic"),
    "list_openai_tools": Call("plugins/tools/openai"),
    "get_health": Call("plugins/health"),
    "get_plugin": Call("plugins/lab.old"),
    "execute_plugin": Call("plugins/lab.limited/execute", {}),
    "validate_input": Call("plugins/lab.echo/validate", {"input_data": {"text": "ha"}}),
    "get_plugin_metrics": Call("plugins/lab.echo/metrics", query={"buckets": "3"}),
    "list_versions": Call("plugins/lab.versioned/versions"),
    "reload_plugin": Call("plugins/lab.echo/reload", {"reason": "fix"}),
    "enable_plugin": Call("plugins/lab.echo/enable", {"reason": "fix"}),
    "disable_plugin": Call("plugins/lab.echo/disable", {"reason": "fix"}),
    "move_breaker": Call("plugins/lab.echo/breaker/force-open", {"reason": "fix"}),
    "list_executions": Call("executions", query={"plugin": "lab.echo"}),
    "get_execution": Call("executions/{execution}"),
    "get_execution_log": Call("executions/{execution}/logs"),
    "get_openapi": Call("openapi.json"),
}


# --- what any endpoint refuses --------------------------------------------------------------------


def _away(world: World) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OperationalError("could not connect to server")

    world.patch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", fail)


def _too_many_parameters(call: Call, endpoint: Endpoint) -> Call:
    return replace(call, query={str(number): "" for number in range(1001)})


def _unknown_parameter(call: Call, endpoint: Endpoint) -> Call:
    return replace(call, query={"nonsense": "1"})


def _invalid_parameter(call: Call, endpoint: Endpoint) -> Call:
    has_body = endpoint.id == "search_plugins_by_body"  # with a body it takes no query string
    query = {endpoint.first_parameter: TOO_LONG}
    return replace(call, query=query, body=b"" if has_body else None)


def _wrong_key(call: Call, endpoint: Endpoint) -> Call:
    return replace(call, headers={"Authorization": f"Bearer zan_{'0' * 40}"}, scopes=None)


def _no_such_plugin(call: Call, endpoint: Endpoint) -> Call:
    return replace(
        call, path=endpoint.path.removeprefix("/api/").format(name="lab.no", move="reset")
    )


GENERIC: dict[str, Callable[[Call, Endpoint], Call]] = {
    "malformed_request": _too_many_parameters,
    "unknown_parameter": _unknown_parameter,
    "invalid_parameter": _invalid_parameter,
    "unauthenticated": _wrong_key,
    "forbidden": lambda call, _: replace(call, scopes=("config",)),
    "plugin_not_found": _no_such_plugin,
    "not_acceptable": lambda call, _: replace(call, headers={"Accept": "text/html"}),
    "precondition_failed": lambda call, _: replace(call, headers={"If-Match": '"other"'}),
    "malformed_json": lambda call, _: replace(call, body=b"{"),
    "payload_too_large": lambda call, _: replace(call, body=b" " * (2**20 + 1)),
    "unsupported_media_type": lambda call, _: replace(call, content_type="text/plain"),
    "invalid_input": lambda call, _: replace(call, body={"nonsense": 1}),
    "unavailable": lambda call, _: replace(call, given=_away),
}


# --- what is particular to one --------------------------------------------------------------------


def _disabled(world: World) -> None:
    lifecycle.disable(["lab.echo"], CLI)


def _draining(world: World) -> None:
    world.engine.drain()


def _no_registry(world: World) -> None:
    world.engine.loaded = False


def _all_calls_taken(world: World) -> None:
    rule = ConcurrencyRule("concurrency:lab.single", 1, 60)
    engine_loop.run(world.engine.state.admit(AdmitRequest("another", concurrency=rule)))


def _forced_open(world: World) -> None:
    engine_loop.run(world.engine.state.force_breaker("breaker:lab.echo@1.0.0", BreakerState.OPEN))


def _called_twice(world: World) -> None:
    for _ in range(2):
        run(world.client, "lab.limited")


def _abandoned(world: World) -> None:
    world.load("forgotten", FORGOTTEN)


def _key_taken(status: str, *, same_request: bool = True) -> Callable[[World], None]:
    """By a call that has no answer yet, and stands in the log with this status."""

    def take(world: World) -> None:
        if same_request:
            world.patch.setattr("plugins_app.api.idempotency._hash", lambda call: "a hash")
        row = ExecutionLog.objects.create(
            id="01ARZ3NDEKTSV4RRFFQ69G5FAV", plugin="lab.echo", status=status, started_at=now()
        )
        IdempotencyRecord.objects.create(
            caller=f"key:{ApiKey.objects.latest('pk').prefix}",
            plugin="lab.echo",
            key="order-1",
            request_hash="a hash",
            execution_id=row.id,
            created_at=now(),
            expires_at=now() + timedelta(hours=1),
        )

    return take


def _broken(world: World) -> None:
    world.load("broken", "import nothing_that_exists\n")


def _broken_since(world: World) -> None:
    world.load("fine", FINE)
    (world.family / "fine.py").write_text("import nothing_that_exists\n")


def _no_patience(world: World) -> None:
    world.patch.setattr("plugins_app.api.views.lifecycle.RELOAD_SECONDS", 0.0)


ECHO = Call("plugins/lab.echo/execute", {"input_data": {"text": "ha"}})
ORDER = {"Idempotency-Key": "order-1"}
HAIKU = {"X-Zantara-Model": "claude-3-5-haiku"}
BROKEN = "plugins/{family}.broken"
SPECIFIC: dict[tuple[str, int, str], Call] = {
    ("get_health", 503, ""): Call("plugins/health", scopes=None, given=_no_registry),
    ("get_plugin", 503, "load_error"): Call(BROKEN, given=_broken),
    ("get_execution", 404, "not_found"): Call("executions/01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ("get_execution_log", 404, "not_found"): Call("executions/01ARZ3NDEKTSV4RRFFQ69G5FAV/logs"),
    ("execute_plugin", 403, "model_not_allowed"): Call("plugins/lab.opus/execute", headers=HAIKU),
    ("execute_plugin", 409, "plugin_disabled"): replace(ECHO, given=_disabled),
    ("execute_plugin", 409, "idempotency_in_progress"): replace(
        ECHO, headers=ORDER, given=_key_taken("running")
    ),
    ("execute_plugin", 409, "idempotency_outcome_unknown"): replace(
        ECHO, headers=ORDER, given=_key_taken("abandoned")
    ),
    ("execute_plugin", 422, "idempotency_mismatch"): replace(
        ECHO, headers=ORDER, given=_key_taken("running", same_request=False)
    ),
    ("execute_plugin", 429, "rate_limited"): Call(
        "plugins/lab.limited/execute", {"use_cache": False}, scopes=None, given=_called_twice
    ),
    ("execute_plugin", 429, "concurrency_limited"): Call(
        "plugins/lab.single/execute", given=_all_calls_taken
    ),
    ("execute_plugin", 500, "plugin_error"): Call("plugins/lab.crashes/execute"),
    ("execute_plugin", 502, "invalid_output"): Call("plugins/lab.lies/execute"),
    ("execute_plugin", 503, "circuit_open"): replace(ECHO, given=_forced_open),
    ("execute_plugin", 503, "load_error"): Call(f"{BROKEN}/execute", given=_broken),
    ("execute_plugin", 503, "draining"): replace(ECHO, given=_draining),
    ("execute_plugin", 503, "outcome_unknown"): Call(
        "plugins/family.forgotten/execute", given=_abandoned
    ),
    ("execute_plugin", 504, "timeout"): Call("plugins/lab.hangs/execute"),
    ("validate_input", 403, "model_not_allowed"): Call("plugins/lab.opus/validate", headers=HAIKU),
    ("validate_input", 409, "plugin_disabled"): Call("plugins/lab.echo/validate", given=_disabled),
    ("validate_input", 500, "plugin_error"): Call("plugins/lab.stumbles/validate"),
    ("validate_input", 503, "draining"): Call("plugins/lab.echo/validate", given=_draining),
    ("validate_input", 504, "timeout"): Call("plugins/lab.ponders/validate"),
    ("reload_plugin", 202, ""): Call("plugins/lab.echo/reload", given=_no_patience),
    ("reload_plugin", 409, "reload_rejected"): Call(
        "plugins/family.fine/reload", given=_broken_since
    ),
    ("move_breaker", 503, "load_error"): Call(f"{BROKEN}/breaker/reset", given=_broken),
}


def scenario(endpoint: Endpoint, status: int, code: str) -> Call | None:
    if (endpoint.id, status, code) in SPECIFIC:
        return SPECIFIC[endpoint.id, status, code]
    good = GOOD.get(endpoint.id)
    if good and status == 304:
        return replace(good, headers={"If-None-Match": "*"})
    if good and code in GENERIC:
        return GENERIC[code](good, endpoint)
    return good if status == 200 else None


EVERY = [(each, *promise) for each in endpoints().values() for promise in promises(each)]


def _id(row: tuple[Endpoint, int, str]) -> str:
    return f"{row[0].id}-{row[1]}-{row[2]}".rstrip("-")


@pytest.fixture
def world(client: Client, key: Any, lab: Any, plugin_folder: Path) -> Iterator[World]:
    """What is patched is whole again before the engine closes."""
    with pytest.MonkeyPatch.context() as patch:
        yield World(client, key, lab, plugin_folder, patch)


def send(world: World, endpoint: Endpoint, root: str, call: Call, key: Headers) -> Any:
    family = f"{world.family.parent.name}.family"
    path = call.path.format(execution=_execution(world, call), family=family)
    body = call.body if isinstance(call.body, bytes) else json.dumps(call.body or {}).encode()
    return world.client.generic(
        endpoint.method.upper(),
        root + path,
        body if endpoint.has_body else b"",
        content_type=call.content_type,
        headers=key | call.headers,
        query_params=call.query,
    )


def _execution(world: World, call: Call) -> str:
    return world.execution if "{execution}" in call.path else ""


def test_every_promise_of_the_document_has_a_scenario() -> None:
    missing = [_id(row) for row in EVERY if scenario(*row) is None]

    assert missing == []


def test_every_scenario_is_of_something_that_is_documented() -> None:
    documented = {(endpoint.id, status, code) for endpoint, status, code in EVERY}

    assert set(SPECIFIC) - documented == set()
    assert set(GOOD) == set(endpoints())


@pytest.mark.parametrize("row", EVERY, ids=_id)
def test_what_is_documented_is_answered_under_every_root(
    world: World, row: tuple[Endpoint, int, str]
) -> None:
    endpoint, status, code = row
    call = scenario(*row)
    assert call
    key = world.key(*call.scopes) if call.scopes else {}
    _execution(world, call)
    call.given(world)
    for root in ONCE.get(endpoint.id, ROOTS):
        response = send(world, endpoint, root, call, key)
        assert response.status_code == status, response.content[:500]
        assert follows_the_document(response, endpoint)
        assert not code or is_problem(response, status, code)
        assert response["Cache-Control"] == "private, no-cache"
        assert {"Authorization", "Cookie", "X-Zantara-Model"} <= set(response["Vary"].split(", "))


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("id", [each.id for each in endpoints().values() if each.has_body])
def test_a_session_without_its_csrf_token_changes_and_executes_nothing(
    world: World, id: str, root: str
) -> None:
    world.client = Client(enforce_csrf_checks=True)
    world.client.force_login(User.objects.create_superuser("root", password="-"))

    assert is_problem(send(world, endpoints()[id], root, GOOD[id], {}), 403, "forbidden")


@pytest.mark.parametrize("id", [each.id for each in endpoints().values() if not each.open_to_all])
def test_what_is_not_open_to_all_is_401_for_nobody(world: World, id: str) -> None:
    response = send(world, endpoints()[id], "/api/", GOOD[id], {})

    assert is_problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"]


@pytest.mark.parametrize("id", [each.id for each in endpoints().values() if each.open_to_all])
def test_what_is_open_to_all_answers_nobody(world: World, id: str) -> None:
    assert send(world, endpoints()[id], "/api/", GOOD[id], {}).status_code == 200


def _other_methods() -> list[tuple[str, str, set[str]]]:
    """(method, operation id, methods that its address takes)."""
    taken: dict[str, set[str]] = {}
    for each in endpoints().values():
        implied = {"GET": {"HEAD"}}.get(each.method.upper(), set())
        taken.setdefault(each.path, {"OPTIONS"}).update({each.method.upper()}, implied)
    every = {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"}
    return [
        (method, each.id, taken[each.path])
        for each in endpoints().values()
        for method in sorted(every - taken[each.path])
    ]


@pytest.mark.parametrize(("method", "id", "taken"), _other_methods())
def test_every_other_method_is_405_and_told_which(
    world: World, method: str, id: str, taken: set[str]
) -> None:
    key, endpoint = world.key("admin"), replace(endpoints()[id], method=method)
    for root in ONCE.get(id, ROOTS):
        response = send(world, endpoint, root, replace(GOOD[id], query={}), key)
        assert is_problem(response, 405, "method_not_allowed")
        assert set(response["Allow"].split(", ")) == taken


@pytest.mark.parametrize("row", [row for row in EVERY if row[1] in (429, 503)], ids=_id)
def test_whoever_may_come_back_is_told_when(world: World, row: tuple[Endpoint, int, str]) -> None:
    endpoint, _, code = row
    call = scenario(*row)
    assert call
    _execution(world, call)
    key = world.key(*call.scopes) if call.scopes else {}
    call.given(world)
    response = send(world, endpoint, "/api/", call, key)

    assert ("Retry-After" in response) is (code != "outcome_unknown")
