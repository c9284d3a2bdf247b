"""What the journal adds to a call, beside what the disk takes to make one write durable."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from contextlib import ExitStack

import psycopg

from benchmarks.measuring import in_turns, median
from benchmarks.report import Section, Table
from benchmarks.servers import POSTGRES, Installation, database, embedded, missing_servers

NAME = "journal"
TITLE = "What the journal adds to a call"
CALLERS = (1, 64)
PAGE_BYTES = 8192
_TEXT = f"""An empty plugin called in process, with the journal and with one in memory: what the
rows and counters that are committed before the answer add to the median call. *fsync* is the
median of writing {PAGE_BYTES} bytes and `fdatasync` to a file on this disk; *one row* is what
PostgreSQL itself takes for one small insert and commit, asked by one client. Target on
PostgreSQL, one caller: at most 2 x fsync + 1 ms."""


def run(*, calls: int = 1_280, rounds: int = 5, syncs: int = 200) -> Section:
    with ExitStack() as stack:
        contenders = {"SQLite": stack.enter_context(embedded())}
        bases = {"fsync": lambda: fsync_ms(syncs)}
        if not missing_servers():
            there = stack.enter_context(embedded())
            url = stack.enter_context(database(f"zantara_bench_journal_{os.getpid()}"))
            contenders["PostgreSQL"] = Installation(there.directory, {"DATABASE_URL": url})
            bases["one row"] = lambda: one_row_ms(url, syncs)
        for installation in contenders.values():
            installation.python("manage.py", "migrate", "--verbosity", "0")
        measures = {name: lambda i=i: _calls(i, calls) for name, i in contenders.items()}
        taken = in_turns({**bases, **measures}, rounds)
    return Section(NAME, TITLE, [_TEXT, *missing_servers(), _table(taken, list(bases))])


def _table(taken: dict[str, list], bases: list[str]) -> Table:  # type: ignore[type-arg]
    rows = [[name, "", f"{median(taken[name]):.2f}", "", ""] for name in bases]
    for name in [name for name in taken if name not in bases]:
        for found in zip(*taken[name], strict=True):
            first = found[0]
            rows.append(
                [
                    f"{name}, {first['kind']}",
                    str(first["callers"]),
                    f"{median(each['added_ms'] for each in found):.2f}",
                    f"{median(each['p99_ms'] for each in found):.2f}",
                    f"{median(each['commits'] for each in found):.2f}",
                ]
            )
    columns = ["", "callers at once", "added p50 ms", "p99 ms", "commits a call"]
    return Table(columns, rows)


def _calls(installation: Installation, calls: int) -> list[dict[str, float]]:
    output = installation.python("-m", "benchmarks.journal_calls", str(calls), *map(str, CALLERS))
    return list(json.loads(output))


def fsync_ms(count: int) -> float:
    page, taken = b"\0" * PAGE_BYTES, []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(count):
            begun = time.perf_counter()
            file.write(page)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


def one_row_ms(url: str, count: int) -> float:
    taken = []
    with psycopg.connect(url or POSTGRES, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_row (n int)")
        for n in range(count):
            begun = time.perf_counter()
            connection.execute("INSERT INTO bench_row VALUES (%s)", [n])
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000
