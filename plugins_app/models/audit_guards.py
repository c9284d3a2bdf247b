"""What the database itself refuses: to change or remove what the audit trail holds.

On SQLite a table that a later migration remakes loses its triggers: such a migration ends with
`guard`. Doctor says where they are missing.
"""

from __future__ import annotations

from typing import Any

EVENTS = "plugins_app_auditevent"
HEAD = "plugins_app_audithead"
_REFUSE = "plugins_app_audit_refuse"
_SAID = "the audit trail is append-only"

_SQLITE = {
    "audit_event_kept": f"BEFORE DELETE ON {EVENTS}",
    "audit_event_unchanged": f"BEFORE UPDATE ON {EVENTS}",
    # INSERT OR REPLACE removes without asking the triggers for DELETE.
    "audit_event_last": f"BEFORE INSERT ON {EVENTS} WHEN NEW.id <= (SELECT max(id) FROM {EVENTS})",  # noqa: S608  (names of ours)
    "audit_head_kept": f"BEFORE DELETE ON {HEAD}",
    "audit_head_forward": f"BEFORE UPDATE ON {HEAD}"
    " WHEN NEW.event <= OLD.event OR NEW.count <= OLD.count",
}
_POSTGRESQL = {
    "audit_event_kept": f"BEFORE UPDATE OR DELETE ON {EVENTS} FOR EACH ROW",
    "audit_event_all_kept": f"BEFORE TRUNCATE ON {EVENTS} FOR EACH STATEMENT",
    "audit_head_kept": f"BEFORE DELETE ON {HEAD} FOR EACH ROW",
    "audit_head_all_kept": f"BEFORE TRUNCATE ON {HEAD} FOR EACH STATEMENT",
    "audit_head_forward": f"BEFORE UPDATE ON {HEAD} FOR EACH ROW"
    " WHEN (NEW.event <= OLD.event OR NEW.count <= OLD.count)",
}
_FUNCTION = f"""CREATE OR REPLACE FUNCTION {_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'restrict_violation'; END $$"""

_THERE_ON_SQLITE = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
_THERE_ON_POSTGRESQL = (
    "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    " WHERE tgenabled IN ('O', 'A') AND pg_table_is_visible(pg_class.oid)"
)


def guard(vendor: str) -> list[str]:
    """The statements that make the guards, where none of them is."""
    if vendor == "sqlite":
        said = f"BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
        return [f"CREATE TRIGGER {name} {when} {said}" for name, when in _SQLITE.items()]
    calls = f"EXECUTE FUNCTION {_REFUSE}()"
    made = [f"CREATE TRIGGER {name} {when} {calls}" for name, when in _POSTGRESQL.items()]
    return [_FUNCTION, *made]


def unguard(vendor: str) -> list[str]:
    """For migrations and tests: afterwards only the chain tells what was done."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in _SQLITE]
    return [f"DROP FUNCTION IF EXISTS {_REFUSE}() CASCADE"]


def missing(connection: Any) -> set[str]:
    """Names of guards that are not there, or switched off."""
    on_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute(_THERE_ON_SQLITE if on_sqlite else _THERE_ON_POSTGRESQL)
        found = {str(name) for (name,) in cursor.fetchall()}
    return set(_SQLITE if on_sqlite else _POSTGRESQL) - found
