"""The audit trail: whether its newest part is as it was written, and the database guards it."""

from __future__ import annotations

from collections.abc import Iterator

from plugins_app.services.audit_verification import verify
from plugins_app.services.doctor.findings import Check, Finding, error, ok

LOOKED_AT = 1_000


def _audit() -> Iterator[Finding]:
    verdict = verify(last=LOOKED_AT)
    if verdict.broken:
        yield error(
            "ZD60",
            f"The audit trail is broken at event {verdict.broken.event}: {verdict.broken.text}",
            "Somebody changed it past ZANTARA; what it says cannot be relied upon.",
            "Compare with exports and backups: docs/audit.md.",
        )
    else:
        yield ok("ZD60", f"The newest {verdict.checked} events of the audit trail are whole")
    yield from _guards(verdict.unguarded)


def _guards(unguarded: tuple[str, ...]) -> Iterator[Finding]:
    if unguarded:
        yield error(
            "ZD61",
            f"The audit trail lacks its triggers: {', '.join(unguarded)}",
            "The database would let its rows be changed and removed.",
            "python manage.py verify_audit --restore-guards",
        )
    else:
        yield ok("ZD61", "The database refuses to change the audit trail")


MIGRATED_CHECKS: tuple[Check, ...] = (_audit,)
