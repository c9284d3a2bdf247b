"""The doctor asks real servers: PostgreSQL, Redis, and the queue's workers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis
from django.utils import timezone

from plugins_app.models import Worker
from plugins_app.services.doctor import servers
from tests.celery.conftest import Queue
from tests.commands.plugins import a_server
from tests.deployment.conftest import POSTGRESQL, administer, levels
from tests.serving import Installation, free_port


def test_a_sound_postgresql_is_told_to_be_so(on_postgresql: Installation) -> None:
    found = levels(on_postgresql)

    assert {found[id] for id in ("ZD10", "ZD12", "ZD40", "ZD41", "ZD42", "ZD43", "ZD21")} == {"ok"}
    assert "ZD11" not in found


@pytest.fixture
def careless(database: str) -> Iterator[None]:
    """A database whose connections are told early that a row is safe."""
    administer("ALTER DATABASE {} SET synchronous_commit = off", database)
    yield
    administer("ALTER DATABASE {} RESET ALL", database)


def test_rows_are_safe_whatever_the_databases_default(
    on_postgresql: Installation, careless: None
) -> None:
    assert levels(on_postgresql)["ZD41"] == "ok"


def test_postgresql_that_confirms_before_it_has_written_is_found(
    on_postgresql: Installation, tmp_path: Path
) -> None:
    url = on_postgresql.settings["DATABASE_URL"]
    early = {"DATABASE_URL": f"{url}?options=-c%20synchronous_commit%3Doff"}

    assert levels(Installation(tmp_path, early))["ZD41"] == "error"


def test_a_database_that_is_away_is_found(tmp_path: Path) -> None:
    nobody = {"DATABASE_URL": f"postgres://zantara@127.0.0.1:{free_port()}/zantara"}

    found = levels(Installation(tmp_path, nobody))

    assert found["ZD10"] == "error"
    assert "ZD12" not in found


def test_migrations_that_are_missing_are_found(tmp_path: Path) -> None:
    assert levels(Installation(tmp_path))["ZD12"] == "error"


def test_redis_that_forgets_is_found(fresh: Installation, own_redis: str) -> None:
    with redis.Redis.from_url(own_redis) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")

    found = levels(replace(fresh, settings={"REDIS_URL": own_redis}))

    assert (found["ZD30"], found["ZD31"], found["ZD50"]) == ("ok", "ok", "ok")
    assert (found["ZD32"], found["ZD33"], found["ZD51"]) == ("error", "warning", "warning")


def test_redis_that_keeps_what_it_has_is_told_to_be_so(fresh: Installation, own_redis: str) -> None:
    with redis.Redis.from_url(own_redis) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("appendonly", "yes")

    found = levels(replace(fresh, settings={"REDIS_URL": own_redis}))

    assert (found["ZD32"], found["ZD33"]) == ("ok", "ok")


def test_redis_that_is_away_is_found(fresh: Installation) -> None:
    nobody = f"redis://127.0.0.1:{free_port()}/0"

    found = levels(replace(fresh, settings={"REDIS_URL": nobody}))

    assert (found["ZD30"], found["ZD50"]) == ("error", "error")


def test_a_worker_of_the_queue_is_seen(tmp_path: Path, own_redis: str) -> None:
    queue = Queue(tmp_path, own_redis, "doctor")
    queue.start_worker()
    try:
        assert levels(queue.installation)["ZD51"] == "ok"
    finally:
        queue.stop_worker()


# --- several servers ------------------------------------------------------------------------------


def of_servers() -> dict[str, str]:
    findings = [finding for check in servers.MIGRATED_CHECKS for finding in check()]
    return {finding.id: str(finding.level) for finding in findings}


def test_hosts_that_share_an_sqlite_file_are_found(transactional_db: None) -> None:
    a_server("here")
    assert "ZD26" not in of_servers()

    a_server("there")

    assert of_servers()["ZD26"] == "error"


def test_several_processes_to_come_are_found(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "ZD17" not in of_servers()

    monkeypatch.setenv("WEB_CONCURRENCY", "2")

    assert of_servers()["ZD17"] == "error"


def test_processes_of_other_hosts_may_share_postgresql(on_postgresql: Installation) -> None:
    now = timezone.now()
    row = "INSERT INTO {} ({}) VALUES (%s, %s, 1, %s, %s, 0, '-', '[]', '{{}}')"
    columns = "id, host, pid, started, seen, generation, registry_hash, errors, warmed"
    statement = row.format(Worker._meta.db_table, columns)
    url = f"{POSTGRESQL}/{on_postgresql.settings['DATABASE_URL'].rpartition('/')[2]}"
    with psycopg.connect(url) as connection:
        for host in ("one", "two"):
            connection.execute(statement, (host, host, now, now))

    found = levels(on_postgresql)

    assert "ZD26" not in found
    assert found["ZD17"] == "error"
