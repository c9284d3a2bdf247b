"""How a plugin came to be what it is: its versions, newest first, and what each one changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import semver
from django.db.models import Sum
from django.utils import timezone

from plugins_app.core.schema_diff import Change, Level, Side, compare, verdict
from plugins_app.models import MetricMinute, PluginVersion
from plugins_app.services.catalogue import PluginView
from plugins_app.services.versions import SeenVersion, versions

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Step:
    """One source of one version beside the one before it. `raised` is the part of the version that
    its author raised, None where it is the same; both are None for the first."""

    seen: SeenVersion
    before: SeenVersion | None
    changes: tuple[Change, ...] = ()
    raised: Level | None = None
    calls: int | None = None
    """In the last 24 hours; None where the reader may not know."""

    @property
    def asked(self) -> Level:
        """Part of the version that the changes ask for."""
        return verdict(self.changes)

    @property
    def breaks_promise(self) -> bool:
        """Callers were promised less change than there is."""
        promised = Level.PATCH if self.raised is None else self.raised
        return self.before is not None and self.asked > promised


def history(view: PluginView, *, with_calls: bool) -> list[Step]:
    """At most SHOWN, in the order in which they were first seen, the last one first."""
    newest = sorted(versions(view), key=lambda seen: seen.first_seen, reverse=True)[:SHOWN]
    rows = {
        (row.version, row.source_hash): row
        for row in PluginVersion.objects.filter(plugin=view.name)
    }
    calls = _calls(view.name) if with_calls else None
    following = [*newest, None]
    return [_step(seen, before, rows, calls) for seen, before in pairwise(following) if seen]


def _step(
    seen: SeenVersion,
    before: SeenVersion | None,
    rows: Mapping[tuple[str, str], PluginVersion],
    calls: Mapping[str, int] | None,
) -> Step:
    called = None if calls is None else calls.get(seen.version, 0)
    if before is None:
        return Step(seen, None, calls=called)
    new, old = (rows[each.version, each.source_hash] for each in (seen, before))
    changes = (
        *compare(Side.INPUT, old.input_schema, new.input_schema),
        *compare(Side.OUTPUT, old.output_schema, new.output_schema),
    )
    return Step(seen, before, changes, _raised(before.version, seen.version), called)


def _raised(before: str, now: str) -> Level | None:
    """A step back counts like the step forward."""
    old, new = semver.Version.parse(before), semver.Version.parse(now)
    if old.major != new.major:
        return Level.MAJOR
    if old.minor != new.minor:
        return Level.MINOR
    return Level.PATCH if old.patch != new.patch else None


def _calls(plugin: str) -> dict[str, int]:
    since = timezone.now() - timedelta(hours=24)
    rows = MetricMinute.objects.filter(plugin=plugin, at__gte=since, metric__startswith="status:")
    executed = rows.exclude(metric="status:refused").values_list("version")
    return dict(executed.annotate(total=Sum("value")).order_by())
