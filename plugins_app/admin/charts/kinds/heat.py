"""P12: which plugin failed when: a row for each that was called."""

from __future__ import annotations

from plugins_app.admin.charts import counts, words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Series, Unit, text
from plugins_app.admin.formats import plural
from plugins_app.services import timelines
from plugins_app.services.timelines import Share

COLUMNS = 48
Shares = dict[str, list[Share]]


def draw(asked: Asked) -> Drawing:
    """The plugins with the most errors first."""
    window = asked.window.joined(COLUMNS)
    found = timelines.shares(window)
    order = sorted(found, key=lambda name: (-_errors(found[name]), -_executed(found[name]), name))
    series = [
        Series(
            name,
            name,
            [counts.percent(each.errors, each.executed) for each in found[name]],
            "error",
            unit=Unit.PERCENT,
        )
        for name in order
    ]
    return Drawing(
        Kind.HEAT,
        series,
        _sentence(asked, found, order),
        label_title="Plugin",
        window=window,
    )


def _sentence(asked: Asked, found: Shares, order: list[str]) -> str:
    period = words.period(asked.window)
    executed = [name for name in order if _executed(found[name])]
    if not executed:
        return f"No call was executed {period}."
    failing = [name for name in executed if _errors(found[name])]
    called = plural(len(executed), "plugin")
    if not failing:
        return f"None of {called} that worked {period} failed a call."
    worst = found[failing[0]]
    share = text(counts.percent(_errors(worst), _executed(worst)), Unit.PERCENT)
    return (
        f"{len(failing)} of {called} that worked {period} failed calls, {failing[0]} most: "
        f"{_errors(worst):,}, {share} of its own."
    )


def _errors(shares: list[Share]) -> int:
    return sum(each.errors for each in shares)


def _executed(shares: list[Share]) -> int:
    return sum(each.executed for each in shares)
