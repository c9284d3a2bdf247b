"""GET /api/plugins/{name}/versions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from plugins_app.runtime.loop import engine_loop
from plugins_app.services import sync
from plugins_app.services.audit import CLI
from tests.api._call import is_problem, post

VERSIONED = "/api/plugins/lab.versioned/versions"
PLUGIN = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput

class Fresh(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="family.fresh", version="{version}")

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput(data="{answer}")
"""


@pytest.fixture
def seen(lab: Any, plugin_folder: Path) -> Path:
    """The file of a plugin that was discovered."""
    source = plugin_folder / "fresh.py"
    source.write_text(PLUGIN.format(version="1.0.0", answer="a"))
    engine_loop.run(lab.registry.load())
    sync.discover(CLI)
    return source


def rows(client: Client, path: str = "/api/plugins/family.fresh/versions") -> list[Any]:
    body = client.get(path).json()
    assert body["count"] == len(body["versions"])
    return body["versions"]  # type: ignore[no-any-return]


def facts(client: Client, path: str = "/api/plugins/family.fresh/versions") -> list[Any]:
    return [(row["version"], row["serving"], row["loaded"]) for row in rows(client, path)]


@pytest.mark.usefixtures("seen")
def test_every_loaded_version_is_listed_and_one_serves(client: Client) -> None:
    assert sorted(facts(client, VERSIONED)) == [("1.0.0", False, True), ("2.0.0", True, True)]


@pytest.mark.usefixtures("seen")
def test_a_version_tells_its_source_and_when_it_was_seen(client: Client) -> None:
    [row] = rows(client)

    assert len(row["source_hash"]) == 64
    assert datetime.fromisoformat(row["first_seen"]) <= datetime.fromisoformat(row["last_seen"])


def test_what_was_replaced_stays_in_the_list(client: Client, key: Any, seen: Path) -> None:
    seen.write_text(PLUGIN.format(version="1.1.0", answer="b"))
    post(client, "/api/plugins/family.fresh/reload", headers=key("reload"))

    assert facts(client) == [("1.1.0", True, True), ("1.0.0", False, False)]


def test_other_code_under_the_same_version_is_told_apart(
    client: Client, key: Any, seen: Path
) -> None:
    seen.write_text(PLUGIN.format(version="1.0.0", answer="b"))
    post(client, "/api/plugins/family.fresh/reload", headers=key("reload"))

    assert facts(client) == [("1.0.0", True, True), ("1.0.0", False, False)]
    assert len({row["source_hash"] for row in rows(client)}) == 2


def test_a_rejected_reload_leaves_the_list_as_it_was(client: Client, key: Any, seen: Path) -> None:
    seen.write_text("import nothing_that_exists\n")
    post(client, "/api/plugins/family.fresh/reload", headers=key("reload"))

    assert facts(client) == [("1.0.0", True, True)]


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("name", ["lab__versioned", "lab.versioned@1.0.0"])
def test_any_name_lists_all_versions(client: Client, name: str) -> None:
    response = client.get(f"/api/plugins/{name}/versions")

    assert response.json()["plugin"] == "lab.versioned"
    assert response.json()["count"] == 2
    assert response["Content-Location"].startswith("/api/plugins/lab.versioned")


@pytest.mark.usefixtures("seen")
def test_a_list_that_did_not_change_is_304(client: Client) -> None:
    etag = client.get(VERSIONED)["ETag"]

    assert client.get(VERSIONED, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("name", ["lab.private", "lab.admin", "lab.no"])
def test_what_a_caller_may_not_see_has_no_versions(client: Client, name: str) -> None:
    assert is_problem(client.get(f"/api/plugins/{name}/versions"), 404, "plugin_not_found")
