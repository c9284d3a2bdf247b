"""Enable, disable and reload, for every door: permission is the door's, the rest is here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Thread

from django.db import connections, transaction

from plugins_app.core.errors import PluginNotFound, ReloadRejected
from plugins_app.core.importing import Failure
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.registry import PluginRegistry
from plugins_app.core.search import suggestions
from plugins_app.models import InstalledPlugin
from plugins_app.runtime.engine import current_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.audit import Actor, record
from plugins_app.services.generation import raise_generation
from plugins_app.services.installed import write_down
from plugins_app.services.registry import loaded_registry, snapshot
from plugins_app.services.workers import live_workers, wait_for_generation

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReloadResult:
    name: str
    from_version: str
    to_version: str
    duration_ms: int


def enable(names: Iterable[str], actor: Actor, reason: str = "") -> list[str]:
    """The names that were not enabled before. Unknown names raise, and nothing is changed."""
    return _switch(names, actor, reason, enabled=True)


def disable(names: Iterable[str], actor: Actor, reason: str = "") -> list[str]:
    """The names that were enabled before. Calls in flight finish."""
    return _switch(names, actor, reason, enabled=False)


def _switch(names: Iterable[str], actor: Actor, reason: str, *, enabled: bool) -> list[str]:
    canonical = [canonical_name(name) for name in names]
    with transaction.atomic():
        rows = InstalledPlugin.objects.select_for_update().filter(name__in=canonical)
        loaded = snapshot().active
        missing = set(canonical) - {row.name for row in rows}
        write_down([loaded[name] for name in sorted(missing)], ())
        switched = sorted(row.name for row in rows.all() if row.enabled is not enabled)
        InstalledPlugin.objects.filter(name__in=switched).update(enabled=enabled)
        for name in switched:
            record(
                actor,
                "enable" if enabled else "disable",
                name,
                before={"enabled": not enabled},
                after={"enabled": enabled},
                reason=reason,
            )
        if switched:
            raise_generation("policies")
    engine_loop.run(current_engine().take_policies())
    return switched


def canonical_name(name: str) -> str:
    """Of a plugin that is loaded or was installed once; raises PluginNotFound."""
    if plugin := snapshot().find(name):
        return plugin.name
    if InstalledPlugin.objects.filter(name=name).exists():
        return name
    raise PluginNotFound(name, suggestions(snapshot().active, name))


def reload(name: str, actor: Actor, reason: str = "", *, served: str | None = None) -> ReloadResult:
    """Import the plugin anew here, and through the registry's generation everywhere. Raises
    PluginNotFound, and ReloadRejected when the old code keeps serving; both are audited.
    `served`: the version that serves, told by a process that is not the one that serves it."""
    registry = loaded_registry()
    before, started = registry.get(name), time.perf_counter()
    if served is None:
        served = before.version if before else ""
    try:
        plugin = engine_loop.run(_reload(registry, name, _not_loaded(registry, name)))
    except ReloadRejected as error:
        record(actor, "reload.rejected", _name(before, name), after=str(error), reason=reason)
        raise
    with transaction.atomic():
        write_down([plugin], [plugin])
        record(
            actor,
            "reload",
            plugin.name,
            before={"version": served},
            after={"version": plugin.version, "source": plugin.source_hash[:12]},
            reason=reason,
        )
        generation = raise_generation("plugins", reloads=[plugin.name])
        current_engine().reloaded[plugin.name] = generation
    elapsed = round((time.perf_counter() - started) * 1000)
    return ReloadResult(plugin.name, served, plugin.version, elapsed)


def reload_within(seconds: float, name: str, actor: Actor, reason: str = "") -> ReloadResult | None:
    """As `reload`; None where it takes longer: it goes on, and the audit log says how it ended."""
    done: Future[ReloadResult] = Future()
    work = partial(_fulfil, done, partial(reload, name, actor, reason))
    Thread(target=work, name=f"reload {name}", daemon=True).start()
    waited, _ = wait([done], timeout=seconds)
    if waited:
        return done.result()
    done.add_done_callback(_log_failure)
    return None


def _log_failure(done: Future[ReloadResult]) -> None:
    """Of a reload that nobody waits for any more; the audit log has what was rejected."""
    error = done.exception()
    if error and not isinstance(error, ReloadRejected):
        logger.error("reload failed", exc_info=error)


def _fulfil(promise: Future[ReloadResult], work: Callable[[], ReloadResult]) -> None:
    try:
        promise.set_result(work())
    except BaseException as error:
        promise.set_exception(error)
    finally:
        connections.close_all()


def workers_reached(patience: timedelta = timedelta(seconds=2)) -> tuple[int, int]:
    """(how many workers serve the newest code, how many live), this one included."""
    return wait_for_generation(patience, own=current_engine().worker)


async def _reload(registry: PluginRegistry, name: str, failure: Failure | None) -> LoadedPlugin:
    if failure is None:
        return await registry.reload(name)
    loaded = await registry.load()  # what failed is tried again
    if plugin := loaded.find(name):
        return plugin
    again = next((f for f in loaded.errors if f.module == failure.module), failure)
    raise ReloadRejected(again.message, file=again.file, line=again.line, traceback=again.traceback)


def _not_loaded(registry: PluginRegistry, name: str) -> Failure | None:
    """The failure of a module that could not say that it holds this plugin: found by what was
    last seen there, or by the module's own name."""
    if registry.get(name) or registry.snapshot.failures_of(name):
        return None
    row = InstalledPlugin.objects.filter(name=name).first()
    modules = {name, row.metadata.get("module") if row else None}
    return next((f for f in registry.snapshot.errors if f.module in modules), None)


def served_version(name: str) -> str:
    """Of a plugin as running servers have it, told by a process that is none; else empty."""
    if not live_workers().exists():
        return ""
    versions = InstalledPlugin.objects.filter(name=name, installed=True)
    return versions.values_list("version", flat=True).first() or ""


def _name(plugin: LoadedPlugin | None, asked: str) -> str:
    return plugin.name if plugin else asked
