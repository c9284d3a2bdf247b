"""A journal on the real database file, and executors that write into it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from plugins_app.core.executor import PluginExecutor
from plugins_app.core.testing import memory_executor
from plugins_app.runtime.engine import Engine, close_engine, current_engine, forget_engine
from plugins_app.runtime.journal import ExecutionJournal
from plugins_app.runtime.loop import engine_loop
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


@pytest.fixture
def family(settings: Any, tmp_path: Path) -> Path:
    """An empty plugin folder, which is all that engines serve."""
    root = tmp_path / f"plugins_of_{tmp_path.name}"
    (root / "family").mkdir(parents=True)
    settings.ZANTARA_PLUGIN_DIRS = [root]
    return root / "family"


@pytest.fixture
def engine_of(family: Path, transactional_db: None) -> Iterator[Callable[..., Engine]]:
    """engine_of(code, ...): this process's engine, serving these modules on the engine's loop."""

    def make(*modules: str) -> Engine:
        forget_engine()
        for number, code in enumerate(modules):
            write_plugin(family / f"m{number}.py", code)
        engine = current_engine()
        engine_loop.run(engine.open())
        return engine

    yield make
    close_engine()


def write_plugin(path: Path, code: str) -> None:
    path.write_text(HEAD + dedent(code))


HEAD = """\
import asyncio
from plugins_app.core import Context, Plugin, PluginInput, PluginMetadata, PluginOutput
"""
