"""What each key of the search box asks of the log, and how the database finds it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from django.db.models import Q

from plugins_app.models import ApiKey, Status, User
from plugins_app.services.registry import snapshot
from plugins_app.services.runs import values
from plugins_app.services.runs.values import BadValue

_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{1,26}")
_AFTER_ANY = "~"
"""Sorts behind every character of an id."""
_LONGEST = 160


class Index(IntEnum):
    """What finds the rows in their order, the best first."""

    ID = 0
    PLUGIN = 1
    CALLER = 2
    STATUS = 3
    NONE = 9


@dataclass(frozen=True, slots=True)
class Condition:
    """`either`: rows of any of these, each found by the index. `since` and `until` narrow the span.
    `plugin` and `statuses` are set where the rollups can count the same."""

    rows: Q = field(default_factory=Q)
    index: Index = Index.NONE
    either: tuple[Q, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    plugin: str = ""
    statuses: tuple[str, ...] = ()
    timeless: bool = False
    """It finds what it finds, whenever that was."""


Reader = Callable[[str, datetime], Condition]


def _plugin(value: str, now: datetime) -> Condition:
    if "*" in value:
        return Condition(_starting_with("plugin", value))
    found = snapshot().find(value)
    name = found.name if found else value
    return Condition(Q(plugin=name), Index.PLUGIN, plugin=name)


def _version(value: str, now: datetime) -> Condition:
    return Condition(_starting_with("version", value) if "*" in value else Q(version=value))


def _status(value: str, now: datetime) -> Condition:
    return of_statuses(values.statuses(value))


def of_statuses(chosen: Sequence[str]) -> Condition:
    either = tuple(Q(status=each) for each in chosen)
    rows = either[0] if len(either) == 1 else Q(status__in=list(chosen))
    return Condition(rows, Index.STATUS, either, statuses=tuple(chosen))


def _caller(value: str, now: datetime) -> Condition:
    """An id as it stands in the log, or the name of a user or of a key."""
    if ":" in value:
        return Condition(Q(caller=value), Index.CALLER)
    ids = [f"user:{pk}" for pk in User.objects.filter(username=value).values_list("pk", flat=True)]
    ids += _keys_called(value)
    return _one_of(ids, Q(caller_name=value) | Q(caller=value))


def _key(value: str, now: datetime) -> Condition:
    """A key's name, or the beginning of its secret that is shown."""
    ids = _keys_called(value)
    return _one_of(ids, Q(caller=f"key:{value}") | Q(caller__startswith="key:", caller_name=value))


def _keys_called(name: str) -> list[str]:
    found = ApiKey.objects.filter(Q(name=name) | Q(prefix=name)).values_list("prefix", flat=True)
    return [f"key:{prefix}" for prefix in found]


def _one_of(ids: list[str], otherwise: Q) -> Condition:
    if not ids:
        return Condition(otherwise)
    return Condition(Q(caller__in=ids), Index.CALLER, tuple(Q(caller=each) for each in ids))


def _source(value: str, now: datetime) -> Condition:
    return Condition(Q(source__in=values.chosen(value, values.SOURCES, "source")))


def _error(value: str, now: datetime) -> Condition:
    return Condition(Q(error_code__in=values.chosen(value, values.error_codes(), "error code")))


def _duration(value: str, now: datetime) -> Condition:
    comparison, milliseconds = values.duration(value)
    return Condition(Q(**{f"duration_ms__{comparison}": milliseconds}))


def _cached(value: str, now: datetime) -> Condition:
    return Condition(Q(cached=values.yes_or_no(value)))


def _request(value: str, now: datetime) -> Condition:
    return Condition(Q(request_id=value))


def _id(value: str, now: datetime) -> Condition:
    """A whole id, or its beginning."""
    wanted = value.upper()
    if not _ID.fullmatch(wanted):
        raise BadValue("An execution id has up to 26 digits and letters, without I, L, O and U")
    if len(wanted) == 26:
        return Condition(Q(id=wanted), Index.ID, timeless=True)
    return Condition(Q(id__gte=wanted, id__lt=wanted + _AFTER_ANY), Index.ID, timeless=True)


def _before(value: str, now: datetime) -> Condition:
    return Condition(until=values.moment(value, now))


def _after(value: str, now: datetime) -> Condition:
    return Condition(since=values.moment(value, now))


def text(value: str) -> Condition:
    return Condition(Q(error__icontains=value) | Q(traceback__icontains=value))


def _starting_with(name: str, value: str) -> Q:
    """'gmail.*'; only at the end, where every database can look for it."""
    beginning = value.removesuffix("*")
    if "*" in beginning:
        raise BadValue("A * may stand at the end only, as in gmail.*")
    return Q(**{f"{name}__startswith": beginning})


READERS: Mapping[str, Reader] = {
    "plugin": _plugin,
    "status": _status,
    "caller": _caller,
    "key": _key,
    "source": _source,
    "version": _version,
    "duration": _duration,
    "cached": _cached,
    "error": _error,
    "id": _id,
    "request": _request,
    "before": _before,
    "after": _after,
}
"""Key -> what it means. Raise BadValue."""

HINTS: Mapping[str, str] = {
    "plugin": "gmail.send, gmail.*",
    "status": ", ".join(Status.values),
    "caller": "ayu, user:1",
    "key": "ci-bot",
    "source": ", ".join(values.SOURCES),
    "version": "1.2.0, 1.*",
    "duration": ">2s, <=250ms",
    "cached": "yes, no",
    "error": "timeout, rate_limited",
    "id": "01J9",
    "request": "a request id",
    "before": "2026-11-23T14:00, 2h",
    "after": "today, 7d",
}


def read(key: str, value: str, now: datetime) -> Condition:
    """Raises BadValue."""
    value = value.strip()
    if not value:
        raise BadValue(f"{key}: needs a value, for example {HINTS[key].partition(',')[0]}")
    if len(value) > _LONGEST:
        raise BadValue(f"A value has at most {_LONGEST} characters")
    return READERS[key](value, now)
