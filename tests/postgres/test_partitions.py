"""The log by days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from ulid import ULID

from plugins_app.models import ExecutionLog
from plugins_app.runtime import partitions
from plugins_app.runtime.engine import Engine
from plugins_app.runtime.watcher import Watcher
from plugins_app.services import retention
from plugins_app.services.audit import CLI

pytestmark = pytest.mark.django_db(transaction=True)

MONDAY = date(2031, 3, 3)
NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)
LONG = timedelta(days=1)


@pytest.fixture(autouse=True)
def _none_before() -> None:
    for name in partitions.existing():
        with connection.cursor() as cursor:
            cursor.execute(f'DROP TABLE "{name}"')


def row(moment: datetime, status: str = "succeeded", log: type[ExecutionLog] = ExecutionLog) -> str:
    id = str(ULID.from_datetime(moment))
    log.objects.create(id=id, plugin="p", caller="c", source="s", status=status, started_at=moment)
    return id


def where() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM plugins_app_executionlog ORDER BY id")
        return [name.removeprefix("plugins_app_executionlog_") for (name,) in cursor.fetchall()]


def test_a_row_lies_in_the_partition_of_its_day() -> None:
    partitions.make(MONDAY)
    for hours in (0, 23.999, 24, 71, 200):
        row(datetime(2031, 3, 3, tzinfo=UTC) + timedelta(hours=hours))
    assert where() == ["20310303", "20310303", "20310304", "20310305", "default"]


def test_partitions_are_made_once_and_days_ahead() -> None:
    first = partitions.make(MONDAY)
    assert [name[-8:] for name in first] == ["20310303", "20310304", "20310305", "20310306"]
    assert partitions.make(MONDAY) == []
    assert [name[-8:] for name in partitions.make(MONDAY + timedelta(days=1))] == ["20310307"]


def test_rows_that_came_before_their_partition_move_into_it() -> None:
    id = row(NOON)
    assert where() == ["default"]
    partitions.make(MONDAY)
    assert where() == ["20310303"]
    assert ExecutionLog.objects.get().id == id


def test_a_whole_day_goes_at_once_and_a_day_in_part_stays() -> None:
    partitions.make(MONDAY)
    row(NOON)
    kept = row(NOON + timedelta(days=1))
    assert partitions.drop_before(NOON + timedelta(days=1)) == 1
    assert [r.id for r in ExecutionLog.objects.all()] == [kept]
    assert [name[-8:] for name in partitions.existing()] == ["20310304", "20310305", "20310306"]


def test_a_day_with_an_execution_that_has_not_ended_stays() -> None:
    partitions.make(MONDAY)
    row(NOON)
    row(NOON, "running")
    assert partitions.drop_before(NOON + timedelta(days=9)) == 0
    assert ExecutionLog.objects.count() == 2


def test_pruning_drops_days_and_says_so() -> None:
    partitions.make(MONDAY)
    row(NOON)
    with patch("django.utils.timezone.now", return_value=NOON + timedelta(days=9)):
        deleted = retention.prune(CLI, older_than=LONG, keep_failures=LONG)
    assert deleted["executions of whole days"] == 1
    assert not ExecutionLog.objects.exists()


def test_a_server_makes_the_partitions_that_it_will_need(engine: Engine) -> None:
    Watcher(engine).look()
    assert next(iter(partitions.existing().values())) == datetime.now(UTC).date()


def test_a_log_that_is_not_divided_yet_is_taken_over_and_given_back() -> None:
    with _undivided() as log:
        id = row(NOON, log=log)
    assert where() == ["default"]
    partitions.make(MONDAY)
    with _undivided() as log:
        assert [r.id for r in log.objects.all()] == [id]


@contextmanager
def _undivided() -> Iterator[type[ExecutionLog]]:
    """The log as it was before it was divided, with the columns of then."""
    before = ("plugins_app", "0003_idempotency")
    call_command("migrate", *before, verbosity=0)
    try:
        yield (
            MigrationLoader(connection)
            .project_state(before)
            .apps.get_model("plugins_app", "ExecutionLog")
        )
    finally:
        call_command("migrate", "plugins_app", verbosity=0)
