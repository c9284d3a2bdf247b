from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plugins_app.admin import formats

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "n/a"), (0, "0 %"), (1, "100 %"), (0.9961, "99.6 %"), (0.5, "50.0 %")],
)
def test_a_rate_has_one_decimal_and_is_na_without_calls(share: float | None, text: str) -> None:
    assert formats.rate(share) == text


def test_a_rate_that_is_not_whole_is_never_shown_as_none_or_all() -> None:
    assert formats.rate(0.99999) == "99.9 %"
    assert formats.rate(0.00001) == "0.1 %"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "n/a"),
        (0.44, "0.4 ms"),
        (9.96, "10 ms"),
        (84, "84 ms"),
        (999.4, "999 ms"),
        (1240, "1.24 s"),
        (125_000, "2 m 05 s"),
        (59_996, "1 m 00 s"),
    ],
)
def test_a_duration_is_in_the_unit_that_fits_it(value: float | None, text: str) -> None:
    assert formats.milliseconds(value) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(minutes=3, seconds=10), "3 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(days=20), "2026-11-02 14:00 UTC"),
    ],
)
def test_a_moment_is_relative_within_a_day(age: timedelta, text: str) -> None:
    assert formats.ago(NOW - age, NOW) == text


@pytest.mark.parametrize(("value", "text"), [(300, "5 min"), (0.5, "0.5 s"), (86_400, "1 d")])
def test_a_setting_in_seconds_is_in_its_largest_whole_unit(value: float, text: str) -> None:
    assert formats.span(value) == text


def test_numbers_are_grouped_and_words_counted() -> None:
    assert formats.number(18_204) == "18,204"
    assert formats.plural(1, "call") == "1 call"
    assert formats.plural(1204, "call") == "1,204 calls"


def test_a_long_id_is_shown_by_both_ends() -> None:
    assert formats.short_id("01M82SPGE8HG6KPXAT97RCPA5V") == "01M82S…RCPA5V"
    assert formats.short_id("short") == "short"
