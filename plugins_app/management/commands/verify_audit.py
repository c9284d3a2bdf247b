from __future__ import annotations

import re
from argparse import ArgumentTypeError
from dataclasses import asdict
from typing import Any

from django.core.management import CommandParser

from plugins_app.management.command import ZantaraCommand
from plugins_app.services import audit_verification
from plugins_app.services.audit import CLI
from plugins_app.services.audit_verification import Anchor, Verdict


class Command(ZantaraCommand):
    help = "Check that the audit trail is what was written: nothing changed, removed or put in."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor",
            type=_anchor,
            action="append",
            default=[],
            metavar="EVENT:HASH",
            help="What an earlier check printed; it must still be so. May be given again.",
        )

        parser.add_argument(
            "--restore-guards",
            action="store_true",
            help="Make the triggers again that refuse changes, where they are missing.",
        )

    def run(self, *, anchor: list[Anchor], restore_guards: bool, **_: Any) -> None:
        if restore_guards:
            restored = audit_verification.restore_guards(CLI)
            self.note(f"Restored: {', '.join(restored) or 'nothing was missing'}")
        with self.progress("Checking events") as progress:
            verdict = audit_verification.verify(anchor, progress=progress)
        self.emit({"success": verdict.whole, "whole": verdict.whole, **asdict(verdict)})
        if verdict.unguarded:
            self.note(f"The database does not refuse changes: {', '.join(verdict.unguarded)}")
        if verdict.broken:
            self.fail(f"Broken at event {verdict.broken.event}: {verdict.broken.text}")
        self._say(verdict)

    def _say(self, verdict: Verdict) -> None:
        self.say(f"{verdict.checked} events are as they were written")
        self.say(f"Newest: {verdict.event}:{verdict.hash}")


def _anchor(text: str) -> Anchor:
    found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", text)
    if not found:
        raise ArgumentTypeError(f"{text!r} is not like 120:64 hex digits")
    return Anchor(int(found[1]), found[2])
