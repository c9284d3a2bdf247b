"""Events as lists show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from plugins_app.admin.badges import Look
from plugins_app.admin.trail.address import Address
from plugins_app.admin.trail.diff import IN_LISTS, Change, changes
from plugins_app.admin.trail.links import links
from plugins_app.models import AuditEvent
from plugins_app.services.audit_actions import ACTIONS, SOURCES

_ALARMING = {"login.failed", "login.locked", "reload.rejected", "key.revoke"}
_ENDING = {"disable", "prune", "demo.clear", "breaker.force_open"}
_ICONS = {"admin": "monitor", "rest": "globe", "cli": "terminal", "system": "cpu"}


@dataclass(frozen=True, slots=True)
class Row:
    """`changes` are the first ones, `more` is how many more there are."""

    event: AuditEvent
    look: Look
    meaning: str
    door: Look
    url: str
    changes: list[Change]
    more: int
    only_actor: str = ""
    """The list without other actors."""

    @property
    def actor(self) -> str:
        return self.event.actor_name or self.event.actor


def rows(events: Iterable[AuditEvent], address: Address | None = None) -> list[Row]:
    events = list(events)
    addresses = links(events)
    shown = [row(event, addresses.get(event.object, "")) for event in events]
    if address is None:
        return shown
    return [replace(each, only_actor=address.query(actor=each.event.actor)) for each in shown]


def row(event: AuditEvent, url: str = "") -> Row:
    changed = [each for each in changes(event.before, event.after) if each.kind != "same"]
    return Row(
        event,
        look_of(event.action),
        ACTIONS.get(event.action, ""),
        Look(SOURCES.get(event.source, event.source), _ICONS.get(event.source, "circle"), "off"),
        url,
        changed[:IN_LISTS],
        max(0, len(changed) - IN_LISTS),
    )


def look_of(action: str) -> Look:
    if action in _ALARMING:
        return Look(action, "triangle-alert", "error")
    if action in _ENDING or action.endswith((".delete", ".disable")):
        return Look(action, "square", "warn")
    return Look(action, "circle-dot", "off")
