"""Runs put together by what they have in common, counted over a bounded number of rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Left, Right

from plugins_app.core.caller import Caller
from plugins_app.models import Status
from plugins_app.services import keyset
from plugins_app.services.executions import visible
from plugins_app.services.runs.search import Search, Span

READ = 20_000
"""Rows that are put into groups; of more, the newest."""
SHOWN = 50
_TOLD = 300
_VARIES = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}|0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+(?:\.\d+)?")
_FINE = {Status.SUCCEEDED, Status.RUNNING, Status.QUEUED}
_WITH_ERRORS = tuple(each.value for each in Status if each not in _FINE)
Key = tuple[str, ...]


@dataclass(slots=True)
class Group:
    """`sample` is what one of them said."""

    key: Key
    count: int = 0
    failures: int = 0
    first: datetime | None = None
    last: datetime | None = None
    callers: Counter[str] = field(default_factory=Counter)
    plugins: Counter[str] = field(default_factory=Counter)
    sample: str = ""
    sample_id: str = ""

    def add(self, row: Any) -> None:
        """Rows come newest first."""
        self.count += 1
        self.failures += row.status not in _FINE
        self.callers[row.caller_name or row.caller] += 1
        self.plugins[row.plugin] += 1
        self.first = row.started_at
        if self.last is None:
            self.last, self.sample, self.sample_id = row.started_at, _message(row), row.pk


@dataclass(frozen=True, slots=True)
class Groups:
    """The largest first. `partial`: older rows were not counted, only those from `since` on."""

    rows: list[Group]
    read: int
    more: int
    partial: bool
    since: datetime | None


def grouped(caller: Caller, search: Search, span: Span, by: str) -> Groups:
    if by == "error":
        search = search.of_statuses(_WITH_ERRORS)
    wanted = search.wanted(span.within(search))
    found, partial = keyset.sample(_values(visible(caller), by), wanted, READ)
    groups = _put_together(found, _KEYS[by])
    return Groups(
        groups[:SHOWN],
        len(found),
        max(0, len(groups) - SHOWN),
        partial,
        found[-1].started_at if found else None,
    )


def _values(rows: QuerySet[Any], by: str) -> QuerySet[Any]:
    names = ("pk", "plugin", "status", "error_code", "caller", "caller_name", "started_at")
    if by != "error":
        return rows.values_list(*names, named=True)
    rows = rows.annotate(told=Left("error", Value(_TOLD)), raised=Right("traceback", Value(_TOLD)))
    return rows.values_list(*names, "told", "raised", named=True)


def _put_together(rows: Iterable[Any], key_of: Callable[[Any], Key]) -> list[Group]:
    groups: dict[Key, Group] = {}
    for row in rows:
        key = key_of(row)
        if key not in groups:
            groups[key] = Group(key)
        groups[key].add(row)
    return sorted(groups.values(), key=lambda each: (-each.count, each.key))


def _message(row: Any) -> str:
    """What was raised, else what the caller was told."""
    raised = getattr(row, "raised", "").rstrip()
    return raised.rpartition("\n")[2].strip() or getattr(row, "told", "").strip()


def _error_key(row: Any) -> Key:
    """The same failure, whatever numbers and ids its message names."""
    return (row.plugin, row.error_code, _VARIES.sub("#", _message(row)))


_KEYS: Mapping[str, Callable[[Any], Key]] = {
    "error": _error_key,
    "plugin": lambda row: (row.plugin,),
    "caller": lambda row: (row.caller, row.caller_name),
}
BY = tuple(_KEYS)
