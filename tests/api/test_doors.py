"""Execute has two doors, the fast lane and Django's view: every request gets the same from both."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from django.core.asgi import get_asgi_application
from django.db import OperationalError

from plugins_app.api import fast_lane
from plugins_app.api.fast_lane import FastLane
from plugins_app.core.state import BreakerState
from plugins_app.models import ApiKey, ExecutionLog, User
from plugins_app.runtime.loop import engine_loop
from plugins_app.services import lifecycle
from plugins_app.services.audit import CLI
from plugins_app.services.keys import create_key, revoke_key
from tests.api._call import Clock, Headers
from tests.hostile._case import Case
from tests.hostile.corpus import CHAPTERS
from zantara.guard import Guard

Body = dict[str, Any] | bytes
CHANGING = re.compile(r"(execution_id|instance|execution_time|duration_ms|request_id)")
ECHO: Body = {"input_data": {"text": "ha"}}


@dataclass(frozen=True)
class Door:
    """An ASGI application, asked from the engine's loop as a server would."""

    app: Any

    def ask(self, case: Ask, headers: Headers) -> httpx.Response:
        return engine_loop.run(self._ask(case, headers))

    async def _ask(self, case: Ask, headers: Headers) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=("192.0.2.7", 123))
        async with httpx.AsyncClient(transport=transport, base_url=case.origin) as client:
            content = json.dumps(case.body).encode() if isinstance(case.body, dict) else case.body
            sent = {"Content-Type": "application/json", "Accept": "*/*", **headers, **case.headers}
            return await client.request(
                case.method, f"{case.root}{case.name}/execute{case.query}", content=content,
                headers={name: value for name, value in sent.items() if value is not None},
            )  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """`by_lane`: whether the fast lane answers it, and does not leave it to Django."""

    name: str
    body: Body = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    method: str = "POST"
    query: str = ""
    root: str = "/api/plugins/"
    origin: str = "http://testserver"
    who: str | None = "key"
    by_lane: bool = True


KEY = Ask("lab.echo", ECHO)
NOBODY = replace(KEY, who=None)
CASES = {
    "an answer": KEY,
    "an answer to nobody": NOBODY,
    "an alias": replace(KEY, name="echo-it"),
    "a version": Ask("lab.versioned@1.0.0"),
    "the other root": replace(KEY, root="/api/v1/plugins/"),
    "a request id": replace(KEY, headers={"X-Request-Id": "mine-1"}),
    "a bad request id": replace(KEY, headers={"X-Request-Id": "not mine"}),
    "a model": Ask("lab.opus", headers={"X-Zantara-Model": "claude-opus-4"}),
    "a wrong model": Ask("lab.opus", headers={"X-Zantara-Model": "claude-3-5-haiku"}),
    "a declining plugin": Ask("lab.declines"),
    "a limited plugin": Ask("lab.limited"),
    "a cached answer": Ask("lab.limited", {"use_cache": True}),
    "a chatty plugin": Ask("lab.chatty"),
    "a deprecated plugin": Ask("lab.old"),
    "no body": replace(KEY, body=b""),
    "an invalid input": Ask("lab.echo", {"input_data": {"times": 9}}),
    "a secret input": Ask("lab.safe", {"input_data": {"pin": 1}}),
    "an unknown field": replace(KEY, body={"input": {}}),
    "a timeout of its own": replace(KEY, body={"input_data": {"text": "ha"}, "timeout_ms": 900}),
    "an absurd timeout": replace(KEY, body={"timeout_ms": -1}),
    "broken JSON": replace(KEY, body=b"{"),
    "JSON with a key twice": replace(KEY, body=b'{"input_data": {}, "input_data": {}}'),
    "another type": replace(KEY, headers={"Content-Type": "text/plain"}),
    "a charset": replace(KEY, headers={"Content-Type": "application/json; charset=utf-8"}),
    "a wrong charset": replace(KEY, headers={"Content-Type": "application/json; charset=latin1"}),
    "no type": replace(KEY, headers={"Content-Type": ""}),
    "an unknown plugin": Ask("lab.ecko", ECHO),
    "a hidden plugin": Ask("lab.private", who=None),
    "an admin's plugin": Ask("lab.admin"),
    "a crash": Ask("lab.crashes"),
    "a plugin's own error": Ask("lab.fails"),
    "a lie": Ask("lab.lies"),
    "a hanging plugin": Ask("lab.hangs"),
    "a key without the scope": replace(KEY, who="list"),
    "a key for others": replace(KEY, who="others"),
    "an expired key": replace(KEY, who="expired"),
    "a revoked key": replace(KEY, who="revoked"),
    "the key of somebody who left": replace(KEY, who="left"),
    "a key for here": replace(KEY, who="here"),
    "a key for elsewhere": replace(KEY, who="elsewhere"),
    "a word that is not believed": replace(
        KEY, who="elsewhere", headers={"X-Forwarded-For": "203.0.113.7"}
    ),
    "a wrong key": replace(KEY, headers={"Authorization": "Bearer zan_" + "x" * 40}),
    "a key that is none": replace(KEY, headers={"Authorization": "Bearer x"}),
    "a password": replace(KEY, headers={"Authorization": "Basic eDp5"}),
    "an empty authorization": replace(NOBODY, headers={"Authorization": ""}),
    "a proxy's word that is not trusted": replace(NOBODY, headers={"X-Forwarded-For": "1.2.3.4"}),
    "a wrong host": replace(KEY, headers={"Host": "evil.example.com"}, by_lane=False),
    "a query": replace(KEY, query="?x=1", by_lane=False),
    "a GET": replace(KEY, method="GET", by_lane=False),
    "a PUT": replace(KEY, method="PUT", by_lane=False),
    "a cookie": replace(NOBODY, headers={"Cookie": "sessionid=x"}, by_lane=False),
    "an encoding": replace(KEY, headers={"Content-Encoding": "gzip"}, by_lane=False),
    "an unacceptable type": replace(KEY, headers={"Accept": "text/html"}, by_lane=False),
    "an acceptable list": replace(KEY, headers={"Accept": "text/html, */*"}, by_lane=False),
    "an idempotency key": replace(NOBODY, headers={"Idempotency-Key": "x"}, by_lane=False),
    "an odd name": replace(KEY, name="lab%2eecho", by_lane=False),
    "too long a body": replace(KEY, body=b"x" * (1024 * 1024 + 1), by_lane=False),
}


@pytest.fixture
def who(lab: Any) -> dict[str | None, Headers]:
    """Keys of every kind."""
    left = User.objects.create(username="left", is_active=False)
    kinds: dict[str, dict[str, Any]] = {
        "key": {},
        "list": {"scopes": ["list"]},
        "others": {"plugins": ["other.*"]},
        "expired": {},
        "revoked": {},
        "left": {"owner": left},
        "here": {"networks": ["203.0.113.0/24", "127.0.0.0/8"]},
        "elsewhere": {"networks": ["203.0.113.0/24"]},
    }
    headers: dict[str | None, Headers] = {None: {}}
    for name, options in kinds.items():
        made = create_key(CLI, name, **{"scopes": ["execute"], **options})
        headers[name] = {"Authorization": f"Bearer {made.secret}"}
    ApiKey.objects.filter(name="expired").update(expires=ApiKey.objects.first().created)  # type: ignore[union-attr]
    revoke_key(CLI, ApiKey.objects.get(name="revoked"))
    return headers


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that the fast lane answered for."""
    taken: list[str] = []
    answer = fast_lane._answer

    async def spy(scope: Any, path: Any, *rest: Any) -> Any:
        taken.append(path[2].decode())
        return await answer(scope, path, *rest)

    monkeypatch.setattr(fast_lane, "_answer", spy)
    return taken


@pytest.fixture
def doors() -> Iterator[tuple[Door, Door]]:
    """(the fast lane before Django, Django alone)."""
    fast_lane._added.cache_clear()
    django: Any = get_asgi_application()
    yield Door(Guard(FastLane(django))), Door(Guard(django))
    fast_lane._added.cache_clear()


def told(response: httpx.Response) -> dict[str, Any]:
    """Everything that an answer says, without what differs between any two calls."""
    random = ("content-length", "set-cookie")
    headers = {k: v for k, v in response.headers.items() if k not in random}
    if len(headers["x-request-id"]) == 32:
        del headers["x-request-id"]
    policy = headers.pop("content-security-policy", "")  # its directives have no order
    return {
        "status": response.status_code,
        "headers": headers,
        "policy": sorted(policy.split("; ")),
        "body": same(json.loads(response.content)) if response.content else b"",
    }


def same(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "..." if CHANGING.fullmatch(k) else same(v) for k, v in value.items()}
    return [same(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_both_doors_answer_the_same(
    doors: tuple[Door, Door],
    who: dict[str | None, Headers],
    clock: Clock,
    taken: list[str],
    case: Ask,
) -> None:
    answers = []
    for door in doors:
        clock.now += 61
        answers.append(told(door.ask(case, who[case.who])))

    assert answers[0] == answers[1]
    assert taken == ([case.name] if case.by_lane else [])


def hostile() -> list[Case]:
    """Everything of the corpus that is sent to execute by nobody or by a key."""
    cases = (case for chapter in CHAPTERS.values() for case in chapter)
    return [
        case
        for case in cases
        if case.who == "nobody"
        and case.method == "POST"
        and re.fullmatch(r"/api/plugins/[\w.@-]+/execute", case.path)
        and all("\n" not in v and v.isascii() for v in (case.content_type, *case.headers.values()))
    ]


def test_hostile_requests_get_the_same_from_both_doors(
    doors: tuple[Door, Door], who: dict[str | None, Headers], clock: Clock, taken: list[str]
) -> None:
    different = {}
    for case in hostile():
        name = case.path.removeprefix("/api/plugins/").removesuffix("/execute")
        headers = {"Content-Type": case.content_type, **case.headers}
        ask = Ask(name, case.body, headers, who=None)
        answers = []
        for door in doors:
            clock.now += 61
            answers.append(told(door.ask(ask, {})))
        if answers[0] != answers[1]:
            different[case.id] = answers
    assert different == {}
    assert len(taken) > 300


STATES: dict[str, Callable[[Any, pytest.MonkeyPatch], Any]] = {
    "draining": lambda engine, patch: patch.setattr(engine.executor, "draining", True),
    "disabled": lambda engine, patch: lifecycle.disable(["lab.echo"], CLI),
    "an open circuit": lambda engine, patch: engine_loop.run(
        engine.state.force_breaker("breaker:lab.echo@1.0.0", BreakerState.OPEN)
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_both_doors_answer_the_same_when_the_engine_refuses(
    doors: tuple[Door, Door],
    who: dict[str | None, Headers],
    lab: Any,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
) -> None:
    STATES[state](lab, monkeypatch)
    lane, django = (told(door.ask(KEY, who["key"])) for door in doors)

    assert lane == django
    assert lane["status"] in (409, 503)


def test_both_doors_limit_together(
    doors: tuple[Door, Door], who: dict[str | None, Headers], clock: Clock
) -> None:
    ask = Ask("lab.limited", {"use_cache": False})
    statuses = [door.ask(ask, who["key"]).status_code for door in (*doors, *doors)]

    assert statuses == [200, 200, 429, 429]


def test_what_is_written_down_is_the_same(
    doors: tuple[Door, Door], who: dict[str | None, Headers]
) -> None:
    for door in doors:
        door.ask(replace(KEY, headers={"X-Request-Id": "mine"}), who["key"])
    rows = list(ExecutionLog.objects.values("plugin", "caller", "source", "request_id", "input"))

    assert len(rows) == 2
    assert rows[0] == rows[1]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_behind_https_both_doors_add_the_same_headers(
    doors: tuple[Door, Door],
    who: dict[str | None, Headers],
    settings: Any,
    taken: list[str],
    scheme: str,
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    django: Any = get_asgi_application()  # its middleware reads the settings once
    case = replace(KEY, headers={"X-Forwarded-Proto": scheme})
    lane = Door(Guard(FastLane(django))).ask(case, who["key"])
    stock = Door(Guard(django)).ask(case, who["key"])

    assert (lane.status_code, dict(lane.headers).get("strict-transport-security")) == (
        stock.status_code,
        dict(stock.headers).get("strict-transport-security"),
    )
    assert lane.status_code == (200 if scheme == "https" else 301)
    assert bool(taken) is (scheme == "https")


def test_nobody_is_let_in_by_memory_while_the_database_is_away(
    doors: tuple[Door, Door],
    who: dict[str | None, Headers],
    lab: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doors[0].ask(KEY, who["key"])

    def fail() -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(lab.keys, "look", fail)
    monkeypatch.setattr(lab.keys, "_clock", lambda: float("inf"))

    assert doors[0].ask(KEY, who["key"]).status_code == 503


def test_a_key_that_was_revoked_is_dead_at_the_next_look(
    doors: tuple[Door, Door],
    who: dict[str | None, Headers],
    lab: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(lab.keys, "_clock", lambda: now[0])
    lab.keys._confirmed = lab.keys._loaded = float("-inf")
    assert doors[0].ask(KEY, who["key"]).status_code == 200

    revoke_key(CLI, ApiKey.objects.get(name="key"))
    now[0] = 0.95

    assert doors[0].ask(KEY, who["key"]).status_code == 401


def test_what_one_secret_proved_proves_no_other(
    doors: tuple[Door, Door], who: dict[str | None, Headers]
) -> None:
    right = who["key"]["Authorization"]
    assert doors[0].ask(KEY, who["key"]).status_code == 200

    wrong = right[:-1] + ("a" if right[-1] != "a" else "b")

    assert doors[0].ask(KEY, {"Authorization": wrong}).status_code == 401
    assert doors[0].ask(KEY, who["key"]).status_code == 200


@pytest.mark.parametrize("fate", ["deactivated", "deleted"])
def test_with_its_owner_a_key_is_dead(
    doors: tuple[Door, Door], lab: Any, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    now = [0.0]
    monkeypatch.setattr(lab.keys, "_clock", lambda: now[0])
    lab.keys._confirmed = lab.keys._loaded = float("-inf")
    owner = User.objects.create(username="ayu")
    made = create_key(CLI, "ayu", scopes=["execute"], owner=owner)  # type: ignore[list-item]
    header = {"Authorization": f"Bearer {made.secret}"}
    assert doors[0].ask(KEY, header).status_code == 200

    if fate == "deleted":
        owner.delete()
    else:
        owner.is_active = False
        owner.save()
    now[0] = 0.95

    assert doors[0].ask(KEY, header).status_code == 401


def test_many_calls_look_once(lab: Any, who: dict[str | None, Headers], monkeypatch: Any) -> None:
    looks: list[int] = []
    look = lab.keys.look
    monkeypatch.setattr(lab.keys, "look", lambda: looks.append(1) or look())
    lab.keys._confirmed = float("-inf")

    async def find() -> None:
        await asyncio.gather(*(lab.keys.find("zan_x") for _ in range(50)))

    engine_loop.run(find())
    assert looks == [1]
