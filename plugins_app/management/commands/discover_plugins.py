from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from plugins_app.core.importing import Failure
from plugins_app.management.command import FAILED, PARTIAL, ZantaraCommand
from plugins_app.services import sync
from plugins_app.services.audit import CLI
from plugins_app.services.health import describe_failure
from plugins_app.services.sync import SyncReport


class Command(ZantaraCommand):
    help = "Load what the plugin directories and entry points hold, and write it down."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--path", type=Path, help="One more plugin directory, for this run.")
        parser.add_argument("--prune", action="store_true", help="Forget plugins that are gone.")
        parser.add_argument("--strict", action="store_true", help="Any failure exits with 1.")
        parser.add_argument("--dry-run", action="store_true", help="Write nothing.")

    def run(self, *, path: Path | None, prune: bool, strict: bool, dry_run: bool, **_: Any) -> None:
        if path and not path.is_dir():
            self.fail(f"{path} is not a directory")
        with self.progress("Loading plugins") as progress:
            report = sync.discover(CLI, path=path, dry_run=dry_run, prune=prune, progress=progress)
        self._show(report, dry_run=dry_run)
        self.emit(_document(report, dry_run=dry_run))
        if report.failures:
            partly = report.versions and not strict
            self.fail(f"{_count(report.failures)} failed.", PARTIAL if partly else FAILED)

    def _show(self, report: SyncReport, *, dry_run: bool) -> None:
        for name in report.new:
            self.say(f"  + {name:<32} {report.versions[name]:<8} new")
        for name, old in report.changed.items():
            self.say(f"  ~ {name:<32} {report.versions[name]:<8} changed (was {old})")
        for name in report.recoded:
            self.say(f"  ~ {name:<32} {report.versions[name]:<8} same version, other source")
        for name in report.gone:
            self.say(f"  - {name:<32} {'':<8} gone")
        for failure in report.failures:
            self.say(_failure_lines(failure))
        self.say(_sentence(report, dry_run=dry_run))
        if report.waiting and not dry_run:
            names = " ".join(report.waiting)
            self.note(f"Disabled: {names}\nEnable them: python manage.py enable_plugins {names}")


def _failure_lines(failure: Failure) -> str:
    serving = f" (version {failure.serving} is still serving)" if failure.serving else ""
    return (
        f"  ! {failure.plugin or failure.module:<32} {failure.message}{serving}\n"
        f"    {'':<32} {failure.location}"
    )


def _sentence(report: SyncReport, *, dry_run: bool) -> str:
    updated = len(report.changed) + len(report.recoded)
    add, update, keep, remove = ("add", "update", "keep", "mark as gone")
    counts = (
        f"{add} {len(report.new)}, {update} {updated}, {keep} {len(report.kept)}, "
        f"{remove} {len(report.gone)}"
    )
    failed = f" {_count(report.failures)} failed." if report.failures else ""
    if dry_run:
        return f"Would {counts}.{failed} Nothing written (--dry-run)."
    return f"Done: {counts}.{failed}"


def _count(failures: tuple[Failure, ...]) -> str:
    return "1 plugin" if len(failures) == 1 else f"{len(failures)} plugins"


def _document(report: SyncReport, *, dry_run: bool) -> dict[str, Any]:
    return {
        "success": not report.failures,
        "dry_run": dry_run,
        "new": report.new,
        "changed": report.changed,
        "recoded": report.recoded,
        "kept": report.kept,
        "gone": report.gone,
        "waiting": report.waiting,
        "failures": [describe_failure(failure) for failure in report.failures],
        "versions": report.versions,
    }
