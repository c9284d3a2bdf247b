"""Operators' hands on circuit breakers: what they force holds until they reset it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.state import BreakerState, BreakerStatus
from plugins_app.runtime.engine import current_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.audit import Actor, record
from plugins_app.services.registry import breaker_states

ACTIONS = {
    BreakerState.OPEN: "breaker.force_open",
    BreakerState.CLOSED: "breaker.force_closed",
    None: "breaker.reset",
}


def force(
    plugin: LoadedPlugin, state: BreakerState | None, actor: Actor, reason: str = ""
) -> BreakerStatus:
    """Hold the breaker of this version open or closed; None makes it a fresh closed one."""
    with transaction.atomic():
        before = status_of(plugin)
        after = BreakerStatus(state or BreakerState.CLOSED, forced=state is not None)
        record(
            actor,
            ACTIONS[state],
            plugin.name,
            before=_facts(plugin, before),
            after=_facts(plugin, after),
            reason=reason,
        )
        engine_loop.run(_force(plugin, state))
    return status_of(plugin)


def status_of(plugin: LoadedPlugin) -> BreakerStatus:
    return breaker_states([plugin])[plugin.key]


async def _force(plugin: LoadedPlugin, state: BreakerState | None) -> None:
    engine = current_engine()
    moved = await engine.state.force_breaker(plugin.breaker.key, state)
    if moved:
        engine.journal.breaker_moved(plugin, (moved,))


def _facts(plugin: LoadedPlugin, status: BreakerStatus) -> dict[str, Any]:
    return {"version": plugin.version, "state": str(status.state), "forced": status.forced}
