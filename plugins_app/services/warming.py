"""Filling caches from the plugins' own examples.

A cache lives in the memory of a server's process, where no other process reaches it. So the
servers are asked through the registry's state, each warms itself, and says so in its row.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.models import RegistryState, Worker
from plugins_app.services.audit import Actor, record
from plugins_app.services.workers import live_workers

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Warmed:
    """One plugin in one server: of how many examples its cache holds the answer."""

    name: str
    server: str
    answers: int
    examples: int
    error: str

    @property
    def complete(self) -> bool:
        return not self.error and self.answers == self.examples


@dataclass(frozen=True, slots=True)
class Outcome:
    """`ready` of `total` servers are through with all plugins."""

    warmed: list[Warmed]
    ready: int
    total: int


def obstacle(plugin: LoadedPlugin) -> str:
    """Why warming it does nothing for anybody; else empty."""
    metadata = plugin.metadata
    if not plugin.enabled:
        return "it is disabled"
    if metadata.cache_ttl is None:
        return "its answers are not cached"
    if metadata.cache_scope != "public":
        return "its answers are cached for each caller alone"
    if not metadata.examples:
        return "it has no examples"
    return ""


def warm_servers(actor: Actor, names: Iterable[str], patience: timedelta) -> Outcome:
    """Ask the servers that run now, and wait until all are through or patience ends. A server
    that ends meanwhile is not waited for."""
    wanted = list(names)
    servers = list(live_workers().values_list("pk", flat=True))
    request = _ask(actor, wanted) if servers else 0
    end = time.monotonic() + patience.total_seconds()
    while True:
        alive = list(live_workers().filter(pk__in=servers))
        ready = sum(len(_reports(worker, wanted, request)) == len(wanted) for worker in alive)
        if ready == len(alive) or time.monotonic() > end:
            warmed = [each for worker in alive for each in _reports(worker, wanted, request)]
            return Outcome(warmed, ready, len(alive))
        time.sleep(_POLL_SECONDS)


@transaction.atomic
def _ask(actor: Actor, names: list[str]) -> int:
    """The number of the request."""
    RegistryState.objects.get_or_create(pk=1)
    record(actor, "warm", "servers", after={"plugins": names})
    state = RegistryState.objects.select_for_update().get(pk=1)
    request = max(state.warms.values(), default=0) + 1
    state.warms |= dict.fromkeys(names, request)
    state.save(update_fields=["warms"])
    return request


def _reports(worker: Worker, names: list[str], request: int) -> list[Warmed]:
    """What it has said about this request, or about one that came later."""
    found = [(name, worker.warmed.get(name)) for name in names]
    return [
        Warmed(name, str(worker), report["answers"], report["examples"], report["error"])
        for name, report in found
        if report and report["request"] >= request
    ]
