"""Commands of Django and of other packages that change the database, or take it out: on record as
they were called, once they have done it. Ours write down themselves what they change."""

from __future__ import annotations

from collections.abc import Sequence

NOTED = {
    "axes_reset": "login.unlock",
    "axes_reset_failure_logs": "login.unlock",
    "axes_reset_ip": "login.unlock",
    "axes_reset_ip_username": "login.unlock",
    "axes_reset_logs": "login.unlock",
    "axes_reset_username": "login.unlock",
    "clearsessions": "prune",
    "createcachetable": "command",
    "dumpdata": "export",
    "loaddata": "command",
    "remove_stale_contenttypes": "command",
}
"""Command -> action."""


def note(arguments: Sequence[str]) -> None:
    """`arguments`: the command and what follows it, as it was typed."""
    name, *more = arguments or ("",)
    if action := NOTED.get(name):
        from plugins_app.services.audit import CLI, record  # others need no database

        record(CLI, action, f"command:{name}", after={"arguments": more})
