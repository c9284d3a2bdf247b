"""For plugin authors' tests: the engine in memory, and ports that keep what they were given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plugins_app.core.context import Ports
from plugins_app.core.discovery import PluginClass, Source
from plugins_app.core.errors import PluginNotFound
from plugins_app.core.execution import Execution, Status
from plugins_app.core.executor import ExecutorOptions, PluginExecutor, World
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.ports import CatalogueEntry, HttpResponse, JsonObject, Store
from plugins_app.core.process_pool import ProcessOptions
from plugins_app.core.registry import PluginRegistry
from plugins_app.core.state import SharedState, Transition


@dataclass
class MemoryJournal:
    """Keeps (what happened, execution id or plugin) in order."""

    accepted: list[str] = field(default_factory=list)
    finished: list[tuple[str, Status]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)

    async def accept(self, execution: Execution) -> None:
        self.accepted.append(execution.id)

    async def finish(self, execution: Execution) -> None:
        self.finished.append((execution.id, execution.status))

    def refuse(self, execution: Execution) -> None:
        self.refused.append(execution.error.code if execution.error else "")

    def breaker_moved(self, plugin: LoadedPlugin, transitions: tuple[Transition, ...]) -> None:
        self.transitions.extend(transitions)


@dataclass
class ManualTime:
    """Time that moves only when it is set, or when something sleeps on it."""

    now: float = 1_000.0
    sleeps: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def world(self, random: Callable[[], float] = lambda: 0.5) -> World:
        return World(clock=self.clock, sleep=self.sleep, random=random)


async def memory_executor(
    *plugins: PluginClass,
    sources: Sequence[Source] = (),
    state: SharedState | None = None,
    journal: MemoryJournal | None = None,
    ports: Ports | None = None,
    world: World | None = None,
    options: ExecutorOptions | None = None,
) -> PluginExecutor:
    """A whole engine in memory that serves these plugins. Worker processes end with their call,
    unless the options say otherwise; then `await executor.processes.close()` ends them."""
    registry = PluginRegistry(*sources)
    for plugin in plugins:
        await registry.register(plugin)
    return PluginExecutor(
        registry,
        state or MemoryState(),
        journal or MemoryJournal(),
        ports_for=lambda execution: ports or Ports(),
        world=world,
        options=options or ExecutorOptions(processes=ProcessOptions(keep=False)),
    )


class MemoryStore:
    """Store in a dict; `owner` is empty for documents that all callers share."""

    def __init__(
        self, owner: str = "caller", documents: dict[tuple[str, str, str], JsonObject] | None = None
    ) -> None:
        self._owner = owner
        self._documents = {} if documents is None else documents

    async def get(self, collection: str, key: str) -> JsonObject | None:
        return self._documents.get((self._owner, collection, key))

    async def put(self, collection: str, key: str, document: JsonObject) -> None:
        self._documents[self._owner, collection, key] = document

    async def delete(self, collection: str, key: str) -> bool:
        return self._documents.pop((self._owner, collection, key), None) is not None

    async def search(
        self, collection: str, *, where: Mapping[str, Any] | None = None, limit: int = 100
    ) -> list[tuple[str, JsonObject]]:
        wanted = (where or {}).items()
        found = [
            (key, document)
            for (owner, of, key), document in sorted(self._documents.items())
            if (owner, of) == (self._owner, collection) and wanted <= document.items()
        ]
        return found[:limit]

    def shared(self) -> Store:
        return MemoryStore("", self._documents)


@dataclass
class MemoryHttp:
    """Answers from a list prepared by the test, and keeps the requests."""

    responses: list[HttpResponse] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        timeout: float | None = None,
    ) -> HttpResponse:
        self.requests.append((method, url))
        return self.responses.pop(0)


@dataclass
class MemoryMail:
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, *, to: Sequence[str], subject: str, text: str, html: str = "") -> None:
        self.sent.append({"to": list(to), "subject": subject, "text": text, "html": html})


@dataclass
class MemoryCatalogue:
    """Other plugins as plain functions of their input, by name."""

    plugins: dict[str, Callable[[JsonObject], Any]] = field(default_factory=dict)

    async def list(self) -> list[CatalogueEntry]:
        return [CatalogueEntry(name, "1.0.0", "", {}) for name in sorted(self.plugins)]

    async def get(self, name: str) -> CatalogueEntry:
        if name not in self.plugins:
            raise PluginNotFound(name)
        return CatalogueEntry(name, "1.0.0", "", {})

    async def call(self, name: str, data: JsonObject) -> Any:
        if name not in self.plugins:
            raise PluginNotFound(name)
        return self.plugins[name](data)
