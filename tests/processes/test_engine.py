"""The process-wide engine has a pool too, warm from the start and gone with it."""

from __future__ import annotations

from typing import Any

import pytest

from plugins_app.runtime.engine import Engine, _without_secrets
from plugins_app.runtime.loop import engine_loop
from tests.core.conftest import PluginTree, tree  # noqa: F401  (a fixture)
from tests.processes.conftest import runs


@pytest.mark.django_db(transaction=True)
def test_the_engine_starts_its_workers_and_ends_them(
    tree: PluginTree,  # noqa: F811
    settings: Any,
) -> None:
    tree.plugin("x.py", "x", isolation="process", read_only=True)
    settings.ZANTARA_PLUGIN_DIRS = [tree.root]
    settings.ZANTARA_PROCESS_WORKERS = 2
    settings.ZANTARA_AUTO_ENABLE = True
    engine = Engine()
    engine_loop.run(engine.open())
    workers = set(engine.executor.processes._workers)
    try:
        output = engine_loop.run(engine.executor.execute("x"))
    finally:
        pids = {worker.pid for worker in workers}
        engine_loop.run(engine.close())
    assert (output.data, len(pids)) == ("1.0.0", 2)
    assert not any(map(runs, pids))


def test_workers_do_not_see_what_belongs_to_the_installation() -> None:
    environment = {
        "SECRET_KEY": "s",
        "DATABASE_URL": "d",
        "REDIS_URL": "r",
        "ZANTARA_API_KEY_PEPPER": "p",
        "PLUGINS_OWN": "yes",
        "PATH": "/bin",
    }
    assert _without_secrets(environment) == {"PLUGINS_OWN": "yes", "PATH": "/bin"}
