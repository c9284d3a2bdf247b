"""What grows with the catalogue and the log must not grow in queries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.catalogue import write_plugins
from plugins_app.models import InstalledPlugin, PluginVersion, User
from plugins_app.runtime.engine import current_engine, forget_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services import sync
from plugins_app.services.audit import CLI


@pytest.fixture
def catalogue(transactional_db: None, settings: Any, tmp_path: Path) -> Any:
    """An engine on a directory of generated plugins, which a test fills."""
    directory = tmp_path / f"many_{tmp_path.name}"
    directory.mkdir()
    settings.ZANTARA_PLUGIN_DIRS = [directory]
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    forget_engine()
    yield directory
    engine_loop.run(current_engine().close())
    forget_engine()


def queries_of_sync() -> list[str]:
    """Beginnings of the queries; that a transaction begins and ends is none."""
    with CaptureQueriesContext(connection) as captured:
        sync.discover(CLI)
    asked = [query["sql"][:100] for query in captured]
    return [sql for sql in asked if not sql.startswith(("BEGIN", "COMMIT", "SAVEP", "RELEASE"))]


def test_a_sync_of_a_thousand_plugins_takes_at_most_ten_queries(catalogue: Path) -> None:
    write_plugins(catalogue, 1_000)
    engine_loop.run(current_engine().open())

    first, again = queries_of_sync(), queries_of_sync()

    assert (InstalledPlugin.objects.count(), PluginVersion.objects.count()) == (1_000, 1_000)
    assert 0 < len(first) <= 10, first
    assert 0 < len(again) <= 10, again


@pytest.mark.parametrize(
    "page", ["/admin/plugins/", "/api/plugins/list", "/api/plugins/metrics/all"]
)
def test_a_page_asks_the_same_number_of_queries_of_any_catalogue(
    catalogue: Path, client: Client, page: str
) -> None:
    client.force_login(User.objects.create_superuser("ayu", password="-"))
    asked = []
    for count in (3, 60):
        write_plugins(catalogue, count)
        sync.discover(CLI)
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        asked.append(len(captured))

    assert asked[0] == asked[1] > 0
