"""Rows of the log as a list shows them, newest first, without payloads and tracebacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Left

from plugins_app.core.caller import Caller
from plugins_app.models import ExecutionLog
from plugins_app.runtime.ids import first_id
from plugins_app.services import keyset
from plugins_app.services.executions import LONG, visible
from plugins_app.services.runs.search import Search, Span

LIMIT = 50
WINDOW = 20_000
"""Rows that one page looks at."""
TOLD = 240
"""Characters of an error message."""
LATE = timedelta(seconds=60)
"""Rows of calls that took long come in behind those of calls that began later."""
MOST_NEW = 500
EXPORTED = 20_000
_CHUNK = 1_000


def page(
    caller: Caller, search: Search, span: Span, *, older: str = "", newer: str = ""
) -> keyset.Page:
    """Each row's `told` is the beginning of its error message. `older`, `newer`:
    the ids beyond which to go on."""
    wanted = replace(
        search.wanted(span.within(search)),
        before=keyset.key_of(ExecutionLog, older),
        after=keyset.key_of(ExecutionLog, newer),
    )
    return keyset.page(_rows(caller), wanted, limit=LIMIT, window=WINDOW)


def _rows(caller: Caller) -> QuerySet[Any]:
    rows = visible(caller).defer(*LONG, "error")
    return rows.annotate(told=Left("error", Value(TOLD)))


def mark_of(page: keyset.Page, now: datetime) -> str:
    """Where to count from, so that runs which come in late are counted as well: some time before
    the newest row, but not beyond what the page shows."""
    newest = page.rows[0].started_at if page.rows else now
    return max(page.older or "", first_id(min(newest, now) - LATE))


def count_since(caller: Caller, search: Search, span: Span, mark: str) -> int:
    """How many there are behind the mark, at most MOST_NEW."""
    wanted = search.wanted(span.within(search))
    rows = visible(caller).filter(id__gt=mark).only("id")
    return len(keyset.newest(rows, wanted, limit=MOST_NEW)[0])


def exported(caller: Caller, search: Search, span: Span) -> Iterator[Any]:
    """At most EXPORTED rows, read chunk by chunk; looked for among as many."""
    wanted = search.wanted(span.within(search))
    rows = visible(caller).defer(*LONG)
    if (floor := keyset.floor_of(rows, wanted, EXPORTED)) is not None:
        rows = rows.filter(pk__gte=floor)
    left = EXPORTED
    while left > 0:
        found, more = keyset.newest(rows, wanted, limit=min(_CHUNK, left))
        yield from found
        if not more:
            return
        left, rows = left - len(found), rows.filter(pk__lt=found[-1].pk)
