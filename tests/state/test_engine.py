"""The engine of a process with a Redis: what callers see, and what operators do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django_redis.serializers.json import JSONSerializer

from plugins_app.core.caller import Scope
from plugins_app.core.memory_state import MemoryState
from plugins_app.models import User
from plugins_app.runtime import executor
from plugins_app.runtime.engine import current_engine, forget_engine, use_redis
from plugins_app.runtime.loop import engine_loop
from plugins_app.runtime.redis.degrading import DegradingState
from plugins_app.services.audit import CLI
from plugins_app.services.keys import create_key
from tests.api._call import run
from tests.api.conftest import LAB
from tests.servers.redis import RedisServer, own_server
from tests.serving import free_port, wait_until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with own_server(tmp_path) as server:
        yield server


@pytest.fixture
def engine(transactional_db: None, settings: Any, server: RedisServer) -> Iterator[Any]:
    """This process's engine on the lab's plugins and a Redis of its own."""
    settings.ZANTARA_PLUGIN_DIRS = [LAB]
    settings.REDIS_URL = server.url
    forget_engine()
    engine = current_engine()
    engine_loop.run(engine.open())
    yield engine
    engine_loop.run(engine.close())
    forget_engine()


def limited(client: Client) -> Any:
    return run(client, "lab.limited")


def test_limits_and_answers_are_shared_over_redis(client: Client, engine: Any) -> None:
    statuses = [limited(client).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    forget_engine()
    again = current_engine()
    engine_loop.run(again.open())
    try:
        assert limited(client).status_code == 429
    finally:
        engine_loop.run(again.close())


def test_callers_and_scrapers_are_told_that_it_is_degraded(
    client: Client, engine: Any, server: RedisServer, settings: Any
) -> None:
    settings.ZANTARA_METRICS_TOKEN = "token"
    scrape = {"Authorization": "Bearer token"}
    assert "ZANTARA-Degraded" not in limited(client)
    server.kill()
    response = limited(client)
    metrics = client.get("/metrics", headers=scrape).content

    assert response.status_code == 200
    assert response["ZANTARA-Degraded"] == "shared-state"
    assert b"zantara_degraded 1.0" in metrics

    server.start()
    wait_until(lambda: "ZANTARA-Degraded" not in run(client, "lab.echo", text="x"), "its return", 5)
    assert b"zantara_degraded 0.0" in client.get("/metrics", headers=scrape).content


def test_a_breaker_that_cannot_be_forced_for_all_is_not_forced(
    client: Client, engine: Any, server: RedisServer
) -> None:
    made = create_key(CLI, "boss", scopes=[Scope.ADMIN])
    server.kill()
    response = client.post(
        "/api/plugins/lab.echo/breaker/force-open",
        {"reason": "test"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {made.secret}"},
    )

    assert response.status_code == 503
    assert response.json()["type"] == "/problems/unavailable"


def test_without_a_redis_the_state_is_the_processes_own(engine: Any, settings: Any) -> None:
    settings.REDIS_URL = ""
    forget_engine()

    assert isinstance(current_engine().state, MemoryState)


def test_the_guides_name_chooses_a_redis_before_the_first_use(
    engine: Any, settings: Any, server: RedisServer
) -> None:
    with pytest.raises(RuntimeError, match="in use"):
        executor.redis = "redis://127.0.0.1:1/0"
    settings.REDIS_URL = ""
    forget_engine()
    executor.redis = server.url
    try:
        state = current_engine().state
        assert isinstance(state, DegradingState)
        assert executor.redis == server.url
    finally:
        forget_engine()
        use_redis("")


def test_a_login_goes_on_without_the_cache(db: None, client: Client, settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
            "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SERIALIZER": _name(JSONSerializer)},
        }
    }
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    client.force_login(User.objects.create_superuser("root", password="-"))

    assert client.get("/api/executions").status_code == 200


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
