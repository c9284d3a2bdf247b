"""Whom a change of plugins reaches: who called them lately, and which others need them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Sum
from django.utils import timezone

from plugins_app.core.caller import Caller, CallerKind
from plugins_app.core.snapshot import required_names
from plugins_app.models import ApiKey, CallerHour, User
from plugins_app.services.catalogue import visible_plugins

DAY = timedelta(hours=24)
NAMED = 8


@dataclass(frozen=True, slots=True)
class Calling:
    """`kind` is key, user, anonymous or system; `name` is empty where it has none."""

    kind: str
    name: str
    calls: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Of the last 24 hours. `callers` are the busiest, `kinds` counts all: kind -> how many."""

    calls: int
    callers: list[Calling]
    kinds: Mapping[str, int]


def reach(names: Collection[str]) -> Reach:
    rows = CallerHour.objects.filter(plugin__in=names, at__gte=timezone.now() - DAY)
    sums = rows.order_by().values_list("caller").annotate(total=Sum("calls"))
    called = sorted(((c, n) for c, n in sums if n), key=lambda pair: (-pair[1], pair[0]))
    kinds: dict[str, int] = {}
    for caller, _ in called:
        kinds[_kind(caller)] = kinds.get(_kind(caller), 0) + 1
    return Reach(sum(n for _, n in called), _named(called[:NAMED]), kinds)


def dependants(names: Collection[str], caller: Caller) -> list[str]:
    """Plugins beside these that need one of these."""
    return sorted(
        plugin.name
        for plugin in visible_plugins(caller)
        if plugin.name not in names and not required_names(plugin).isdisjoint(names)
    )


def _kind(caller: str) -> str:
    return caller.partition(":")[0]


def _named(called: Sequence[tuple[str, int]]) -> list[Calling]:
    ids = [caller.partition(":")[2] for caller, _ in called]
    keys = ApiKey.objects.filter(prefix__in=ids).values_list("prefix", "name")
    users = User.objects.filter(pk__in=filter(str.isdecimal, ids)).values_list("pk", "username")
    names = {
        **{f"{CallerKind.KEY}:{prefix}": name for prefix, name in keys},
        **{f"{CallerKind.USER}:{pk}": name for pk, name in users},
    }
    return [Calling(_kind(caller), names.get(caller, ""), calls) for caller, calls in called]
