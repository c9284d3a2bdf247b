"""An installation on PostgreSQL, with a database of its own, and a Redis of one's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis
from psycopg import sql

from tests.serving import Installation, free_port, wait_until

POSTGRESQL = os.environ.get(
    "ZANTARA_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432"
).rstrip("/")


def missing(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI needs every service: {what}")
    pytest.skip(what)


def administer(statement: str, database: str) -> None:
    """`{}` in the statement is the database."""
    with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(database)))


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The name of an empty database, dropped afterwards."""
    name = f"zantara_deployment_{uuid4().hex[:12]}"
    try:
        administer("CREATE DATABASE {}", name)
    except psycopg.OperationalError as error:
        missing(f"NO POSTGRESQL at {POSTGRESQL}: {error}")
    yield name
    administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory, database: str) -> Installation:
    settings = {"DATABASE_URL": f"{POSTGRESQL}/{database}"}
    installation = Installation(tmp_path_factory.mktemp("postgresql"), settings)
    ran = installation.manage("migrate", "-v0")
    assert ran.returncode == 0, ran.stderr
    return installation


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis in memory only, as it comes."""
    if not shutil.which("redis-server"):
        missing("NO redis-server is installed")
    port, directory = free_port(), tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    wait_until(lambda: _answers(url), "an answer of redis-server")
    yield url
    server.kill()
    server.wait()


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=0.5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def levels(installation: Installation) -> dict[str, str]:
    """What the doctor finds: id -> level, the worst where it says more."""
    ran = installation.manage("doctor", "--json")
    document = json.loads(ran.stdout)
    found: dict[str, str] = {}
    for finding in sorted(document["findings"], key=lambda each: WORSE.index(each["level"])):
        found[finding["id"]] = finding["level"]
    assert ran.returncode == int("error" in found.values()), ran.stderr
    return found


WORSE = ("ok", "warning", "error")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Installation]:
    """On SQLite, migrated."""
    installation = Installation(tmp_path)
    assert installation.manage("migrate", "-v0").returncode == 0
    yield installation
    installation.kill()
