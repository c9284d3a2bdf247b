"""API keys in memory: how fresh they are, and what that costs."""

from __future__ import annotations

import pytest

from plugins_app.core.caller import Scope
from plugins_app.models import ApiKey
from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.keys import FRESH_SECONDS, UNKNOWN_SECONDS, KeyRing
from plugins_app.services.audit import CLI
from plugins_app.services.keys import create_key, revoke_key

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def made(name: str) -> ApiKey:
    return create_key(CLI, name, scopes=[Scope.LIST]).key


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ring(clock: Clock) -> KeyRing:
    return KeyRing(clock)


@pytest.fixture
def looks(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that the database was asked."""
    asked: list[str] = []
    look = ring.look
    monkeypatch.setattr(ring, "look", lambda: (asked.append("look"), look())[1])
    return asked


async def test_a_key_that_was_just_made_is_known_at_once(ring: KeyRing, clock: Clock) -> None:
    await ring.find("zan_nothing")
    key = await in_database_thread(lambda: made("new"))
    clock.now += UNKNOWN_SECONDS * 1.1

    assert await ring.find(key.prefix) == key


async def test_a_known_key_costs_no_query_while_the_last_look_is_fresh(
    ring: KeyRing, clock: Clock, looks: list[str]
) -> None:
    key = await in_database_thread(lambda: made("steady"))
    for _ in range(8):
        assert await ring.find(key.prefix) == key
        clock.now += FRESH_SECONDS / 10

    assert len(looks) == 1


async def test_a_flood_of_unknown_keys_costs_few_queries(
    ring: KeyRing, clock: Clock, looks: list[str]
) -> None:
    for count in range(100):
        assert await ring.find(f"zan_{count:08}") is None
        clock.now += UNKNOWN_SECONDS / 10

    assert len(looks) <= 11


async def test_a_revoked_key_is_dead_when_the_last_look_is_no_longer_fresh(
    ring: KeyRing, clock: Clock
) -> None:
    key = await in_database_thread(lambda: made("doomed"))
    assert await ring.find(key.prefix)
    await in_database_thread(lambda: revoke_key(CLI, key))
    clock.now += FRESH_SECONDS * 1.1

    assert await ring.find(key.prefix) is None
