"""P11: who calls most."""

from __future__ import annotations

from collections.abc import Sequence

from plugins_app.admin.charts import words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Series
from plugins_app.admin.formats import plural
from plugins_app.services import timelines
from plugins_app.services.callers import names_of
from plugins_app.services.timelines import CallerCounts

AT_MOST = 10
NOTE = "Callers are counted by whole hours; those in which the span begins and ends count whole."


def draw(asked: Asked) -> Drawing:
    found = timelines.callers(asked.plugin, asked.window, AT_MOST)
    names = names_of([each.caller for each in found])
    return Drawing(
        Kind.HORIZONTAL,
        series(found),
        _sentence(asked, found, names),
        labels=[names[each.caller] for each in found],
        label_title="Caller",
        notes=[NOTE],
    )


def series(found: Sequence[CallerCounts]) -> list[Series]:
    return [
        Series("succeeded", "Succeeded", [each.calls - each.errors for each in found]),
        Series("errors", "Failed", [each.errors for each in found], "chart-2", 2),
        Series("refused", "Refused", [each.refused for each in found], "chart-5", 1),
    ]


def _sentence(asked: Asked, found: list[CallerCounts], names: dict[str, str]) -> str:
    period = words.period(asked.window)
    if not found:
        return f"Nobody called {period}."
    first, calls = found[0], sum(each.calls + each.refused for each in found)
    own, who = first.calls + first.refused, names[first.caller]
    if len(found) == 1:
        return f"Only {who} called {period}: {plural(own, 'call')}."
    return (
        f"{who} called most {period}: {own:,} of {plural(calls, 'call')} by the {len(found)} "
        "busiest callers."
    )
