"""The same done to many plugins: what fails is told, and keeps nothing else from being done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from plugins_app.core.errors import PluginNotFound
from plugins_app.core.importing import Failure
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.registry import PluginRegistry, Progress
from plugins_app.core.snapshot import Snapshot
from plugins_app.models import InstalledPlugin
from plugins_app.runtime.engine import current_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services import lifecycle
from plugins_app.services.audit import Actor, record
from plugins_app.services.generation import raise_generation
from plugins_app.services.installed import write_down
from plugins_app.services.registry import loaded_registry

NO_PROGRESS: Progress = lambda done, total, module: None  # noqa: E731


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one of them was not done; `serving` is the version that answers all the same."""

    name: str
    reason: str
    location: str = ""
    serving: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`action` is enable, disable or reload. `unchanged` were as they should be before."""

    action: str
    done: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[Refusal, ...] = ()


def switch(names: Iterable[str], actor: Actor, reason: str = "", *, enabled: bool) -> Outcome:
    """One event of the audit log for each that changed, and one for all."""
    known, failed = _known(dict.fromkeys(names))
    verb = lifecycle.enable if enabled else lifecycle.disable
    switched = verb(known, actor, reason) if known else []
    unchanged = [name for name in known if name not in set(switched)]
    action = "enable" if enabled else "disable"
    return _noted(Outcome(action, tuple(switched), tuple(unchanged), failed), actor, reason)


def _known(names: Iterable[str]) -> tuple[list[str], tuple[Refusal, ...]]:
    known, failed = [], []
    for name in names:
        try:
            known.append(lifecycle.canonical_name(name))
        except PluginNotFound:
            failed.append(Refusal(name, "It was never loaded, so there is nothing to switch."))
    return list(dict.fromkeys(known)), tuple(failed)


def reload(
    names: Iterable[str], actor: Actor, reason: str = "", *, progress: Progress = NO_PROGRESS
) -> Outcome:
    """One load for all: each family is imported once, however many of it are asked for. One event
    of the audit log for each plugin, and one for all."""
    registry, wanted = loaded_registry(), list(dict.fromkeys(names))
    before = registry.snapshot
    known = [name for name in wanted if before.find(name) or before.failures_of(name)]
    after = engine_loop.run(registry.reload_families(known, progress=progress))
    done, failed = _sorted_out(wanted, after, _modules(set(wanted) - set(known)))
    _write(registry, before, done, failed, actor, reason)
    engine_loop.run(current_engine().take_policies())
    names_done = tuple(plugin.name for plugin in done)
    return _noted(Outcome("reload", names_done, (), failed), actor, reason)


def _modules(names: Iterable[str]) -> dict[str, str]:
    """plugin -> the module that it was last seen in, of what is not loaded; what could not say its
    name yet is known by its module's."""
    rows = InstalledPlugin.objects.filter(name__in=names).values_list("name", "metadata")
    return {**{n: n for n in names}, **{n: metadata.get("module", n) for n, metadata in rows}}


def _sorted_out(
    wanted: Iterable[str], after: Snapshot, modules: Mapping[str, str]
) -> tuple[list[LoadedPlugin], tuple[Refusal, ...]]:
    done: dict[str, LoadedPlugin] = {}
    failed = []
    for name in wanted:
        plugin = after.find(name) or _from_module(name, after)
        failure = _failure(plugin.module if plugin else modules.get(name, name), name, after)
        if plugin and failure is None:
            done[plugin.name] = plugin
        else:
            failed.append(_refusal(name, plugin, failure))
    return list(done.values()), tuple(failed)


def _from_module(name: str, after: Snapshot) -> LoadedPlugin | None:
    return next((p for p in after.active.values() if p.module == name), None)


def _failure(module: str, name: str, after: Snapshot) -> Failure | None:
    """Of the plugin, or of its whole module."""
    own = [f for f in after.errors if f.plugin == name or (f.module == module and not f.plugin)]
    return own[-1] if own else None


def _refusal(name: str, plugin: LoadedPlugin | None, failure: Failure | None) -> Refusal:
    serving = plugin.version if plugin else ""
    if failure is None:
        return Refusal(name, "Its module does not define it any more.", serving=serving)
    return Refusal(name, failure.message, failure.location, serving)


@transaction.atomic
def _write(
    registry: PluginRegistry,
    before: Snapshot,
    done: Sequence[LoadedPlugin],
    failed: Iterable[Refusal],
    actor: Actor,
    reason: str,
) -> None:
    for plugin in done:
        served = before.find(plugin.name)
        record(
            actor,
            "reload",
            plugin.name,
            before={"version": served.version if served else ""},
            after={"version": plugin.version, "source": plugin.source_hash[:12]},
            reason=reason,
        )
    for refusal in failed:
        record(actor, "reload.rejected", refusal.name, after=refusal.reason, reason=reason)
    write_down(done, done)
    one_of_each = {registry.family_of(plugin): plugin.name for plugin in done}
    generation = raise_generation("plugins", reloads=one_of_each.values())
    current_engine().reloaded.update(dict.fromkeys(one_of_each.values(), generation))


def _noted(outcome: Outcome, actor: Actor, reason: str) -> Outcome:
    count = len(outcome.done) + len(outcome.unchanged) + len(outcome.failed)
    record(
        actor,
        f"bulk.{outcome.action}",
        f"{count} plugins",
        after={
            "done": list(outcome.done),
            "unchanged": list(outcome.unchanged),
            "failed": {refusal.name: refusal.reason for refusal in outcome.failed},
        },
        reason=reason,
    )
    return outcome
