"""Every action that the audit trail knows, with what it means. The names never change: they stand
in events, in searches and in exports."""

from __future__ import annotations

ACTIONS: dict[str, str] = {
    "enable": "A plugin was enabled",
    "disable": "A plugin was disabled",
    "reload": "A plugin's code was loaded anew",
    "reload.rejected": "New code was refused; the old one serves on",
    "overrides": "An operator's settings of a plugin were changed",
    "breaker.force_open": "A circuit breaker was forced open",
    "breaker.force_closed": "A circuit breaker was forced closed",
    "breaker.reset": "A circuit breaker was reset",
    "bulk.enable": "Several plugins were enabled at once",
    "bulk.disable": "Several plugins were disabled at once",
    "bulk.reload": "The code of several plugins was loaded anew at once",
    "execute.again": "An execution of the log was run once more",
    "discover": "A discovery found, changed or lost plugins",
    "warm": "Servers were asked to fill their caches",
    "key.create": "An API key was made",
    "key.change": "An API key was changed",
    "key.rotate": "An API key got a new secret",
    "key.disable": "An API key was disabled",
    "key.enable": "An API key was enabled again",
    "key.revoke": "An API key was revoked",
    "user.create": "A user was made",
    "user.change": "A user, their rights or password were changed",
    "user.delete": "A user was deleted",
    "group.create": "A group was made",
    "group.change": "A group or its permissions were changed",
    "group.delete": "A group was deleted",
    "login": "Somebody logged in",
    "login.failed": "A login failed",
    "login.locked": "A name was locked at an address after failed logins",
    "login.unlock": "Failed logins were forgiven",
    "logout": "Somebody logged out",
    "export": "Records were exported",
    "prune": "Old executions, metrics or sessions were deleted",
    "backup": "The database was copied",
    "demo.seed": "Invented plugins and calls were made",
    "demo.clear": "Invented plugins and calls were removed",
    "migrate": "The database's tables were changed for another version",
    "command": "A command of Django's was run that changes the database",
    "audit.guard": "The database's guards of this trail were made again",
}
SOURCES: dict[str, str] = {
    "admin": "Admin pages",
    "rest": "HTTP API",
    "cli": "Command line",
    "system": "ZANTARA itself",
}
"""Doors: what `source` of an event says."""


def families() -> list[str]:
    """'key' for key.create and its like, in the order above."""
    return list(dict.fromkeys(name.partition(".")[0] for name in ACTIONS if "." in name))
