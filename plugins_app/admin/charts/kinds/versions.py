"""P10: the versions of a plugin beside each other, around a reload."""

from __future__ import annotations

from collections.abc import Callable

from plugins_app.admin.charts import counts, words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Mark, Series, Unit, Value, text
from plugins_app.services import timelines
from plugins_app.services.timelines import Counts

AT_MOST = 5
"""The ones that were called most."""
OTHERS = f"Only the {AT_MOST} versions with the most calls are shown."
Measure = Callable[[Counts], Value]
ByVersion = dict[str, list[Counts]]


def draw_errors(asked: Asked) -> Drawing:
    return _drawn(asked, counts.error_rate, Unit.PERCENT, "failed calls")


def draw_latency(asked: Asked) -> Drawing:
    return _drawn(asked, lambda bucket: counts.percentile(bucket, 0.95), Unit.MS, "the p95")


def _drawn(asked: Asked, measure: Measure, unit: Unit, what: str) -> Drawing:
    assert asked.plugin
    versions = timelines.by_version(asked.plugin, asked.window)
    shown = _most_called(versions)
    series = [
        Series(
            version,
            version,
            [measure(bucket) for bucket in versions[version]],
            f"chart-{n + 1}",
            n,
            Mark.LINE,
            unit,
        )
        for n, version in enumerate(shown)
    ]
    notes = [OTHERS] if len(versions) > AT_MOST else []
    told = {version: measure(timelines.added(versions[version])) for version in shown}
    return Drawing(
        Kind.LINES,
        series,
        _sentence(asked, told, unit, what),
        notes=notes,
        log_scale=unit is Unit.MS,
    )


def _most_called(versions: ByVersion) -> list[str]:
    """In the order of their names, so that colours stay."""
    calls = {
        version: counts.calls(timelines.added(buckets)) for version, buckets in versions.items()
    }
    called = [version for version in calls if calls[version]]
    return sorted(sorted(called, key=lambda version: -calls[version])[:AT_MOST])


def _sentence(asked: Asked, told: dict[str, Value], unit: Unit, what: str) -> str:
    period = words.period(asked.window)
    measured = {version: text(value, unit) for version, value in told.items() if value is not None}
    if not measured:
        return f"No version was executed {period}."
    parts = ", ".join(f"{shown} of {version}" for version, shown in measured.items())
    return f"By version, {what} {period}: {parts}."
