"""Whether the audit trail is what was written: each event against its hash and the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from plugins_app.models import AuditEvent, AuditHead
from plugins_app.models.audit_chain import START
from plugins_app.models.audit_guards import guard, missing, unguard
from plugins_app.services.audit import Actor, record

CHUNK = 1_000
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Anchor:
    """An event's hash as it was noted at another place."""

    event: int
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """`kind`: changed, out_of_place, cut_off or other_history. `event`: the first that is wrong."""

    event: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`event` and `hash`: of the newest event, to be noted elsewhere."""

    checked: int
    event: int
    hash: str
    broken: Break | None
    unguarded: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return self.broken is None


def verify(
    anchors: Iterable[Anchor] = (),
    *,
    last: int | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Verdict:
    """All events, or the `last` ones. Those that are written meanwhile are left out."""
    head = AuditHead.objects.filter(pk=1).first() or AuditHead()
    walk = _Walk(head, {anchor.event: anchor.hash for anchor in anchors}, progress)
    broken = walk.first_break(_start(head, last))
    return Verdict(walk.checked, head.event, head.hash, broken, unguarded())


def unguarded() -> tuple[str, ...]:
    """Triggers that are missing or switched off."""
    return tuple(sorted(missing(connection)))


def restore_guards(actor: Actor) -> tuple[str, ...]:
    """Those that were missing. A migration that remakes the table on SQLite takes them away."""
    with transaction.atomic():
        lost = unguarded()
        if lost:
            _make_guards()
            record(actor, "audit.guard", "audit", before={"missing": list(lost)})
    return lost


def _make_guards() -> None:
    with connection.cursor() as cursor:
        for statement in (*unguard(connection.vendor), *guard(connection.vendor)):
            cursor.execute(statement)


def _start(head: AuditHead, last: int | None) -> AuditEvent | None:
    """The event after which the check begins; None is the beginning."""
    if last is None or last >= head.count:
        return None
    newest = AuditEvent.objects.filter(id__lte=head.event).order_by("-id")
    return newest[last : last + 1].first()


class _Walk:
    def __init__(self, head: AuditHead, noted: dict[int, str], progress: Progress) -> None:
        self._head, self._noted, self._progress = head, noted, progress
        self._last, self._hash, self.checked = 0, START, 0

    def first_break(self, start: AuditEvent | None) -> Break | None:
        if start:
            self._last, self._hash = start.id, start.hash
        for event in self._events():
            if broken := self._break_at(event):
                return broken
            self._last, self._hash = event.id, event.hash
            self.checked += 1
            self._progress(self.checked, self._head.count, f"#{event.id}")
        return self._break_at_end(whole=start is None)

    def _events(self) -> Iterator[AuditEvent]:
        events = AuditEvent.objects.filter(id__gt=self._last, id__lte=self._head.event)
        return events.order_by("id").iterator(chunk_size=CHUNK)

    def _break_at(self, event: AuditEvent) -> Break | None:
        if event.computed_hash() != event.hash:
            return Break(event.id, "changed", "its content is not what its hash was taken of")
        if event.previous != self._hash:
            before = f"after event {self._last}" if self._last else "at the beginning"
            return Break(event.id, "out_of_place", f"events were removed or put in {before}")
        if self._noted.pop(event.id, event.hash) != event.hash:
            return Break(event.id, "other_history", "its hash is not the one that was noted")
        return None

    def _break_at_end(self, *, whole: bool) -> Break | None:
        head = self._head
        if self._hash != head.hash or (whole and self.checked != head.count):
            return Break(
                self._last + 1,
                "cut_off",
                f"the newest event that was written is {head.event}, the last that is there is"
                f" {self._last}",
            )
        if whole and self._noted:
            return Break(min(self._noted), "other_history", "an event that was noted is not there")
        return None
