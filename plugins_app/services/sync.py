"""Discovery: what the registry holds goes into the database, and what operators decided stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.db import transaction

from plugins_app.core.importing import Failure
from plugins_app.core.registry import Progress
from plugins_app.core.snapshot import Snapshot
from plugins_app.models import AuditEvent, InstalledPlugin, PluginVersion
from plugins_app.runtime.engine import Engine, current_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.audit import Actor, record
from plugins_app.services.generation import raise_generation
from plugins_app.services.installed import of_module, write_down
from plugins_app.services.workers import live_workers


@dataclass(slots=True)
class SyncReport:
    """What a discovery found, against what the database knew. `changed`: name -> old version;
    `recoded`: same version, other source."""

    new: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    recoded: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)
    """Forgotten: gone now or at an earlier discovery."""
    waiting: list[str] = field(default_factory=list)
    """Found, and no operator has decided about them yet."""
    failures: tuple[Failure, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def moved(self) -> bool:
        return bool(self.facts())

    def facts(self) -> dict[str, Any]:
        """What moved, for the audit log."""
        facts = {
            "new": self.new,
            "changed": self.changed,
            "recoded": self.recoded,
            "gone": self.gone,
            "pruned": self.pruned,
        }
        return {name: what for name, what in facts.items() if what}


def discover(
    actor: Actor,
    *,
    path: Path | None = None,
    dry_run: bool = False,
    prune: bool = False,
    progress: Progress = lambda done, total, module: None,
) -> SyncReport:
    """Load what the sources hold and write it down; `prune` also forgets what is gone.
    `path` is one more directory. With `dry_run` nothing is written."""
    engine = current_engine()
    if path:
        engine.registry.add_directory(path)
    found = engine_loop.run(_load(engine, progress))
    report = _compare(found)
    if not dry_run:
        _write(actor, found, report, prune=prune)
        engine_loop.run(engine.take_policies())
    return report


async def _load(engine: Engine, progress: Progress) -> Snapshot:
    if engine.loaded:
        return await engine.registry.load(progress=progress)
    await engine.open(progress)
    return engine.registry.snapshot


def _compare(found: Snapshot) -> SyncReport:
    rows = InstalledPlugin.objects.in_bulk()
    report = SyncReport(failures=_named(found.errors, rows))
    hashes = set(PluginVersion.objects.values_list("plugin_id", "version", "source_hash"))
    for name, plugin in found.active.items():
        report.versions[name] = plugin.version
        row = rows.get(name)
        if row is None or not row.installed:
            report.new.append(name)
        elif row.version != plugin.version:
            report.changed[name] = row.version
        elif (name, plugin.version, plugin.source_hash) not in hashes:
            report.recoded.append(name)
        else:
            report.kept.append(name)
    failed = {failure.plugin for failure in report.failures}
    broken_modules = {failure.module for failure in report.failures}
    report.gone = [
        name
        for name, row in rows.items()
        if row.installed
        and name not in found.plugins
        and name not in failed
        and row.metadata.get("module") not in broken_modules
    ]
    return report


def _named(
    failures: tuple[Failure, ...], rows: Mapping[str, InstalledPlugin]
) -> tuple[Failure, ...]:
    """A module that does not import cannot say its plugin's name; the last discovery could. What
    that one saw still serves, if not here then in the servers that run."""
    served = bool(failures) and live_workers().exists()
    named = []
    for failure in failures:
        row = rows.get(failure.plugin) or of_module(failure.module, rows.values())
        serving = row.version if row and row.installed and served else ""
        named.append(
            replace(
                failure,
                plugin=row.name if row else failure.plugin,
                serving=failure.serving or serving,
            )
        )
    return tuple(named)


def _undecided(found: Snapshot) -> list[str]:
    disabled = InstalledPlugin.objects.filter(name__in=found.plugins, enabled=False)
    decided = AuditEvent.objects.filter(action__in=("enable", "disable"))
    return list(
        disabled.exclude(name__in=decided.values("object"))
        .order_by("name")
        .values_list("name", flat=True)
    )


@transaction.atomic
def _write(actor: Actor, found: Snapshot, report: SyncReport, *, prune: bool) -> None:
    write_down(found.active.values(), found.all_versions())
    InstalledPlugin.objects.filter(name__in=report.gone).update(installed=False)
    if prune:
        absent = InstalledPlugin.objects.filter(installed=False)
        report.pruned = sorted(absent.values_list("name", flat=True))
        absent.delete()
    report.waiting = _undecided(found)
    if report.moved:
        record(actor, "discover", "registry", after=report.facts())
    if report.moved or report.failures or live_workers().exclude(errors=[]).exists():
        raise_generation("plugins")
