"""What a chart is, whatever draws it: numbers with names, a sentence that says them, a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils import timezone

from plugins_app.admin import formats
from plugins_app.services.windows import Window

Value = float | int | None
"""None is 'n/a': nothing was counted that a number could be made from."""


class Kind(StrEnum):
    """How the script draws it."""

    STACKED = "stacked"
    BARS = "bars"
    LINES = "lines"
    AREA = "area"
    BANDS = "bands"
    HORIZONTAL = "horizontal"
    HEAT = "heat"


class Unit(StrEnum):
    COUNT = "count"
    PERCENT = "percent"
    MS = "ms"


class Mark(StrEnum):
    BAR = "bar"
    LINE = "line"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class Series:
    """`tone` is a colour of the tokens; `pattern` the stripes of a bar or the dashes of a line, so
    that nothing is told by colour alone. `right`: on the right axis, with a unit of its own.
    `few`: where a value rests on too few calls."""

    key: str
    label: str
    values: Sequence[Value]
    tone: str = "chart-1"
    pattern: int = 0
    mark: Mark = Mark.BAR
    unit: Unit = Unit.COUNT
    right: bool = False
    previous: bool = False
    few: Sequence[bool] = ()

    @property
    def texts(self) -> list[str]:
        told = [text(value, self.unit) for value in self.values]
        few = self.few or [False] * len(told)
        return [
            f"{each} (few samples)" if note else each for each, note in zip(told, few, strict=True)
        ]

    @property
    def column(self) -> str:
        """Its name in a CSV file, with the unit."""
        return self.key if self.unit is Unit.COUNT else f"{self.key}_{self.unit}"

    @property
    def empty(self) -> bool:
        return not any(map(self.tells, range(len(self.values))))

    def tells(self, place: int) -> bool:
        """No calls are nothing to tell; no errors among calls are."""
        value = self.values[place]
        return bool(value) if self.unit is Unit.COUNT else value is not None


@dataclass(frozen=True, slots=True)
class Line:
    """A limit across the chart, at a value of the left axis; `upright`: at a place among the
    labels."""

    label: str
    at: float
    upright: bool = False


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something that was done to what the chart shows."""

    at: datetime
    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a chart's module makes of the numbers. Without `labels` the places are the buckets of
    the window. `events` are told below the chart, as annotations are."""

    kind: Kind
    series: Sequence[Series]
    summary: str
    labels: Sequence[str] | None = None
    lines: Sequence[Line] = ()
    notes: Sequence[str] = ()
    events: Sequence[Annotation] = ()
    label_title: str = ""
    window: Window | None = None
    """Where its places are other buckets than those that were asked for."""
    log_scale: bool = False
    """Whether a reader may choose logarithmic steps."""


@dataclass(frozen=True, slots=True)
class Row:
    """Of the table."""

    label: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Chart:
    id: str
    slug: str
    title: str
    about: str
    plugin: str | None
    drawing: Drawing
    window: Window
    annotations: Sequence[Annotation] = ()

    @property
    def summary(self) -> str:
        return self.drawing.summary

    @property
    def empty(self) -> bool:
        return all(series.empty for series in self.drawing.series if not series.previous)

    @property
    def columns(self) -> list[str]:
        """Of the table."""
        if self.drawing.kind is Kind.HEAT:
            return [f"{at:%m-%d %H:%M}" for at in self.window.starts]
        return [series.label for series in self.drawing.series]

    @property
    def label_title(self) -> str:
        return self.drawing.label_title or "From (UTC)"

    def rows(self) -> list[Row]:
        """Those with something in them; times are newest first."""
        if self.drawing.kind is Kind.HEAT:
            return [Row(series.label, series.texts) for series in self.drawing.series]
        series = self.drawing.series
        columns = [each.texts for each in series]
        return [
            Row(label, [column[n] for column in columns])
            for n, label in self._places()
            if any(each.tells(n) for each in series)
        ]

    def _places(self) -> list[tuple[int, str]]:
        if self.drawing.labels is not None:
            return list(enumerate(self.drawing.labels))
        times = [f"{at:%Y-%m-%d %H:%M}" for at in self.window.starts]
        return list(enumerate(times))[::-1]


def text(value: Value, unit: Unit) -> str:
    """As tables, cursors and sentences say it."""
    if unit is Unit.PERCENT:
        return formats.rate(None if value is None else value / 100)
    if unit is Unit.MS:
        return formats.milliseconds(value)
    return formats.number(None if value is None else int(value))


def moment(at: datetime) -> str:
    """'Nov 22 14:00 UTC'."""
    return timezone.localtime(at).strftime("%b %-d %H:%M %Z").strip()
