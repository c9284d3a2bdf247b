"""Who changed what: every state change writes one event in its own transaction."""

from __future__ import annotations

import os
import pwd
import socket
from dataclasses import dataclass
from typing import Any

from plugins_app.core.caller import ALL_SCOPES, Caller, Scope
from plugins_app.models import AuditEvent
from plugins_app.services.audit_actions import ACTIONS


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and through which door: `source` is admin, rest, cli or system."""

    id: str
    name: str
    source: str
    request_id: str = ""
    address: str = ""
    """Of the network; of commands the name of their host."""
    scopes: frozenset[Scope] = frozenset()
    """What it may hand out to API keys."""


def _user_of_the_system() -> str:
    """Who runs this process, as the kernel has it: the environment may say anything."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in containers users often have no name
        return f"uid {os.getuid()}"


CLI = Actor(
    id="cli",
    name=_user_of_the_system(),
    source="cli",
    address=socket.gethostname()[:45],
    scopes=ALL_SCOPES,
)


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
    """Call it inside the transaction of the change, after what it writes and before
    `raise_generation`: from here on until the commit, every other event waits. ValueError where
    `action` is none of ACTIONS."""
    if action not in ACTIONS:
        raise ValueError(f"No word for the action {action!r}")
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
