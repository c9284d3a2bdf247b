"""The engine of this process: registry, shared state, journal and executor, joined by settings.

Under ASGI the server opens it at lifespan start; every other entry on first use, after a fork,
never at import.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock

import httpx
from django.conf import settings

from plugins_app.core.context import Ports
from plugins_app.core.discovery import DirectorySource, EntryPointSource
from plugins_app.core.execution import Execution
from plugins_app.core.executor import ExecutorOptions, PluginExecutor, World
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.middleware.admit import Limits
from plugins_app.core.process_pool import ProcessOptions
from plugins_app.core.registry import PluginRegistry, Progress
from plugins_app.core.snapshot import Policy
from plugins_app.core.state import SharedState
from plugins_app.runtime.catalogue import ExecutorCatalogue
from plugins_app.runtime.config import TomlConfig
from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.http import HttpxClient
from plugins_app.runtime.journal import ExecutionJournal
from plugins_app.runtime.keys import KeyRing
from plugins_app.runtime.loop import engine_loop
from plugins_app.runtime.mail import DjangoMail
from plugins_app.runtime.policies import read_policies
from plugins_app.runtime.redis.degrading import DegradingState
from plugins_app.runtime.redis.state import RedisState
from plugins_app.runtime.store import DatabaseStore

logger = logging.getLogger(__name__)

CANCEL_SECONDS = 5.0
_POLL_SECONDS = 0.01
_SECRETS = frozenset({"SECRET_KEY", "DATABASE_URL", "REDIS_URL"})


class Engine:
    """Build it anywhere; `open` and everything after it runs on the engine's loop."""

    def __init__(self, *, redis_url: str = "") -> None:
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self._world = World()
        self._http: httpx.AsyncClient | None = None
        self.registry = PluginRegistry(
            *(DirectorySource(directory) for directory in settings.ZANTARA_PLUGIN_DIRS),
            *_demo(),
            EntryPointSource(),
            config_for=TomlConfig(settings.ZANTARA_PLUGIN_CONFIG),
        )
        self.workers = 1
        """Processes that serve now, as the watcher last counted them."""
        self.state = _state(redis_url, lambda: self.workers)
        self.journal = ExecutionJournal(worker=self.worker, payloads=settings.ZANTARA_LOG_PAYLOADS)
        self.executor = PluginExecutor(
            self.registry,
            self.state,
            self.journal,
            ports_for=self._ports,
            world=self._world,
            options=ExecutorOptions(
                max_timeout=settings.ZANTARA_MAX_TIMEOUT,
                max_output=settings.ZANTARA_MAX_OUTPUT,
                processes=ProcessOptions(
                    workers=settings.ZANTARA_PROCESS_WORKERS,
                    memory=settings.ZANTARA_PROCESS_MEMORY,
                    environment=_without_secrets(os.environ),
                ),
                limits=Limits(anonymous_rate=settings.ZANTARA_ANONYMOUS_RATE or None),
            ),
        )
        self.keys = KeyRing()
        self.loaded = False
        self._closed = False
        self.reloaded: dict[str, int] = {}
        """Plugin -> generation of the reload that this process itself has done."""

    async def open(self, progress: Progress = lambda done, total, module: None) -> None:
        """Load the registry under the operators' decisions. Doing it twice does nothing, also at
        once: the registry loads one after the other, and the second finds nothing new."""
        if not self.loaded:
            await self.take_policies()
            await self.registry.load(everything=self._closed, progress=progress)
            self._closed, self.loaded = False, True
            if any(p.metadata.isolation == "process" for p in self.registry.list_plugins()):
                self.executor.processes.warm()

    async def take_policies(self) -> None:
        policies = await in_database_thread(read_policies)
        self.registry.apply_policies(policies, Policy(enabled=settings.ZANTARA_AUTO_ENABLE))

    async def close(self) -> None:
        """It may be opened again."""
        self.loaded, self._closed = False, True
        await self.until_idle(CANCEL_SECONDS)
        await self.executor.processes.close()
        await self.registry.close()
        if self._http:
            await self._http.aclose()
            self._http = None
        await in_database_thread(self.journal.close)
        await self.state.close()

    async def until_idle(self, patience: float) -> None:
        """Until no call is in flight: those that were cancelled still have to say so to the
        journal. At most `patience` seconds."""
        end = self._world.clock() + patience
        while self.executor.in_flight and self._world.clock() < end:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        await asyncio.sleep(0)

    def drain(self) -> None:
        """New calls are refused; those in flight go on."""
        self.executor.draining = True

    def _ports(self, execution: Execution) -> Ports:
        remaining = partial(_remaining, execution, self._world)
        return Ports(
            store=DatabaseStore(execution.loaded.name, execution.caller.id),
            http=HttpxClient(self._client, remaining),
            mail=DjangoMail(),
            catalogue=ExecutorCatalogue(self.executor, execution, self._world.clock),
        )

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            # HttpxClient has a timeout for each request, over all of it.
            self._http = httpx.AsyncClient(follow_redirects=False, timeout=None)  # noqa: S113
        return self._http


def _demo() -> list[DirectorySource]:
    """It may be made and removed while the server runs."""
    directory = settings.ZANTARA_DEMO_DIR
    return [DirectorySource(directory, optional=True)] if directory else []


def _state(redis_url: str, workers: Callable[[], int]) -> SharedState:
    """Shared by all processes where there is a Redis, else this process's own."""
    if not redis_url:
        return MemoryState()
    shared = RedisState(redis_url, prefix=settings.ZANTARA_REDIS_PREFIX)
    return DegradingState(shared, workers)


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """What worker processes see: a plugin's own variables, none of the installation's."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("ZANTARA_") and name not in _SECRETS
    }


def _remaining(execution: Execution, world: World) -> float:
    return execution.deadline - world.clock()


_lock = Lock()
_engine: Engine | None = None
_redis_url = ""


def current_engine() -> Engine:
    """This process's engine, built on first use and again after a fork."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = Engine(redis_url=redis_in_use())
        return _engine


def redis_in_use() -> str:
    return _redis_url or str(settings.REDIS_URL)


def use_redis(url: str) -> None:
    """Instead of REDIS_URL. Raises RuntimeError where the engine is in use already: its limits
    would start afresh."""
    global _redis_url
    with _lock:
        if _engine is not None:
            raise RuntimeError("the engine is in use; choose its Redis before")
        _redis_url = url


def close_engine() -> None:
    """End this process's engine, if it ever began, with all that waits to be written."""
    if _engine is not None:
        engine_loop.run(_engine.close())
        forget_engine()


def forget_engine() -> None:
    """The next use builds another."""
    global _engine
    with _lock:
        _engine = None


def _after_fork() -> None:
    """The engine's threads stayed with the parent, which may have held the lock."""
    global _lock, _engine
    _lock, _engine = Lock(), None


os.register_at_fork(after_in_child=_after_fork)
