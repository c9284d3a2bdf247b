"""The commands of docs/backup.md, on a server that is written to meanwhile."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict

from plugins_app.services import backup
from tests._markdown import ROOT, text_of
from tests.commands.conftest import Ran
from tests.deployment.conftest import POSTGRESQL, administer
from tests.serving import Installation, wait_until

PLUGIN = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput

class Note(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="lab.note")

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput(data="noted")

class Off(Note):
    metadata = PluginMetadata(name="lab.off")
"""
SECRET = {"SECRET_KEY": "a-secret-that-backups-hold-beside-the-database-0123456789"}
MANY = 30


def blocks(heading: str) -> list[str]:
    """The shell blocks below this heading, in their order."""
    section = text_of("docs/backup.md").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [each.partition("\n```")[0] for each in section.split("```bash\n")[1:]]


def shell(block: str, environment: dict[str, str]) -> None:
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.replace(".venv/bin/python", sys.executable)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@dataclass
class Load:
    """Callers who go on until they are told to stop."""

    url: str
    answered: list[str] = field(default_factory=list)
    """Ids of executions."""
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with httpx.Client(base_url=self.url) as client:
            while not self._stop.is_set():
                answer = client.post("/api/plugins/lab.note/execute", json={"input_data": {}})
                assert answer.status_code == 200, answer.text
                self.answered.append(answer.json()["metadata"]["execution_id"])

    @contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=self.run) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()


@dataclass(frozen=True)
class Before:
    """What was there when the backup began."""

    key: str
    answered: list[str]


def prepared(directory: Path, settings: dict[str, str]) -> Installation:
    installation = Installation(directory, SECRET | settings)
    installation.write("lab/plugins.py", PLUGIN)
    for command in (
        ["migrate", "-v0"],
        ["discover_plugins"],
        ["disable_plugins", "lab.off", "--reason", "it is a rehearsal", "--no-input"],
    ):
        ran = installation.manage(*command)
        assert ran.returncode == 0, ran.stderr
    return installation


def backed_up(installation: Installation, back_up: Callable[[], None]) -> Before:
    created = installation.manage(
        "api_keys", "create", "--name", "app", "--scopes", "list", "--json"
    )
    installation.start()
    try:
        load = Load(installation.url)
        with load.going_on():
            wait_until(lambda: len(load.answered) > MANY, "some calls")
            answered = list(load.answered)
            back_up()
            wait_until(lambda: len(load.answered) > len(answered) + MANY, "calls after the backup")
    finally:
        installation.stop()
    return Before(json.loads(created.stdout)["key"], answered)


def prove(restored: Installation, before: Before) -> None:
    """It serves: rows, the plugins' switches and the keys are as they were."""
    code = "from plugins_app.models import ExecutionLog as E; print(*E.objects.values_list('pk'))"
    rows = restored.manage("shell", "-v0", "-c", code).stdout
    assert [id for id in before.answered if id not in rows] == []
    restored.start()
    try:
        with httpx.Client(base_url=restored.url) as client:
            authorized = {"Authorization": f"Bearer {before.key}"}
            assert client.get("/api/plugins/list", headers=authorized).status_code == 200
        assert restored.execute("lab.note").json()["data"] == "noted"
        assert restored.execute("lab.off").status_code == 409
    finally:
        restored.stop()


def test_sqlite_comes_back_as_it_was(tmp_path: Path) -> None:
    installation = prepared(tmp_path / "old", {})
    moved = {"ZANTARA_PLUGIN_DIRS": str(installation.plugins)}
    restored = Installation(tmp_path / "new", SECRET | moved)
    where = {"BACKUP": str(tmp_path / "backups")}
    back_up, restore = blocks("SQLite")

    before = backed_up(installation, lambda: shell(back_up, installation.environment | where))
    shell(restore, restored.environment | where)

    prove(restored, before)


@pytest.fixture
def restored_name(database: str) -> Iterator[str]:
    yield (name := f"{database}_restored")
    administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def test_postgresql_comes_back_as_it_was(tmp_path: Path, database: str, restored_name: str) -> None:
    installation = prepared(tmp_path / "old", {"DATABASE_URL": f"{POSTGRESQL}/{database}"})
    moved = {
        "ZANTARA_PLUGIN_DIRS": str(installation.plugins),
        "DATABASE_URL": f"{POSTGRESQL}/{restored_name}",
    }
    restored = Installation(tmp_path / "new", SECRET | moved)
    server = {f"PG{key.upper()}": value for key, value in conninfo_to_dict(POSTGRESQL).items()}
    where = {"DATABASE": database, "RESTORED": restored_name, "BACKUP": str(tmp_path / "backups")}
    back_up, create, look = blocks("PostgreSQL")

    before = backed_up(installation, lambda: shell(back_up, os.environ | server | where))
    shell(create, os.environ | server | where)
    shell(look, restored.environment)

    prove(restored, before)


# --- the command ----------------------------------------------------------------------------------


Run = Callable[..., Ran]


def test_a_backup_is_one_whole_file_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite3"

    document = run("backup", str(file), "--json").document

    assert document == {"success": True, "file": str(file), "bytes": file.stat().st_size}
    assert [path.name for path in tmp_path.iterdir()] == ["copy.sqlite3"]
    assert file.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("SELECT count(*) FROM django_migrations").fetchone()[0] > 0


def test_a_backup_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    (file := tmp_path / "copy.sqlite3").write_text("older")

    ran = run("backup", str(file))

    assert ran.code == 1
    assert file.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["copy.sqlite3"]


def test_a_backup_into_nowhere_says_so(run: Run, tmp_path: Path) -> None:
    assert "No backup was made" in run("backup", str(tmp_path / "absent" / "copy")).err


def test_a_damaged_copy_is_not_kept(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(draft: Path) -> None:
        raise backup.NotPossible("The database is damaged: *** in database main ***")

    monkeypatch.setattr(backup, "_copy", damaged)

    assert run("backup", str(tmp_path / "copy")).code == 1
    assert list(tmp_path.iterdir()) == []
