"""Laws of the sentences: whatever the numbers are."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.chart import Unit
from plugins_app.admin.charts.kinds import cache, calls, distribution, errors, latency, retries
from plugins_app.admin.charts.words import RANGE_WORDS, moved, peak_and_latest
from plugins_app.services.windows import RANGES, window_of

NOW = datetime(2026, 11, 22, 12, 7, 30, tzinfo=UTC)
HOUR = window_of("1h", NOW)
METRICS = (
    *(f"status:{each}" for each in ("succeeded", "failed", "timed_out", "cancelled", "refused")),
    *(f"cache:{each}" for each in ("hit", "miss", "bypass")),
    *(f"attempts:{each}" for each in ("1", "2", "3+")),
    *(f"error:{each}" for each in ("invalid_input", "rate_limited", "circuit_open")),
    *(f"latency:{each}" for each in ("00", "31", "67")),
)
bucket = st.dictionaries(st.sampled_from(METRICS), st.integers(1, 10**9)).map(Counter)
hours = st.lists(bucket, max_size=4).map(lambda some: [*some, *[Counter()] * (60 - len(some))])
maybe = st.none() | st.floats(0, 10**9)


@pytest.mark.parametrize("kind", [calls, errors, latency, distribution, cache, retries])
@given(buckets=hours)
def test_a_sentence_is_one_and_says_nothing_that_is_not_known(kind: Any, buckets: Any) -> None:
    with patch("plugins_app.services.timelines.counters", lambda plugin, window: buckets):
        drawing = kind.draw(Asked(HOUR))
    told = drawing.summary
    assert told.endswith(".")
    assert not told.endswith("..")
    assert "\n" not in told
    assert not {"None", "nan", "n/a", "inf"} & set(told.replace(",", " ").split())
    if all(series.empty for series in drawing.series):
        assert told.startswith("No")


@given(st.lists(maybe, min_size=1, max_size=60), st.sampled_from(Unit))
def test_the_peak_is_the_highest_and_the_latest_the_last(values: Any, unit: Unit) -> None:
    starts = [NOW + timedelta(minutes=n) for n in range(len(values))]
    told = peak_and_latest("p95", values, starts, unit)
    known = [(value, at) for value, at in zip(values, starts, strict=True) if value is not None]
    if not known:
        assert told == ""
        return
    peak = max(known, key=lambda each: each[0])[1]
    assert f"at Nov 22 {peak:%H:%M} UTC" in told.partition(" peaked ")[2]
    assert (f"at Nov 22 {known[-1][1]:%H:%M} UTC." in told) or told.endswith("latest measurement.")


@given(maybe, maybe, st.sampled_from(Unit))
def test_a_number_moved_the_way_it_went(now: Any, before: Any, unit: Unit) -> None:
    told = moved(now, before, unit)
    if now is None or before is None:
        assert told == ""
    elif told != "as before":
        assert told.split()[0] == ("up" if now > before else "down")
        assert moved(before, now, unit).split()[0] != told.split()[0]


def test_every_range_has_words() -> None:
    assert set(RANGE_WORDS) == set(RANGES)
