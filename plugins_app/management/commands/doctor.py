from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management import CommandParser

from plugins_app.management.command import ZantaraCommand
from plugins_app.services import doctor
from plugins_app.services.doctor import Level

_COLORS: dict[str, Any] = {
    Level.OK: lambda style, text: style.SUCCESS(text),
    Level.WARNING: lambda style, text: style.WARNING(text),
    Level.ERROR: lambda style, text: style.ERROR(text),
}


class Command(ZantaraCommand):
    help = "Check this installation, and say what each finding means and how to mend it."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fail-level", default="error", choices=["error", "warning"], help="What exits with 1."
        )

    def run(self, *, fail_level: str, **_: Any) -> None:
        findings = doctor.examine()
        for finding in findings:
            level = _COLORS[finding.level](self.style, f"{finding.level:<8}")
            self.say(f"{level} {finding.id}  {finding.title}")
            if finding.level is not Level.OK:
                self.say(f"{'':<8} {finding.consequence}\n{'':<8} Fix: {finding.fix}")
        bad = {Level.ERROR} if fail_level == "error" else {Level.ERROR, Level.WARNING}
        failed = [finding for finding in findings if finding.level in bad]
        self.emit({"success": not failed, "findings": [asdict(f) for f in findings]})
        if failed:
            self.fail(f"{len(failed)} of {len(findings)} checks need attention")
