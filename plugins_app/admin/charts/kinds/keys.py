"""What one API key is used for: how its calls ended, and which plugins it calls."""

from __future__ import annotations

from collections.abc import Sequence

from plugins_app.admin.charts import words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind
from plugins_app.admin.charts.kinds.callers import AT_MOST, NOTE, series
from plugins_app.admin.formats import plural
from plugins_app.services import timelines
from plugins_app.services.timelines import CallerCounts


def draw_calls(asked: Asked) -> Drawing:
    window = asked.window.whole_hours()
    found = timelines.of_caller(f"key:{asked.key}", window)
    return Drawing(Kind.STACKED, series(found), _ended(asked, found), notes=[NOTE], window=window)


def draw_plugins(asked: Asked) -> Drawing:
    found = timelines.plugins_of(f"key:{asked.key}", asked.window, AT_MOST)
    return Drawing(
        Kind.HORIZONTAL,
        series([counts for _, counts in found]),
        _most(asked, found),
        labels=[plugin for plugin, _ in found],
        label_title="Plugin",
        notes=[NOTE],
    )


def _ended(asked: Asked, found: Sequence[CallerCounts]) -> str:
    calls, errors = sum(each.calls for each in found), sum(each.errors for each in found)
    refused = sum(each.refused for each in found)
    period = words.period(asked.window)
    if not (calls or refused):
        return f"Nobody called with it {period}."
    return f"{plural(calls, 'call')} {period}: {errors:,} failed; {refused:,} more were refused."


def _most(asked: Asked, found: Sequence[tuple[str, CallerCounts]]) -> str:
    if not found:
        return f"Nobody called with it {words.period(asked.window)}."
    plugin, counts = found[0]
    made = plural(counts.calls + counts.refused, "call")
    return f"It called {plugin} most {words.period(asked.window)}: {made}."
