"""P7: what the circuit breaker let through, as shares of each bucket's time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from plugins_app.admin.charts import words
from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Annotation, Drawing, Kind, Series, Unit
from plugins_app.admin.formats import milliseconds, plural
from plugins_app.core.state import BreakerState
from plugins_app.models import BreakerEvent
from plugins_app.services import timelines
from plugins_app.services.windows import Window

WORDS = {
    BreakerState.CLOSED: "Closed",
    BreakerState.HALF_OPEN: "Half-open",
    BreakerState.OPEN: "Open",
}
LOOKS = {
    BreakerState.CLOSED: ("chart-3", 0),
    BreakerState.HALF_OPEN: ("chart-1", 1),
    BreakerState.OPEN: ("chart-2", 3),
}
SHOWN = 20
VERSIONS = "Each version has a breaker of its own; the one that moved last is shown."
Span = tuple[datetime, datetime, BreakerState]


def draw(asked: Asked) -> Drawing:
    assert asked.plugin
    events = timelines.breaker_events(asked.plugin, asked.window)
    spans = list(_spans(events, asked.window, timezone.now()))
    series = [
        Series(
            state.value,
            WORDS[state],
            _shares(state, spans, asked.window),
            *LOOKS[state],
            unit=Unit.PERCENT,
        )
        for state in WORDS
    ]
    within = [event for event in events if event.at >= asked.window.since]
    return Drawing(
        Kind.BANDS,
        series,
        _sentence(asked, spans, within),
        events=[_told(event) for event in within[-SHOWN:]],
        notes=[VERSIONS],
    )


def _spans(events: list[BreakerEvent], window: Window, now: datetime) -> Iterator[Span]:
    """(from, to, state), without gaps, until now. Before the first event a breaker is closed."""
    end = min(window.until, now)
    moves = [(event.at, BreakerState(event.state)) for event in events]
    moves = [(window.since, BreakerState.CLOSED), *moves, (end, BreakerState.CLOSED)]
    for (begun, state), (ended, _) in pairwise(moves):
        since, until = max(begun, window.since), min(ended, end)
        if since < until:
            yield since, until, state


def _shares(state: BreakerState, spans: list[Span], window: Window) -> list[float | None]:
    """Percent of the time of each bucket, as far as it has passed."""
    own: list[timedelta] = [timedelta()] * len(window.starts)
    passed = list(own)
    for since, until, which in spans:
        for n, part in _by_bucket(since, until, window):
            passed[n] += part
            own[n] += part if which is state else timedelta()
    return [
        round(100 * (mine / all_), 2) if all_ else None
        for mine, all_ in zip(own, passed, strict=True)
    ]


def _by_bucket(since: datetime, until: datetime, window: Window) -> Iterable[tuple[int, timedelta]]:
    while since < until:
        n = window.index(since)
        end = min(until, window.since + (n + 1) * window.bucket)
        yield n, end - since
        since = end


def _sentence(asked: Asked, spans: list[Span], events: list[BreakerEvent]) -> str:
    period = words.period(asked.window)
    shut = sum(
        (until - since for since, until, state in spans if state is BreakerState.OPEN), timedelta()
    )
    if len(spans) < 2:
        state = spans[-1][2] if spans else BreakerState.CLOSED
        return f"The breaker was {WORDS[state].lower()} all the time {period}."
    opened = sum(event.state == BreakerState.OPEN for event in events)
    now = WORDS[spans[-1][2]].lower()
    return (
        f"The breaker opened {plural(opened, 'time')} {period}, was open for {_lasting(shut)} "
        "in all, "
        f"and is {now} at the end."
    )


def _lasting(time: timedelta) -> str:
    """In whole minutes from an hour on: '2 h 48 m'."""
    if time < timedelta(hours=1):
        return milliseconds(time / timedelta(milliseconds=1))
    hours, minutes = divmod(round(time / timedelta(minutes=1)), 60)
    return f"{hours} h {minutes:02d} m"


def _told(event: BreakerEvent) -> Annotation:
    state = WORDS[BreakerState(event.state)]
    return Annotation(event.at, state, f"{event.reason} (version {event.version})".strip())
