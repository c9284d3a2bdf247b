"""Fixtures that every kind of test may use."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings as hypothesis

from tests._flush import let_tests_flush

# The same examples on every run, and no clock: a busy machine is no failure.
hypothesis.register_profile("zantara", deadline=None, derandomize=True)
hypothesis.load_profile("zantara")
let_tests_flush()


SHARED = {"site", "server", "queue", "cluster", "on_postgresql", "own_redis"}
"""Fixtures of a whole module that start processes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a module that share a server run in one process, or each process would start one;
    they begin first, since they take longest. Works with --dist loadgroup."""
    for item in items:
        if _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))  # type: ignore[attr-defined]
    items.sort(key=lambda item: not _shares(item))


def _shares(item: pytest.Item) -> bool:
    return not SHARED.isdisjoint(getattr(item, "fixturenames", ()))


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
