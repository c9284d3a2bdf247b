"""A journal on the real database file, and executors that write into it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from plugins_app.core.executor import PluginExecutor
from plugins_app.core.testing import memory_executor
from plugins_app.runtime.journal import ExecutionJournal
from tests.runtime._journal import Database

MakeJournal = Callable[..., ExecutionJournal]
MakeExecutor = Callable[..., Awaitable[PluginExecutor]]


@pytest.fixture
def make_journal(transactional_db: None) -> Iterator[MakeJournal]:
    """Journals that never pause and are closed at the end."""
    made: list[ExecutionJournal] = []

    def make(**options: Any) -> ExecutionJournal:
        made.append(ExecutionJournal(worker="here", pause=lambda seconds: None, **options))
        return made[-1]

    yield make
    for journal in made:
        journal.close()


@pytest.fixture
def journal(make_journal: MakeJournal) -> ExecutionJournal:
    return make_journal()


@pytest.fixture
def serve(journal: ExecutionJournal) -> MakeExecutor:
    """await serve(plugin, ...): an executor of these plugins that writes into `journal`."""

    async def make(*plugins: Any, **options: Any) -> PluginExecutor:
        return await memory_executor(*plugins, journal=journal, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def database(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Database:
    return Database(monkeypatch)
