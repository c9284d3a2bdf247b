"""Pages of the marketplace, the metrics and the log, at logs of different lengths on PostgreSQL."""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.catalogue import name_of, write_plugins
from benchmarks.log_rows import CALLS_PER_HOUR, fill
from benchmarks.measuring import in_turns, median
from benchmarks.report import Section, Table
from benchmarks.servers import Installation, database, missing_servers

NAME = "queries"
TITLE = "Pages over a long log"
SIZES = (10_000, 1_000_000, 5_000_000)
PLUGINS = 143
BUSY = name_of(0)
PAGES = {
    "dashboard, 24 hours": "/admin/",
    "dashboard, 30 days": "/admin/?range=30d",
    "marketplace": "/admin/plugins/",
    "marketplace, a search": "/admin/plugins/?q=visa",
    "plugin": f"/admin/plugins/{BUSY}/",
    "plugin, 24 hours": f"/admin/plugins/{BUSY}/metrics/",
    "plugin, 30 days": f"/admin/plugins/{BUSY}/metrics/?range=30d",
    "chart, 24 hours": f"/admin/charts/calls.json?range=24h&plugin={BUSY}",
    "chart, 30 days": f"/admin/charts/calls.json?range=30d&plugin={BUSY}",
    "chart of all, 24 hours": "/admin/charts/calls.json?range=24h",
    "log": "/admin/executions/",
    "log of a plugin": f"/admin/executions/?q=plugin:{BUSY}",
    "log, failed": "/admin/executions/?q=status:failed",
    "API: list": "/api/plugins/list",
    "API: metrics of all": "/api/plugins/metrics/all",
    "API: metrics of a plugin": f"/api/plugins/{BUSY}/metrics",
    "API: executions": "/api/executions",
}
_TEXT = f"""PostgreSQL with the calls of {PLUGINS} plugins, the busiest of which has a twelfth of
them, {CALLS_PER_HOUR:,} an hour: the longest log holds a month of them, the shortest one and a half
hours. The rollups are those that the journal would have written. Milliseconds of wall time for the
whole page, in process. What is over is summed once an hour: the *first look* pays for that, over
the longest log, and its queries are counted. Target: no page takes more than twice as long over
the longest log as over the shortest."""


def run(*, sizes: Sequence[int] = SIZES, plugins: int = PLUGINS, rounds: int = 3) -> Section:
    if missing := missing_servers():
        return Section(NAME, TITLE, missing)
    with ExitStack() as stack:
        directory = stack.enter_context(_catalogue(plugins))
        filled = {size: stack.enter_context(_filled(size, plugins, directory)) for size in sizes}
        found = in_turns({size: partial(_pages, each) for size, each in filled.items()}, rounds)
    columns = [
        "",
        *(f"{size:,} rows" for size in sizes),
        "longest over shortest",
        "first look",
        "queries",
    ]
    rows = [_row(page, sizes, found) for page in PAGES]
    return Section(NAME, TITLE, [_TEXT, Table(columns, rows)])


Asked = tuple[float, float, int]
"""Seconds as a rule, seconds of the first look, its queries."""
Rounds = dict[int, list[dict[str, Asked]]]
"""Rows of the log -> a round each, by page."""


def _row(page: str, sizes: Sequence[int], found: Rounds) -> list[str]:
    taken = [median(each[page][0] for each in found[size]) for size in sizes]
    first = median(each[page][1] for each in found[sizes[-1]])
    queries = sorted({each[page][2] for size in sizes for each in found[size]})
    return [
        page,
        *(f"{seconds * 1e3:.1f}" for seconds in taken),
        f"{taken[-1] / taken[0]:.2f}x",
        f"{first * 1e3:.1f}",
        "-".join(map(str, queries)),
    ]


@contextmanager
def _catalogue(plugins: int) -> Any:
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory, "catalogue_of_queries")
        write_plugins(folder, plugins)
        yield folder


@contextmanager
def _filled(size: int, plugins: int, folder: Path) -> Any:
    name = f"zantara_bench_{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory() as directory, database(name) as url:
        installed = Installation(Path(directory), {"DATABASE_URL": url}, (folder,))
        installed.python("manage.py", "migrate", "--verbosity", "0")
        installed.python("manage.py", "discover_plugins")
        fill(url, size, [name_of(number) for number in range(plugins)])
        yield installed


def _pages(installed: Installation) -> dict[str, Asked]:
    found: dict[str, Asked] = json.loads(installed.python("-m", "benchmarks.queries"))
    return found


def _measure(times: int = 7) -> dict[str, Asked]:
    """In a process with the settings of one installation."""
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client

    from plugins_app.models import User
    from plugins_app.runtime.engine import close_engine, current_engine
    from plugins_app.runtime.loop import engine_loop

    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    engine_loop.run(current_engine().open())
    user, _ = User.objects.get_or_create(
        username="benchmark", defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client()
    client.force_login(user)
    found = {page: _ask(client, address, times) for page, address in PAGES.items()}
    close_engine()
    return found


def _ask(client: Any, address: str, times: int) -> Asked:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from benchmarks.measuring import Stopwatch
    from plugins_app.services import metrics

    client.get(address)
    metrics.forget()
    with CaptureQueriesContext(connection) as queries:
        watch = Stopwatch()
        answer = client.get(address)
        first = watch.read().wall
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code} {answer.content[:500]!r}")
    asked, taken = len(queries), []
    for _ in range(times):
        watch = Stopwatch()
        client.get(address)
        taken.append(watch.read().wall)
    return median(taken), first, asked


if __name__ == "__main__":
    json.dump(_measure(), sys.stdout)
