"""Finding events, in a time that does not grow with the trail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from plugins_app.models import AuditEvent
from plugins_app.services.keyset import WINDOW, Page, Wanted, page

MOST_EXPORTED = 50_000
_CHUNK = 1_000
_TEXTS = ("actor", "actor_name", "action", "object", "reason", "request_id", "address")
_VALUES = ("before", "after")
_ACTOR_ID = re.compile(r"(user|key|anonymous|system):.*|cli|schedule|system")
_NOTHING = Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Search:
    """Empty fields ask for nothing. `action` may end in '.*'; `actor` is a name or an id; `text` is
    words that all stand somewhere in the event."""

    text: str = ""
    actor: str = ""
    action: str = ""
    object: str = ""
    source: str = ""
    request_id: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def wanted(self, *, before: Any = None, after: Any = None) -> Wanted:
        """The first condition with an index finds rows; the others are looked for among them."""
        indexed = list(self._indexed())
        rest = [*indexed[1:], *self._others()]
        base = reduce(Q.__and__, [self._span(), *indexed[:1]])
        return Wanted(base, reduce(Q.__and__, rest, Q()), before=before, after=after)

    def _indexed(self) -> Iterator[Q]:
        if self.request_id:
            yield Q(request_id=self.request_id)
        if self.object:
            yield Q(object=self.object)
        if _ACTOR_ID.fullmatch(self.actor):
            yield Q(actor=self.actor)
        if self.action and not self.action.endswith(".*"):
            yield Q(action=self.action)

    def _others(self) -> Iterator[Q]:
        if self.actor and not _ACTOR_ID.fullmatch(self.actor):
            yield Q(actor_name__iexact=self.actor)
        if self.action.endswith(".*"):
            yield Q(action__startswith=self.action[:-1])
        if self.source:
            yield Q(source=self.source)
        for word in self.text.split():
            yield reduce(or_, [Q(**{f"{name}__icontains": word}) for name in (*_TEXTS, *_VALUES)])

    def _span(self) -> Q:
        """Events are written one after another, so a span of time is one of numbers."""
        span = Q()
        if self.since:
            first = AuditEvent.objects.filter(at__gte=self.since).order_by("at", "id").first()
            span &= Q(id__gte=first.id) if first else _NOTHING
        if self.until:
            last = AuditEvent.objects.filter(at__lt=self.until).order_by("-at", "-id").first()
            span &= Q(id__lte=last.id) if last else _NOTHING
        return span


def found(search: Search, *, before: Any = None, after: Any = None, window: int = WINDOW) -> Page:
    """Newest first."""
    wanted = search.wanted(before=before, after=after)
    return page(AuditEvent.objects.all(), wanted, window=window)


def exported(search: Search, up_to: int) -> Iterator[AuditEvent]:
    """The newest ones, at most MOST_EXPORTED, and none that is newer than the event `up_to`."""
    wanted = search.wanted()
    events = AuditEvent.objects.filter(wanted.base, wanted.rest, id__lte=up_to).order_by("-id")
    yield from events[:MOST_EXPORTED].iterator(chunk_size=_CHUNK)


def neighbours(event: AuditEvent) -> tuple[AuditEvent | None, AuditEvent | None]:
    """The one before and the one after."""
    events = AuditEvent.objects.defer("before", "after")
    return (
        events.filter(id__lt=event.id).order_by("-id").first(),
        events.filter(id__gt=event.id).order_by("id").first(),
    )


def same_request(event: AuditEvent, limit: int = 20) -> list[AuditEvent]:
    """Other events of the request, oldest first."""
    if not event.request_id:
        return []
    others = AuditEvent.objects.filter(request_id=event.request_id).exclude(id=event.id)
    return list(others.order_by("-id")[:limit])[::-1]
