"""Discovery: what the registry holds goes into the database, and what operators decided stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from plugins_app.core.importing import Failure
from plugins_app.core.registry import Progress
from plugins_app.core.snapshot import Snapshot
from plugins_app.models import InstalledPlugin, PluginVersion
from plugins_app.runtime.engine import current_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.audit import Actor, record
from plugins_app.services.generation import raise_generation
from plugins_app.services.installed import write_down


@dataclass(slots=True)
class SyncReport:
    """What a discovery found, against what the database knew. `changed`: name -> old version;
    `recoded`: same version, other source."""

    new: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    recoded: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """Found, and waiting for an operator to enable them."""
    failures: tuple[Failure, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def moved(self) -> bool:
        return bool(self.new or self.changed or self.recoded or self.gone)


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
    engine_loop.run(engine.open())
    if path:
        engine.registry.add_directory(path)
    found = engine_loop.run(engine.registry.load(progress=progress))
    report = _compare(found)
    if not dry_run:
        _write(actor, found, report, prune=prune)
        engine_loop.run(engine.take_policies())
    return report


def _compare(found: Snapshot) -> SyncReport:
    report = SyncReport(failures=found.errors)
    rows = InstalledPlugin.objects.in_bulk()
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
    failed = {failure.plugin for failure in found.errors}
    broken_modules = {failure.module for failure in found.errors}
    report.gone = [
        name
        for name, row in rows.items()
        if row.installed
        and name not in found.plugins
        and name not in failed
        and row.metadata.get("module") not in broken_modules
    ]
    return report


@transaction.atomic
def _write(actor: Actor, found: Snapshot, report: SyncReport, *, prune: bool) -> None:
    write_down(found.active.values(), found.all_versions())
    gone = InstalledPlugin.objects.filter(name__in=report.gone)
    gone.delete() if prune else gone.update(installed=False)
    enabled = InstalledPlugin.objects.filter(name__in=found.plugins, enabled=False)
    report.waiting = sorted(enabled.values_list("name", flat=True))
    if report.moved:
        after = {"new": report.new, "changed": report.changed, "gone": report.gone}
        record(actor, "discover", "registry", after=after)
        raise_generation("plugins")
