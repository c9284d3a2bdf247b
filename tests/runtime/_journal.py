"""What the journal's tests say often."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from threading import Event, current_thread
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Sum

from plugins_app.core.execution import Execution
from plugins_app.core.executor import PluginExecutor
from plugins_app.models import ExecutionLog, MetricHour, MetricMinute
from plugins_app.runtime.database import in_database_thread
from tests.core.calls import USER


async def run(executor: PluginExecutor, data: Any = None, **how: Any) -> Execution:
    how.setdefault("caller", USER)
    return await executor.run(how.pop("name", "t"), data, source="test", **how)


def code(execution: Execution) -> str:
    return execution.error.code if execution.error else ""


async def until(condition: Callable[[], bool], patience: float = 5.0) -> None:
    """Lets others run until it holds; for what has no event to wait for."""
    async with asyncio.timeout(patience):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def rows(**having: Any) -> list[ExecutionLog]:
    return await in_database_thread(lambda: list(ExecutionLog.objects.filter(**having)))


async def row(**having: Any) -> ExecutionLog:
    [only] = await rows(**having)
    return only


async def statuses() -> list[str]:
    return sorted(each.status for each in await rows())


async def counted(model: type[MetricMinute | MetricHour] = MetricMinute) -> Counter[str]:
    """metric -> sum over the table."""
    summed = model.objects.values_list("metric").annotate(total=Sum("value")).order_by()
    return Counter(dict(await in_database_thread(lambda: list(summed))))


def only_the_writer(thread: str) -> bool:
    return thread == "zantara-journal"


class Database:
    """What happens between the journal's thread and the database: its commits are counted, held
    or made to fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commits = 0
        self.committing = False
        self.away = False
        self.before_commit: Callable[[], None] = lambda: None
        self.after_commit: Callable[[], None] = lambda: None
        self._commit = BaseDatabaseWrapper._commit
        self._set_autocommit = BaseDatabaseWrapper.set_autocommit
        outer = self

        def commit(connection: Any) -> None:
            outer._commit_of(connection)

        def begin(connection: Any, autocommit: bool, **how: Any) -> None:
            if outer.away and not autocommit and only_the_writer(current_thread().name):
                raise OperationalError("the database is away")
            outer._set_autocommit(connection, autocommit, **how)

        monkeypatch.setattr(BaseDatabaseWrapper, "_commit", commit)
        monkeypatch.setattr(BaseDatabaseWrapper, "set_autocommit", begin)

    def _commit_of(self, connection: Any) -> None:
        if not only_the_writer(current_thread().name):
            self._commit(connection)
            return
        self.committing = True
        self.before_commit()
        self._commit(connection)
        self.committing = False
        self.commits += 1
        self.after_commit()

    def lose_next_commit(self) -> None:
        """The next COMMIT takes place, but its answer gets lost."""

        def lose() -> None:
            self.after_commit = lambda: None
            raise OperationalError("the connection was lost")

        self.after_commit = lose

    def hold(self) -> Event:
        """Commits wait until the event is set."""
        gate = Event()
        self.before_commit = lambda: [None, gate.wait(3)][0]
        return gate
