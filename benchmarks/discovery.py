"""How long the catalogue takes to load, with and without cached bytecode, to be written down in
the database, and to be searched."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.catalogue import write_plugins
from benchmarks.measuring import in_turns, median
from benchmarks.report import Section, Table
from benchmarks.servers import Installation, embedded

NAME = "discovery"
TITLE = "Discovery"
SIZES = (143, 1_000, 5_000)
_TEXT = """A process of its own for every figure: wall seconds to load so many plugins, a module
each. *Cold* also compiles them. *Sync* is the second `discover_plugins` after the load, into
SQLite. Targets: 1,000 warm in 3 s, sync in at most 10 queries, time linear in the number."""


def run(*, sizes: Sequence[int] = SIZES, rounds: int = 2) -> Section:
    with ExitStack() as stack:
        installations = {size: _installed(stack, size) for size in sizes}
        found = in_turns(
            {
                (size, cold): partial(_load, installation, cold=cold)
                for size, installation in installations.items()
                for cold in (True, False)
            },
            rounds,
        )
    rows = [_row(size, found[size, True], found[size, False]) for size in sizes]
    columns = [
        "plugins",
        "cold s",
        "warm s",
        "warm ms a plugin",
        "sync s",
        "queries",
        "memory MB",
        "search ms",
        "suggestions ms",
    ]
    return Section(NAME, TITLE, [_TEXT, Table(columns, rows)])


def _installed(stack: ExitStack, size: int) -> Installation:
    base = stack.enter_context(embedded())
    plugins = Path(stack.enter_context(tempfile.TemporaryDirectory()), f"catalogue_{size}")
    write_plugins(plugins, size)
    installation = Installation(base.directory, plugins=(plugins,))
    installation.python("manage.py", "migrate", "--verbosity", "0")
    installation.python("manage.py", "discover_plugins")
    return installation


def _load(installation: Installation, *, cold: bool) -> dict[str, float]:
    if cold:
        for cached in installation.plugins[0].rglob("__pycache__"):
            shutil.rmtree(cached)
    found: dict[str, float] = json.loads(installation.python("-m", "benchmarks.discovery"))
    return found


def _row(size: int, cold: list[dict[str, float]], warm: list[dict[str, float]]) -> list[str]:
    def of(key: str) -> float:
        return median(each[key] for each in warm)

    return [
        f"{size:,}",
        f"{median(each['load'] for each in cold):.2f}",
        f"{of('load'):.2f}",
        f"{of('load') / size * 1e3:.2f}",
        f"{of('sync'):.2f}",
        f"{of('queries'):.0f}",
        f"{of('memory'):.0f}",
        f"{of('search') * 1e3:.1f}",
        f"{of('suggestions') * 1e3:.1f}",
    ]


def _measure() -> dict[str, Any]:
    """In a process that has loaded nothing yet."""
    import resource

    import django

    django.setup()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from benchmarks.measuring import Stopwatch
    from plugins_app.core.search import suggestions
    from plugins_app.runtime.engine import close_engine, current_engine
    from plugins_app.runtime.loop import engine_loop
    from plugins_app.services import sync
    from plugins_app.services.audit import CLI

    engine = current_engine()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    watch = Stopwatch()
    engine_loop.run(engine.open())
    load = watch.read().wall
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    with CaptureQueriesContext(connection) as queries:
        watch = Stopwatch()
        sync.discover(CLI)
        synced = watch.read().wall
    registry = engine.registry
    registry.search("tax")
    watch = Stopwatch()
    for query in _QUERIES:
        registry.search(query)
    searched = watch.read().wall / len(_QUERIES)
    watch = Stopwatch()
    for wrong in _WRONG:
        suggestions(registry.snapshot.active, wrong)
    suggested = watch.read().wall / len(_WRONG)
    close_engine()
    return {
        "load": load,
        "memory": memory,
        "sync": synced,
        "queries": len(queries),
        "search": searched,
        "suggestions": suggested,
    }


_QUERIES = ("visa", "company files", "imigration", "plugin_0042", "renews the permit", "zebra")
_WRONG = ("visa.plugin_42", "vsa.plugin_0008", "tax_plugin", "nothing.like.it")

if __name__ == "__main__":
    json.dump(_measure(), sys.stdout)
