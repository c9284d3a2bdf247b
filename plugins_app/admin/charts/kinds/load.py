"""P8: how much ran at once."""

from __future__ import annotations

from plugins_app.admin.charts import words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Drawing, Kind, Line, Mark, Series, Unit
from plugins_app.services import timelines
from plugins_app.services.registry import snapshot
from plugins_app.services.windows import MINUTES_KEPT

GAUGES_KEPT = f"Peaks are kept for {MINUTES_KEPT.total_seconds() / 3600:g} hours."
ONE_PROCESS = "Peaks are those of one process."
BUSIEST = "Of all plugins it is the busiest one."


def draw(asked: Asked) -> Drawing:
    gauges = timelines.gauges(asked.plugin, asked.window)
    running = [gauge.in_flight if gauge else None for gauge in gauges]
    waiting = [gauge.queued if gauge else None for gauge in gauges]
    series = [
        Series("in_flight", "Calls at once", running, "chart-1", 0, Mark.AREA),
        Series("waiting", "of these waiting for another", waiting, "chart-2", 1, Mark.LINE),
    ]
    told = words.peak_and_latest("Calls at once", running, asked.window.starts, Unit.COUNT)
    return Drawing(
        Kind.AREA,
        series,
        told or f"No call ran {words.period(asked.window)}, as far as peaks are kept.",
        lines=_limit(asked.plugin),
        notes=[ONE_PROCESS, GAUGES_KEPT, *([] if asked.plugin else [BUSIEST])],
    )


def _limit(name: str | None) -> list[Line]:
    plugin = snapshot().find(name) if name else None
    limit = plugin.metadata.max_concurrency if plugin else None
    return [Line(f"Limit {limit}", limit)] if limit else []
