"""What a client has seen survives `kill -9` of the server, and of PostgreSQL, at any moment."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.runtime._killing import PLUGINS, Load, check
from tests.servers.postgresql import Cluster, own_cluster, programs
from tests.servers.redis import missing
from tests.serving import Installation, wait_until

SOAK = bool(os.environ.get("ZANTARA_SOAK"))
WEB_KILLS, DATABASE_KILLS = (20, 5) if SOAK else (3, 1)
BACK_WITHIN = 5.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    if programs() is None:
        missing("PostgreSQL's programs are not installed")
    with own_cluster() as cluster:
        yield cluster


@pytest.fixture
def installation(cluster: Cluster, tmp_path: Path) -> Iterator[Installation]:
    name = tmp_path.name.lower()
    with psycopg.connect(f"{cluster.url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    settings = {
        "KILL_TEST_EFFECTS": str(tmp_path / "effects"),
        "DATABASE_URL": f"{cluster.url}/{name}",
    }
    installation = Installation(tmp_path, settings=settings)
    installation.write("kill/plugins.py", PLUGINS)
    migrated = installation.manage("migrate", "-v0")
    assert migrated.returncode == 0, migrated.stderr
    yield installation
    installation.kill()


def test_a_killed_server_forgets_no_answer(installation: Installation) -> None:
    chance, load = random.Random(7), Load(installation)
    for _ in range(WEB_KILLS):
        installation.start()
        with load.running():
            time.sleep(chance.uniform(0.5, 1.5))  # The moment of the kill is what is drawn here.
            installation.kill()
    assert len(load.answered) > 10 * WEB_KILLS, installation.log
    check(installation, load)


def test_a_killed_database_forgets_no_answer_and_is_used_again_at_once(
    installation: Installation, cluster: Cluster
) -> None:
    chance, load = random.Random(7), Load(installation)
    installation.start()
    for _ in range(DATABASE_KILLS):
        with load.running():
            time.sleep(chance.uniform(0.5, 1.5))
            cluster.kill()
            wait_until(lambda: _status(installation, "readyz") == 503, "not being ready")
            assert _status(installation, "livez") == 200
            refused = installation.execute("kill.write", n=1)
            assert refused.status_code == 503
            assert refused.headers["Content-Type"] == "application/problem+json"
            assert "Retry-After" in refused.headers
            cluster.start()
            wait_until(lambda: _succeeds(installation), "an answer", BACK_WITHIN)
            wait_until(lambda: _status(installation, "readyz") == 200, "readiness", BACK_WITHIN)
            time.sleep(chance.uniform(0.5, 1.0))
    installation.stop()
    assert len(load.answered) > 20 * DATABASE_KILLS, installation.log
    assert set(load.refused) <= {409, 503}, installation.log
    check(installation, load)


def _status(installation: Installation, probe: str) -> int:
    try:
        return httpx.get(f"{installation.url}/{probe}", timeout=3).status_code
    except httpx.HTTPError:
        return 0


def _succeeds(installation: Installation) -> bool:
    return installation.execute("kill.read", n=1).status_code == 200
