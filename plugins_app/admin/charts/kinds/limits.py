"""P6: what the rate limit turned away, and how near callers came to it."""

from __future__ import annotations

from plugins_app.admin.charts import words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Mark, Series, Unit, text
from plugins_app.admin.charts.kinds.load import GAUGES_KEPT
from plugins_app.admin.formats import plural
from plugins_app.services import timelines
from plugins_app.services.windows import Window

METRIC = "error:rate_limited"


def draw(asked: Asked) -> Drawing:
    refused = _refused(asked, asked.window)
    gauges = timelines.gauges(asked.plugin, asked.window)
    peaks = [gauge.peak_quota if gauge else None for gauge in gauges]
    series = [
        Series("rate_limited", "Refused by the rate limit", refused, "chart-2", 1),
        Series(
            "peak_quota",
            "Most of a caller's quota in use",
            peaks,
            "chart-1",
            0,
            Mark.LINE,
            Unit.PERCENT,
            right=True,
        ),
    ]
    if asked.compare:
        series.append(_before(asked))
    return Drawing(Kind.STACKED, series, _sentence(asked, refused, peaks), notes=[GAUGES_KEPT])


def _refused(asked: Asked, window: Window) -> list[int]:
    return [each[METRIC] for each in timelines.counters(asked.plugin, window)]


def _before(asked: Asked) -> Series:
    values = _refused(asked, asked.window.before())
    label = "Refused in the period before"
    return Series("before", label, values, "control", 1, Mark.LINE, previous=True)


def _sentence(asked: Asked, refused: list[int], peaks: list[int | None]) -> str:
    period = words.period(asked.window)
    told = f"The rate limit refused {plural(sum(refused), 'call')} {period}"
    known = [peak for peak in peaks if peak is not None]
    if not known:
        return f"{told}."
    return f"{told}; a caller used at most {text(max(known), Unit.PERCENT)} of its quota."
