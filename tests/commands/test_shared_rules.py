"""What holds for every command: streams, exit codes, progress, colours, tables."""

from __future__ import annotations

import json
import logging
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands

from plugins_app.management import tables
from plugins_app.management.command import ZantaraCommand
from plugins_app.management.durations import positive_span, span
from tests.commands.conftest import Ran
from tests.commands.plugins import BROKEN, plugin

Run = Callable[..., Ran]
DJANGOS = {"changepassword", "createsuperuser", "migrate"}
"""Ours only in that the audit trail has them."""
OURS = sorted(
    {name for name, app in get_commands().items() if app == "plugins_app"}
    - {"quickstart", *DJANGOS}
)


@pytest.mark.parametrize("name", OURS)
def test_every_command_shares_the_base(name: str) -> None:
    from django.core.management import load_command_class

    assert isinstance(load_command_class("plugins_app", name), ZantaraCommand)


def test_a_failure_as_json_has_a_stable_code(run: Run, family: Path) -> None:
    document = run("show_plugin", "shop.none", "--json").document

    assert (document["success"], document["code"]) == (False, "plugin_not_found")
    assert document["error"]


def test_silence_is_silent(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))

    ran = run("discover_plugins", "-v0")

    assert (ran.out, ran.err) == ("", "")


def test_long_work_tells_every_tenth_on_stderr(run: Run, family: Path) -> None:
    for number in range(40):
        (family / f"p{number}.py").write_text(plugin(f"shop.p{number}"))

    ran = run("discover_plugins")

    told = [line for line in ran.err.splitlines() if line.startswith("Loading plugins:")]
    assert len(told) == 10
    assert told[-1] == "Loading plugins: 40 of 40"


def test_progress_leaves_the_json_document_alone(run: Run, family: Path) -> None:
    for number in range(20):
        (family / f"p{number}.py").write_text(plugin(f"shop.p{number}"))

    ran = run("discover_plugins", "--json")

    assert len(ran.document["new"]) == 20
    assert "20 of 20" in ran.err


def test_twice_verbose_names_every_item(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))

    assert ".shop.buy" in run("discover_plugins", "-v2").err


def test_thrice_verbose_shows_the_traceback(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(BROKEN)

    assert "Traceback" in run("discover_plugins", "-v3").err


def test_colours_come_only_when_forced(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))

    assert "\x1b[" in run("discover_plugins", "--dry-run", "--force-color").out
    assert "\x1b[" not in run("discover_plugins", "--dry-run").out


def test_a_command_leaves_the_log_levels_as_they_were(run: Run, family: Path) -> None:
    before = logging.getLogger("plugins_app").level

    run("list_plugins")

    assert logging.getLogger("plugins_app").level == before


def test_a_table_is_never_cut_where_it_does_not_go_to_a_terminal() -> None:
    wide = "x" * 300

    assert list(tables.lines(["name"], [[wide]]))[1] == wide


def test_a_narrow_terminal_cuts_other_columns_before_the_name() -> None:
    name = "bali_zero.pricing"

    lines = list(tables.lines(["name", "description"], [[name, "y" * 80]], width=40))

    assert max(map(len, lines)) == 40
    assert lines[1].startswith(name)
    assert lines[1].endswith("…")


def test_numbers_stand_right() -> None:
    lines = list(tables.lines(["calls"], [[5], [1200], [None]]))

    assert lines == ["CALLS", "    5", " 1200", "    -"]


def test_a_number_beyond_64_bits_is_still_json() -> None:
    assert json.loads(tables.to_json({"n": 2**70})) == {"n": 2**70}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("10s", timedelta(seconds=10)),
        ("2m", timedelta(minutes=2)),
        ("24h", timedelta(hours=24)),
        ("30d", timedelta(days=30)),
        ("1.5h", timedelta(minutes=90)),
    ],
)
def test_spans_are_read_as_people_write_them(text: str, expected: timedelta) -> None:
    assert span(text) == expected


@pytest.mark.parametrize("text", ["", "10", "s", "-1s", "1y", "9" * 12 + "d", "1 s s"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        span(text)


def test_no_time_at_all_is_no_timeout() -> None:
    with pytest.raises(ArgumentTypeError):
        positive_span("0s")


def test_shared_flags_are_taken_before_and_after_an_action(run: Run, db: Any) -> None:
    assert run("api_keys", "--json", "list").document["count"] == 0
    assert run("api_keys", "list", "--json").document["count"] == 0
