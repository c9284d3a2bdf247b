"""Keeps a serving process up to date and visible.

One thread reads the registry state twice a second and takes over what moved, renews this
process's row, and sweeps the log for rows of processes that died.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from django.db import Error as DatabaseError
from django.utils import timezone

from plugins_app.core.errors import ZantaraError
from plugins_app.models import RegistryState, Worker
from plugins_app.runtime import partitions
from plugins_app.runtime.database import close_thread_connections
from plugins_app.runtime.engine import Engine
from plugins_app.runtime.exclusive import exclusive
from plugins_app.runtime.loop import engine_loop
from plugins_app.runtime.sweeper import sweep
from plugins_app.runtime.warming import Warmer

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 2.0
SWEEP_SECONDS = 10.0
STALE_SECONDS = 15.0
"""A worker that has not been seen for so long is taken for dead."""
FORGET = timedelta(hours=1)
"""So long its row stays, for whoever looks for what happened."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The generations that this process has taken over."""

    plugins: int = 0
    policies: int = 0
    keys: int = 0
    config: int = 0
    reloads: dict[str, int] = field(default_factory=dict)
    warms: dict[str, int] = field(default_factory=dict)

    @classmethod
    def now(cls) -> Seen:
        state = RegistryState.objects.filter(pk=1).first() or RegistryState()
        return cls(
            state.plugins, state.policies, state.keys, state.config, state.reloads, state.warms
        )


class Watcher:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._started = timezone.now()
        self._next_heartbeat = self._next_sweep = 0.0
        self._away = False
        self._warmer = Warmer(engine.executor)
        self._reported = self._warmer.reports
        self.seen = Seen()

    def start(self, seen: Seen) -> None:
        """`seen`: the state as it was before the engine was opened, so that nothing is missed."""
        self.seen = seen
        self._thread = threading.Thread(target=self._run, name="zantara-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread:
            self._stop.set()
            self._thread.join()
            self._warmer.stop()
            self._thread = None

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
                self._away = False
            except DatabaseError as error:
                if not self._away:
                    logger.warning("database is away", extra={"error": str(error)})
                self._away = True
                close_thread_connections()
            except Exception:
                logger.exception("the watcher failed; it goes on")
            self._stop.wait(POLL_SECONDS)
        self._leave()

    def look(self) -> None:
        """One round."""
        now = time.monotonic()
        state = Seen.now()
        self._engine.keys.confirm(state.keys, now)
        self._take_over(state)
        if now >= self._next_heartbeat or self._reported is not self._warmer.reports:
            self._next_heartbeat = now + HEARTBEAT_SECONDS
            self._beat()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            self._sweep()
            Worker.objects.filter(seen__lt=timezone.now() - FORGET).delete()

    def _sweep(self) -> None:
        with exclusive("sweep") as mine:
            if mine and (swept := sweep(timezone.now())):
                logger.warning("abandoned executions swept", extra={"count": swept})
        partitions.make(timezone.now().date())

    def _take_over(self, state: Seen) -> None:
        if state == self.seen:
            return
        if (state.plugins, state.config) != (self.seen.plugins, self.seen.config):
            engine_loop.run(self._reload(state))
        if state.policies != self.seen.policies or state.plugins != self.seen.plugins:
            engine_loop.run(self._engine.take_policies())
        self._warm(state)
        self.seen = state
        self._next_heartbeat = 0.0

    async def _reload(self, state: Seen) -> None:
        registry = self._engine.registry
        for name, generation in state.reloads.items():
            done_here = self._engine.reloaded.get(name) == generation
            if generation > self.seen.plugins and not done_here:
                try:
                    await registry.reload(name)
                except ZantaraError as error:
                    logger.warning("reload failed", extra={"plugin": name, "error": str(error)})
        await registry.load(everything=state.config != self.seen.config)

    def _warm(self, state: Seen) -> None:
        """After the code and the policies: what is warmed is what is served."""
        known = self.seen.warms
        self._warmer.begin(
            {name: request for name, request in state.warms.items() if request > known.get(name, 0)}
        )

    def _beat(self) -> None:
        self._reported = self._warmer.reports
        snapshot = self._engine.registry.snapshot
        hashes = sorted(f"{p.key}:{p.source_hash}" for p in snapshot.all_versions())
        Worker.objects.update_or_create(
            id=self._engine.worker,
            defaults={
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "started": self._started,
                "seen": timezone.now(),
                "generation": self.seen.plugins,
                "registry_hash": sha256("\n".join(hashes).encode()).hexdigest(),
                "errors": [
                    {"plugin": f.plugin, "module": f.module, "message": f.message, "at": f.location}
                    for f in snapshot.errors
                ],
                "warmed": self._reported,
            },
        )
        alive = timezone.now() - timedelta(seconds=STALE_SECONDS)
        self._engine.workers = Worker.objects.filter(seen__gte=alive).count()

    def _leave(self) -> None:
        try:
            Worker.objects.filter(pk=self._engine.worker).delete()
        except DatabaseError as error:
            logger.warning("could not sign off", extra={"error": str(error)})
        close_thread_connections()
