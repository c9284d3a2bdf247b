"""One runner at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from plugins_app.runtime.database import close_thread_connections
from plugins_app.runtime.exclusive import exclusive
from plugins_app.services import upkeep
from tests.serving import Installation


def elsewhere(work: Callable[[], object]) -> object:
    """In another thread, and so on another connection."""

    def run() -> object:
        try:
            return work()
        finally:
            close_thread_connections()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


POSTGRES = os.environ.get("ZANTARA_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432")
TWO_CONNECTIONS = """
from concurrent.futures import ThreadPoolExecutor
from plugins_app.runtime.exclusive import exclusive

def has(work):
    with exclusive(work) as mine:
        return mine

with ThreadPoolExecutor(1) as other:
    with exclusive({0!r}) as mine:
        print(mine, other.submit(has, {0!r}).result(), other.submit(has, {0!r} + "b").result())
    print(other.submit(has, {0!r}).result())
"""


def test_on_postgresql_a_lock_of_the_database_does_it(tmp_path: Path) -> None:
    installation = Installation(tmp_path, {"DATABASE_URL": f"{POSTGRES}/postgres"})
    ran = installation.manage("shell", "-v0", "-c", TWO_CONNECTIONS.format(uuid4().hex))
    if "OperationalError" in ran.stderr and os.environ.get("CI") != "true":
        pytest.skip(f"NO POSTGRESQL at {POSTGRES}")

    assert ran.stdout == "True False True\nTrue\n", ran.stderr


def has(work: str) -> bool:
    with exclusive(work) as mine:
        return mine


@pytest.mark.django_db(transaction=True)
def test_work_that_somebody_does_is_not_begun_again() -> None:
    with exclusive("a") as mine:
        assert mine
        assert elsewhere(lambda: has("a")) is False
        assert elsewhere(lambda: has("b")) is True
    assert elsewhere(lambda: has("a")) is True


@pytest.mark.django_db(transaction=True)
def test_a_failure_gives_the_lock_back() -> None:
    with pytest.raises(ZeroDivisionError), exclusive("a"):
        raise ZeroDivisionError
    assert elsewhere(lambda: has("a")) is True


@pytest.mark.django_db(transaction=True)
def test_while_one_prunes_another_does_nothing() -> None:
    with exclusive("prune"):
        assert elsewhere(upkeep.prune) == {}
    assert "executions" in upkeep.prune()
