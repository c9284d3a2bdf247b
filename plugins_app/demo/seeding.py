"""Makes the demo, and takes it away again."""

from __future__ import annotations

import random
import shutil
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from plugins_app.core.caller import Caller, Scope
from plugins_app.demo import modules
from plugins_app.demo.catalogue import DISABLED, OUTAGE, UPGRADED, DemoPlugin, plugins
from plugins_app.demo.modules import newer
from plugins_app.demo.past import Past
from plugins_app.demo.traffic import calls
from plugins_app.models import (
    ApiKey,
    BreakerEvent,
    CallerHour,
    ExecutionLog,
    GaugeMinute,
    InstalledPlugin,
    MetricHour,
    MetricMinute,
    PluginVersion,
)
from plugins_app.services import lifecycle, sync
from plugins_app.services.access import caller_of_key
from plugins_app.services.audit import CLI, record
from plugins_app.services.generation import raise_generation
from plugins_app.services.keys import create_key, revoke_key

KEYS = ("demo webapp", "demo assistant", "demo mobile", "demo crm-sync", "demo ci-bot")
KEYS_LIVE = timedelta(days=90)
REASON = "Part of the demo"
Progress = Callable[[int, int, str], None]


class DemoRefused(Exception):
    """Why there is no demo to be made or removed."""


def directory() -> Path:
    """Where the demo's plugins are, or would be. Raises DemoRefused in production."""
    if settings.ZANTARA_DEMO_DIR is None:
        raise DemoRefused("There is no demo in production.")
    return Path(settings.ZANTARA_DEMO_DIR)


def seed(count: int, days: int, per_day: int, seed: int, progress: Progress) -> int:
    """How many executions were made. Raises DemoRefused where the demo is there already."""
    folder, chosen = directory(), plugins(count)
    if folder.exists():
        raise DemoRefused("The demo is there already. Remove it first: manage.py seed_demo --clear")
    InstalledPlugin.objects.exists()  # or there is no database, and nothing is begun
    random.seed(seed)  # what the demo's plugins draw their durations and failures from
    modules.write_all(folder, chosen)
    sync.discover(CLI)
    names = [plugin.name for plugin in chosen]
    served = list(_rows(InstalledPlugin, "name", names).values_list("name", flat=True))
    lifecycle.enable(served, CLI, REASON)
    _live(folder, [p for p in chosen if p.name in served], days, per_day, progress)
    _backdate(served, days)
    sync.discover(CLI)
    lifecycle.disable([name for name in DISABLED if name in served], CLI, REASON)
    made = ExecutionLog.objects.filter(plugin__in=names).count()
    record(CLI, "demo.seed", "demo", after={"plugins": count, "executions": made})
    return made


def clear() -> int:
    """How many plugins went, with all that is known about them but the audit trail."""
    folder = directory()
    if not folder.exists():
        raise DemoRefused("There is no demo to remove.")
    names = [f"{path.parent.name}.{path.stem}" for path in folder.glob("*/*.py")]
    shutil.rmtree(folder)
    sync.discover(CLI)
    _forget(names)
    return len(names)


@transaction.atomic
def _forget(names: list[str]) -> None:
    gone: dict[str, int] = {"plugins": _rows(InstalledPlugin, "name", names).delete()[0]}
    for model in (ExecutionLog, MetricMinute, MetricHour, CallerHour, GaugeMinute, BreakerEvent):
        gone[str(model._meta.verbose_name_plural)] = _rows(model, "plugin", names).delete()[0]
    for key in ApiKey.objects.select_for_update().filter(name__in=KEYS, revoked=None):
        revoke_key(CLI, key, REASON)
    record(CLI, "demo.clear", "demo", before=gone)
    raise_generation("plugins")


def _rows(model: type[Any], field: str, names: list[str]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.filter(**{f"{field}__in": names})
    return rows


def _live(
    folder: Path, chosen: list[DemoPlugin], days: int, per_day: int, progress: Progress
) -> None:
    end = timezone.now() - timedelta(seconds=90)
    begin = end - timedelta(days=days)
    story = _story(chosen, begin, end)
    moments = [at for at, _ in story]
    chance = random.Random(random.random())  # noqa: S311  # believable, not secret
    coming = calls(chosen, list(_callers()), begin, end, per_day, chance)

    def tell(at: datetime) -> None:
        progress((at - begin).days, days, "days")

    with closing(Past(folder, begin)) as past:
        for chapter, part in groupby(coming, lambda call: bisect_right(moments, call.at)):
            for _, changed in story[:chapter]:
                for plugin in changed:
                    modules.write(folder, plugin)
            past.load()
            past.live(part, tell)


def _story(
    chosen: list[DemoPlugin], begin: datetime, end: datetime
) -> list[tuple[datetime, list[DemoPlugin]]]:
    """What changes on the way, and when: some plugins get a newer version, one has an outage."""
    failing = [plugin for plugin in chosen if plugin.name == OUTAGE]
    trouble = end - timedelta(hours=8)
    return [
        (begin + (end - begin) * 0.6, [newer(p) for p in chosen if p.name in UPGRADED]),
        (trouble, [replace(plugin, failures=0.9) for plugin in failing]),
        (trouble + timedelta(hours=3), failing),
    ]


def _callers() -> Iterator[Caller]:
    for name in KEYS:
        ApiKey.objects.filter(name=name).delete()
        expires = timezone.now() + KEYS_LIVE
        new = create_key(CLI, name, scopes=[Scope.LIST, Scope.EXECUTE], expires=expires)
        yield caller_of_key(new.key)


def _backdate(names: list[str], days: int) -> None:
    """They came one after the other, long before they were called."""
    for number, row in enumerate(_rows(InstalledPlugin, "name", names)):
        seen = timezone.now() - timedelta(days=days + number * 2, hours=number % 7)
        InstalledPlugin.objects.filter(pk=row.pk).update(first_seen=seen)
        PluginVersion.objects.filter(plugin=row).update(first_seen=seen)
    for key in ApiKey.objects.filter(name__in=KEYS, revoked=None):
        runs = ExecutionLog.objects.filter(caller=f"key:{key.prefix}").order_by("-id")
        used = runs.values_list("started_at", flat=True).first()
        made = timezone.now() - timedelta(days=days)
        ApiKey.objects.filter(pk=key.pk).update(created=made, last_used=used)
