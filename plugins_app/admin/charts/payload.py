"""A chart for the script that draws it, and for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import Any

from plugins_app.admin.charts.chart import Annotation, Chart, Series, Value, moment
from plugins_app.admin.charts.words import period


def payload(chart: Chart) -> dict[str, Any]:
    """Times are ISO 8601 in UTC. `texts` are the values as people read them."""
    drawing, window = chart.drawing, chart.window
    return {
        "id": chart.id,
        "slug": chart.slug,
        "title": chart.title,
        "kind": drawing.kind,
        "plugin": chart.plugin,
        "summary": chart.summary,
        "period": period(window),
        "empty": chart.empty,
        "range": window.name,
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "bucket_seconds": int(window.bucket.total_seconds()),
        "labels": list(drawing.labels or ()),
        "label_title": chart.label_title,
        "times": []
        if drawing.labels is not None
        else [start.isoformat() for start in window.starts],
        "series": [_series(series) for series in drawing.series],
        "lines": [
            {"label": line.label, "at": line.at, "upright": line.upright} for line in drawing.lines
        ],
        "annotations": [_annotation(each, chart) for each in chart.annotations],
        "events": [_annotation(each, chart) for each in drawing.events],
        "notes": list(drawing.notes),
        "log_scale": drawing.log_scale,
        "columns": chart.columns,
        "rows": [{"label": row.label, "cells": row.cells} for row in chart.rows()],
    }


def csv_text(chart: Chart) -> str:
    """A line for each place, also where nothing was counted; what is not known is empty."""
    drawing = chart.drawing
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    first = "from_utc" if drawing.labels is None else "label"
    writer.writerow([first, *(series.column for series in drawing.series)])
    times = [f"{start:%Y-%m-%dT%H:%M:%SZ}" for start in chart.window.starts]
    places = times if drawing.labels is None else drawing.labels
    columns = [series.values for series in drawing.series]
    for place, *values in zip(places, *columns, strict=True):
        writer.writerow([_cell(place), *map(_number, values)])
    return out.getvalue()


def _series(series: Series) -> dict[str, Any]:
    return {
        "key": series.key,
        "label": series.label,
        "tone": series.tone,
        "pattern": series.pattern,
        "mark": series.mark,
        "unit": series.unit,
        "right": series.right,
        "previous": series.previous,
        "values": list(series.values),
        "texts": series.texts,
        "few": list(series.few),
    }


def _annotation(event: Annotation, chart: Chart) -> dict[str, Any]:
    """`place` is where it stands among the buckets: 2.5 is the middle of the third."""
    window = chart.window
    return {
        "at": event.at.isoformat(),
        "when": moment(event.at),
        "label": event.label,
        "detail": event.detail,
        "place": round((event.at - window.since) / window.bucket, 3),
    }


def _number(value: Value) -> str:
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def _cell(text: str) -> str:
    """A spreadsheet takes what begins like this for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
