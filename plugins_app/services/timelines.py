"""The rollups by bucket of a window, as charts take them. The database sums up the buckets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Case,
    F,
    Func,
    IntegerField,
    Manager,
    Max,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.utils import timezone

from plugins_app.models import BreakerEvent, CallerHour, GaugeMinute, MetricHour, MetricMinute
from plugins_app.services.windows import HOUR, Window, floor

Counts = Counter[str]
"""metric -> amount."""
GIVEN_UP = timedelta(minutes=2)
"""After its deadline a call's row is given up, and the sweeper counts it."""
EXECUTED = ("status:succeeded", "status:failed", "status:abandoned", "status:timed_out")
ERRORS = ("status:failed", "status:abandoned", "status:timed_out")


class Gauge(NamedTuple):
    """Peaks of one bucket: calls at once, of these waiting for another's answer, percent of a
    caller's quota in use."""

    in_flight: int
    queued: int
    peak_quota: int


class CallerCounts(NamedTuple):
    caller: str
    calls: int
    errors: int
    refused: int

    def plus(self, calls: int, errors: int, refused: int) -> CallerCounts:
        return CallerCounts(
            self.caller, self.calls + calls, self.errors + errors, self.refused + refused
        )


class Share(NamedTuple):
    """Of the calls that a plugin executed, those that it failed."""

    executed: int
    errors: int


def counters(plugin: str | None, window: Window) -> list[Counts]:
    """One for each bucket, oldest first. `None`: all plugins."""
    return _of_key(_by_key("", plugin, window), "", window)


def by_version(plugin: str, window: Window) -> dict[str, list[Counts]]:
    """Of the versions that were called, as `counters`."""
    found = _by_key("version", plugin, window)
    return {version: _of_key(found, version, window) for version in sorted(found)}


def gauges(plugin: str | None, window: Window) -> list[Gauge | None]:
    """None where no call ended, and where the minutes are not kept any more. Of all plugins: the
    highest of one of them."""
    found = _rows(GaugeMinute.objects, plugin, window).values_list(_Bucket(window.bucket))
    peaks = {
        index: Gauge(in_flight, queued, quota)
        for index, in_flight, queued, quota in found.annotate(
            Max("in_flight"), Max("queued"), Max("peak_quota")
        )
    }
    return [peaks.get(_index(start, window)) for start in window.starts]


def callers(plugin: str | None, window: Window, limit: int) -> list[CallerCounts]:
    """Those with the most calls, over the whole hours that the window touches."""
    rows = CallerHour.objects.filter(at__gte=floor(window.since, HOUR), at__lt=window.until)
    if plugin:
        rows = rows.filter(plugin=plugin)
    sums = _sums(rows.order_by().values("caller"), "caller")
    ordered = sums.order_by((F("made") + F("turned_away")).desc(), "caller")
    return [CallerCounts(name, *map(int, amounts)) for name, *amounts in ordered[:limit]]


def of_caller(caller: str, window: Window) -> list[CallerCounts]:
    """One for each bucket; the window has whole hours."""
    rows = _of_caller(caller, window).values("at")
    found = [CallerCounts(caller, 0, 0, 0) for _ in window.starts]
    for at, *amounts in _sums(rows, "at"):
        place = window.index(at)
        found[place] = found[place].plus(*amounts)
    return found


def plugins_of(caller: str, window: Window, limit: int) -> list[tuple[str, CallerCounts]]:
    """The plugins that it called most, over the whole hours that the window touches."""
    sums = _sums(_of_caller(caller, window).values("plugin"), "plugin")
    ordered = sums.order_by((F("made") + F("turned_away")).desc(), "plugin")
    return [(plugin, CallerCounts(caller, *map(int, rest))) for plugin, *rest in ordered[:limit]]


def _of_caller(caller: str, window: Window) -> QuerySet[CallerHour]:
    since = floor(window.since, HOUR)
    return CallerHour.objects.filter(caller=caller, at__gte=since, at__lt=window.until).order_by()


def _sums(rows: Any, name: str) -> Any:
    sums = rows.annotate(made=Sum("calls"), failed=Sum("errors"), turned_away=Sum("refused"))
    return sums.values_list(name, "made", "failed", "turned_away")


def breaker_events(plugin: str, window: Window) -> list[BreakerEvent]:
    """Oldest first, the last one before the window included."""
    events = BreakerEvent.objects.filter(plugin=plugin)
    within = events.filter(at__gte=window.since, at__lt=window.until).order_by("at", "pk")
    earlier = events.filter(at__lt=window.since).order_by("-at", "-pk")[:1]
    return [*earlier, *within]


def shares(window: Window) -> dict[str, list[Share]]:
    """plugin -> one for each bucket."""
    ended, running = window.split(timezone.now() - settling())
    parts = [_settled_shares(ended) if ended else {}, _shares(running) if running else {}]
    found = {key: share for part in parts for key, share in part.items()}
    none = Share(0, 0)
    return {
        plugin: [found.get((plugin, _index(start, window)), none) for start in window.starts]
        for plugin in sorted({plugin for plugin, _ in found})
    }


def settling() -> timedelta:
    """A call counts in the minute in which it began. So long after a minute nothing is added to it
    any more: as long as a call may take, and until its row would be given up."""
    return timedelta(seconds=settings.ZANTARA_MAX_TIMEOUT) + GIVEN_UP


def forget() -> None:
    """Read all of it anew."""
    _settled.cache_clear()
    _settled_shares.cache_clear()


class _Bucket(Func):
    """Number of the bucket since 1970; buckets are whole multiples of seconds."""

    output_field = IntegerField()

    def __init__(self, bucket: timedelta) -> None:
        super().__init__("at", seconds=int(bucket.total_seconds()))

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "(CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / %(seconds)s)"
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "(EXTRACT(EPOCH FROM %(expressions)s)::bigint / %(seconds)s)"
        return self.as_sql(compiler, connection, template=template, **extra)


ByKey = Mapping[str, Mapping[int, Counts]]
"""version, or '' for all of them -> number of the bucket -> counts."""


def _by_key(key: str, plugin: str | None, window: Window) -> ByKey:
    ended, running = window.split(timezone.now() - settling())
    found: defaultdict[str, dict[int, Counts]] = defaultdict(dict)
    for part in (
        _settled(key, plugin, ended) if ended else {},
        _read(key, plugin, running) if running else {},
    ):
        for name, buckets in part.items():
            found[name].update(buckets)
    return found


def _read(key: str, plugin: str | None, window: Window) -> ByKey:
    found: defaultdict[str, defaultdict[int, Counts]] = defaultdict(lambda: defaultdict(Counter))
    rows = _rows(_table(window), plugin, window)
    named = rows.values_list(F(key) if key else Value(""), _Bucket(window.bucket), "metric")
    for name, index, metric, amount in named.annotate(total=Sum("value")):
        found[name][index][metric] = int(amount)
    return found


# What is over does not change: it is read once.
_settled = lru_cache(maxsize=512)(_read)


def _shares(window: Window) -> dict[tuple[str, int], Share]:
    rows = _rows(_table(window), None, window).filter(metric__in=(*EXECUTED, "cache:hit"))
    fresh = Case(
        When(metric="cache:hit", then=-F("value")),
        default=F("value"),
        output_field=BigIntegerField(),
    )
    errors = Sum("value", filter=Q(metric__in=ERRORS), default=0)
    named = rows.values_list("plugin", _Bucket(window.bucket))
    return {
        (plugin, index): Share(int(executed), int(failed))
        for plugin, index, executed, failed in named.annotate(executed=Sum(fresh), failed=errors)
    }


_settled_shares = lru_cache(maxsize=16)(_shares)


def _table(window: Window) -> Manager[Any]:
    return (MetricHour if window.hourly else MetricMinute).objects


def _rows(table: Manager[Any], plugin: str | None, window: Window) -> QuerySet[Any]:
    rows = table.filter(at__gte=window.since, at__lt=window.until).order_by()
    return rows.filter(plugin=plugin) if plugin else rows


def _of_key(found: ByKey, key: str, window: Window) -> list[Counts]:
    buckets = found.get(key, {})
    return [buckets.get(_index(start, window), Counter()) for start in window.starts]


def _index(start: datetime, window: Window) -> int:
    return int(start.timestamp()) // int(window.bucket.total_seconds())


def added(counts: Sequence[Counts]) -> Counts:
    total: Counts = Counter()
    for each in counts:
        total.update(each)
    return total
