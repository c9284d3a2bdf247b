"""Who changed what: every state change writes one event in its own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plugins_app.core.caller import ALL_SCOPES, Caller, Scope
from plugins_app.models import AuditEvent


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and through which door: `source` is admin, rest, cli or system."""

    id: str
    name: str
    source: str
    request_id: str = ""
    address: str = ""
    scopes: frozenset[Scope] = frozenset()
    """What it may hand out to API keys."""


CLI = Actor(id="cli", name="command line", source="cli", scopes=ALL_SCOPES)


def actor_of(caller: Caller, source: str, request_id: str = "") -> Actor:
    scopes = ALL_SCOPES if caller.is_admin else caller.scopes
    return Actor(caller.id, caller.name, source, request_id, caller.address, scopes)


def record(
    actor: Actor,
    action: str,
    subject: str,
    *,
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> AuditEvent:
    """Call it inside the transaction of the change."""
    return AuditEvent.objects.create(
        actor=actor.id,
        actor_name=actor.name,
        action=action,
        object=subject,
        before=before,
        after=after,
        reason=reason,
        source=actor.source,
        request_id=actor.request_id,
        address=actor.address,
    )
