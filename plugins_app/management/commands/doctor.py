from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management import CommandParser

from plugins_app.management.command import ZantaraCommand
from plugins_app.services import doctor
from plugins_app.services.doctor import Level


class Command(ZantaraCommand):
    help = "Check this installation, and say what each finding means and how to mend it."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fail-level", default="error", choices=["error", "warning"], help="What exits with 1."
        )

    def run(self, *, fail_level: str, **_: Any) -> None:
        findings = doctor.examine()
        for finding in findings:
            self.say(f"{finding.level:<8} {finding.id}  {finding.title}")
            if finding.level is not Level.OK:
                self.say(f"{'':<8} {finding.consequence}\n{'':<8} Fix: {finding.fix}")
        bad = {Level.ERROR} if fail_level == "error" else {Level.ERROR, Level.WARNING}
        failed = [finding for finding in findings if finding.level in bad]
        self.emit({"success": not failed, "findings": [asdict(f) for f in findings]})
        if failed:
            self.fail(f"{len(failed)} of {len(findings)} checks need attention")
