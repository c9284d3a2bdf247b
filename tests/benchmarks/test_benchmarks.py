"""The benchmarks run. What they measure is looked at on a quiet machine, never here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import discovery, execute, inprocess, journal, queries, report, staircase
from benchmarks.load import check, fire, wrk_is_there
from benchmarks.report import Section, Table
from benchmarks.servers import missing_servers


def test_the_engine_in_the_same_process() -> None:
    section = inprocess.run(calls=5, rounds=1)

    assert "side effects" in str(section)


def test_discovery_of_a_catalogue_of_any_size() -> None:
    section = discovery.run(sizes=(12,), rounds=1)

    assert "| 12 |" in str(section)


def test_every_contender_of_execute_answers_and_can_be_loaded() -> None:
    with execute.contests(keys=2, connections=(1,), with_servers=False) as contests:
        posts = [post for contest in contests for post in contest.posts.values()]
        for post in posts:
            check(post)
        if not wrk_is_there():
            _missing("wrk is not installed, so no load was put on the servers")
        found = fire(posts[0], connections=1, seconds=1)

    rounds = {(contests[0].title, label): found for label in contests[0].posts}
    assert "1.00x" in str(contests[0].table(rounds))


def test_every_step_from_bare_asgi_to_the_whole_call_answers() -> None:
    with staircase.steps(keys=2, with_servers=False) as posts:
        for post in posts.values():
            check(post)

    assert len(posts) == len(staircase.STEPS) + 2


def test_what_the_journal_adds() -> None:
    section = journal.run(calls=64, rounds=1, syncs=3)

    assert "| SQLite, side effects | 64 |" in str(section)


def test_pages_over_a_log_of_any_length() -> None:
    if missing := missing_servers():
        _missing(missing[0])
    section = queries.run(sizes=(200,), plugins=3, rounds=1)

    assert "| marketplace |" in str(section)


def _missing(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def test_a_run_of_one_section_keeps_the_others_on_the_page(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    first, second = Section("first", "First", ["before"]), Section("second", "Second", ["kept"])
    report.write([first, second], ["first", "second"], page)

    report.write(
        [Section("first", "First", [Table(["a", "b"], [["new", "1"]])])], ["first", "second"], page
    )

    text = page.read_text()
    assert text.count("## ") == 2
    assert text.index("| new | 1 |") < text.index("kept")
    assert "before" not in text
