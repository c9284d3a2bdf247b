"""The language of the search box over executions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.services.runs.conditions import HINTS, READERS
from plugins_app.services.runs.grammar import Token, tokens, written
from plugins_app.services.runs.search import Span, understood
from plugins_app.services.runs.values import BadValue, duration, moment

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("_nothing_loaded")


@pytest.fixture
def _nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nothing:
        def find(self, name: str) -> None:
            return None

    monkeypatch.setattr("plugins_app.services.runs.conditions.snapshot", Nothing)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("status:failed", [Token("status", "failed")]),
        ("caller:user:1", [Token("caller", "user:1")]),
        ('error:"a b" x', [Token("error", "a b", quoted=True), Token("", "x")]),
        (r'"say \"hi\""', [Token("", 'say "hi"', quoted=True)]),
        ('"not closed', [Token("", "not closed", quoted=True)]),
        ("Plugin:a  version:1.*", [Token("plugin", "a"), Token("version", "1.*")]),
        ("duration:>2s", [Token("duration", ">2s")]),
        ('"key:value"', [Token("", "key:value", quoted=True)]),
        ("", []),
        ('""', []),
    ],
)
def test_a_text_is_a_list_of_tokens(text: str, found: list[Token]) -> None:
    assert list(tokens(text)) == found


@given(st.text(max_size=60))
def test_what_is_written_is_read_as_the_same(text: str) -> None:
    once = tokens(text)
    again = tokens(written(once))
    assert [(each.key, each.value) for each in again] == [(each.key, each.value) for each in once]


@given(st.text(max_size=200))
@pytest.mark.django_db
def test_no_text_is_too_odd(text: str) -> None:
    search = understood(text, NOW)
    assert search.mistakes or len(search.conditions) == len(search.tokens)
    search.wanted(Span())


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("stauts:failed", "status:failed"),
        ("status:fialed x", "status:failed x"),
        ("status:rate_limited", "error:rate_limited"),
        ("error:timout", "error:timeout"),
        ("cached:maybe", "cached:yes"),
        ("duration:2s", 'duration:>2s'),
        ("after:soon", "after:today"),
        ("source:restt", "source:rest"),
    ],
)  # fmt: skip
def test_a_mistake_names_what_was_probably_meant(text: str, instead: str) -> None:
    (mistake,) = understood(text, NOW).mistakes
    assert mistake.instead == instead


@pytest.mark.parametrize(
    "text",
    ["plugin:", "plugin: status:", "plugin:g*il", "id:!", "nonsense:x", "status:,", "x" * 1001,
     "a " * 30, "plugin:" + "x" * 161, "duration:>9999999999s", "after:2026-13-40"],
)  # fmt: skip
def test_what_cannot_be_meant_is_said(text: str) -> None:
    assert understood(text, NOW).mistakes


def test_every_key_has_an_example() -> None:
    assert HINTS.keys() == READERS.keys()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (">2s", ("gt", 2000)),
        ("<=250ms", ("lte", 250)),
        (">1.5m", ("gt", 90_000)),
        ("<1H", ("lt", 3_600_000)),
    ],
)
def test_durations_are_compared(text: str, found: tuple[str, float]) -> None:
    assert duration(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-23T14:00", datetime(2026, 11, 23, 14, tzinfo=UTC)),
        ("2026-11-23T14:00+08:00", datetime(2026, 11, 23, 6, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("today", datetime(2026, 11, 23, tzinfo=UTC)),
        ("yesterday", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2h", NOW - timedelta(hours=2)),
        ("now", NOW),
        ("99999w", datetime(1970, 1, 1, tzinfo=UTC)),
        ("0001-01-01", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_moments(text: str, found: datetime) -> None:
    assert moment(text, NOW) == found


def test_a_moment_is_not_guessed() -> None:
    with pytest.raises(BadValue):
        moment("tomorrow-ish", NOW)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("duration:>1s status:failed", "status"),
        ("status:failed plugin:a", "plugin"),
        ("caller:user:1 status:failed", "caller"),
        ("id:01 plugin:a", "id"),
    ],
)
def test_the_best_index_finds_the_rows(text: str, first: str) -> None:
    wanted = understood(text, NOW).wanted(Span())
    assert str(wanted.base).count(first) == 1 or first in str(wanted.base)
    assert wanted.rest


def test_several_statuses_are_found_one_by_one() -> None:
    wanted = understood("status:failed,timed_out", NOW).wanted(Span())
    assert len(wanted.either) == 2
    assert not wanted.rest


def test_times_in_the_search_narrow_the_span() -> None:
    search = understood("after:2h before:1h", NOW)
    span = Span(NOW - timedelta(hours=24)).within(search)
    assert (span.since, span.until) == (NOW - timedelta(hours=2), NOW - timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "countable"),
    [("", True), ("plugin:a status:failed", True), ("after:today", True), ("plugin:a*", False),
     ("plugin:a plugin:b", False), ("cached:yes", False), ("words", False)],
)  # fmt: skip
def test_rollups_know_plugins_and_statuses(text: str, countable: bool) -> None:
    assert understood(text, NOW).countable is countable


def test_statuses_that_exclude_each_other_leave_none() -> None:
    assert understood("status:failed status:succeeded", NOW).statuses == set()
    assert understood("", NOW).statuses is None
