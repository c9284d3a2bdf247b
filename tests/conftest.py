"""Fixtures that every kind of test may use."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from hypothesis import settings as hypothesis

from tests._flush import let_tests_flush

# The same examples on every run, and no clock: a busy machine is no failure.
hypothesis.register_profile("zantara", deadline=None, derandomize=True)
hypothesis.load_profile("zantara")
let_tests_flush()
# Users of tests have no password worth the 70 ms. Servers that tests start hash as in production.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

SHARED = {"site", "server", "queue", "cluster", "on_postgresql", "own_redis"}
"""Fixtures of a whole module that start processes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules whose tests share a server begin, since they take longest. Of any module all tests
    run in one process (--dist loadfile), or each process would start a server of its own."""
    items.sort(key=lambda item: SHARED.isdisjoint(getattr(item, "fixturenames", ())))


@pytest.fixture(autouse=True)
def _past_hours_are_read_anew() -> None:
    """A test's database has another past than the one before it."""
    if metrics := sys.modules.get("plugins_app.services.metrics"):
        metrics.forget()


@pytest.fixture
def engine(transactional_db: None) -> Iterator[object]:
    """This process's engine on the real plugins and an empty database. Transactional, since the
    journal writes on a thread and a connection of its own."""
    from plugins_app.runtime.engine import current_engine, forget_engine
    from plugins_app.runtime.loop import engine_loop

    forget_engine()
    engine = current_engine()
    engine_loop.run(engine.open())
    yield engine
    engine_loop.run(engine.close())
    forget_engine()
