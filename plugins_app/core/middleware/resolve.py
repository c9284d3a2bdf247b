from __future__ import annotations

from plugins_app.core.caller import Caller
from plugins_app.core.errors import PluginDisabled, PluginNotFound
from plugins_app.core.execution import Answer, CallNext, Execution
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.registry import PluginRegistry
from plugins_app.core.search import suggestions


def may_see(caller: Caller, plugin: LoadedPlugin) -> bool:
    """What a caller may not see does not exist for it: not in lists, searches or suggestions."""
    if not caller.may_use(plugin.name):
        return False
    if plugin.visibility == "staff" and not (caller.is_staff or caller.is_admin):
        return False
    metadata = plugin.metadata
    open_to_all = plugin.visibility == "public" and not (
        metadata.requires_auth or metadata.requires_admin
    )
    return caller.authenticated or open_to_all


class Resolve:
    """Find the plugin by any of its names, and hold it while the call is on its way."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry

    async def __call__(self, execution: Execution, call_next: CallNext) -> Answer:
        plugin = self._find(execution)
        execution.plugin = plugin
        if not plugin.enabled:
            raise PluginDisabled(f"Plugin {plugin.name!r} is disabled")
        execution.deadline = min(
            execution.deadline, execution.started + plugin.metadata.call_timeout
        )
        plugin.calls.enter()
        execution.in_flight = plugin.calls.count
        try:
            return await call_next(execution)
        finally:
            _leave_when_finished(execution)

    def _find(self, execution: Execution) -> LoadedPlugin:
        try:
            plugin = self._registry.resolve(execution.name)
        except PluginNotFound:
            raise self._not_found(execution) from None
        if not may_see(execution.caller, plugin):
            raise self._not_found(execution)
        return plugin

    def _not_found(self, execution: Execution) -> PluginNotFound:
        active = self._registry.snapshot.active.values()
        visible = [plugin.name for plugin in active if may_see(execution.caller, plugin)]
        return PluginNotFound(execution.name, suggestions(visible, execution.name))


def _leave_when_finished(execution: Execution) -> None:
    if work := execution.unfinished:
        work.add_done_callback(lambda _: _leave_when_finished(execution))
    else:
        execution.loaded.calls.leave()
