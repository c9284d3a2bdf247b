"""An installation on PostgreSQL, with a database of its own, and a Redis of one's own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.commands.conftest import run
from tests.servers.redis import missing, own_server
from tests.serving import Installation

__all__ = ["run"]

POSTGRESQL = os.environ.get(
    "ZANTARA_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432"
).rstrip("/")


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
    """The address of a Redis in memory only."""
    with own_server(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


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
