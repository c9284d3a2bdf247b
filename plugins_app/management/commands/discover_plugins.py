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

_LEAST_WIDTH = 20
_NAMED_AT_MOST = 10


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
            self.fail(f"{_plugins(report.failures)} failed.", PARTIAL if partly else FAILED)

    def _show(self, report: SyncReport, *, dry_run: bool) -> None:
        named = [*report.versions, *report.gone, *report.pruned, *map(_name, report.failures)]
        width = max(map(len, named), default=_LEAST_WIDTH)
        for name in report.new:
            self._line("+", name, width, report.versions[name], "new")
        for name, old in report.changed.items():
            self._line("~", name, width, report.versions[name], f"changed (was {old})")
        for name in report.recoded:
            self._line("~", name, width, report.versions[name], "same version, other source")
        for name in sorted({*report.gone, *report.pruned}):
            self._line("-", name, width, "", "forgotten" if name in report.pruned else "gone")
        for failure in report.failures:
            self._failure(failure, width)
        self.say(_sentence(report, dry_run=dry_run))
        if report.waiting:
            self._waiting(report.waiting)

    def _line(self, sign: str, name: str, width: int, version: str, what: str) -> None:
        colored = _COLORS[sign](self.style, sign)
        self.say(f"  {colored} {name:<{width}}  {version:<8} {what}")

    def _failure(self, failure: Failure, width: int) -> None:
        self._line("!", _name(failure), width, "", failure.message)
        indent = " " * (width + 15)
        self.say(f"{indent}{failure.location}")
        if failure.serving:
            self.say(f"{indent}Version {failure.serving} is still serving.")
        if self.verbosity > 2:
            self.note(failure.traceback)

    def _waiting(self, names: list[str]) -> None:
        shown = " ".join(names[:_NAMED_AT_MOST])
        few = len(names) <= _NAMED_AT_MOST
        more = "" if few else f" and {len(names) - _NAMED_AT_MOST} more"
        choice = shown if few else "--status disabled"
        self.note(f"Waiting to be enabled: {shown}{more}")
        self.note(f"Enable: python manage.py enable_plugins {choice}")


_COLORS: dict[str, Any] = {
    "+": lambda style, text: style.SUCCESS(text),
    "~": lambda style, text: style.WARNING(text),
    "-": lambda style, text: style.WARNING(text),
    "!": lambda style, text: style.ERROR(text),
}


def _name(failure: Failure) -> str:
    return failure.plugin or failure.module


def _sentence(report: SyncReport, *, dry_run: bool) -> str:
    counts = {
        "add": len(report.new),
        "update": len(report.changed) + len(report.recoded),
        "keep": len(report.kept),
        "mark as gone": len(set(report.gone) - set(report.pruned)),
        "forget": len(report.pruned),
    }
    told = ", ".join(f"{verb} {n}" for verb, n in counts.items() if n or verb in ("add", "keep"))
    failed = f" {_plugins(report.failures)} failed." if report.failures else ""
    if dry_run:
        return f"Would {told}.{failed} Nothing written (--dry-run)."
    return f"Done: {told}.{failed}"


def _plugins(failures: tuple[Failure, ...]) -> str:
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
        "pruned": report.pruned,
        "waiting": report.waiting,
        "failures": [describe_failure(failure) for failure in report.failures],
        "versions": report.versions,
    }
