"""What the README shows works as it stands there."""

from __future__ import annotations

from pathlib import Path

from plugins_app.core.discovery import DirectorySource
from plugins_app.core.testing import memory_executor
from tests._markdown import ROOT, block, text_of
from tests.commands.test_shared_rules import DJANGOS

README = text_of("README.md")
PLUGIN = block(README, "python", "class GreetPlugin")


async def test_the_plugin_in_the_readme_runs(tmp_path: Path) -> None:
    family = tmp_path / "readme_plugins" / "hello"
    family.mkdir(parents=True)
    (family / "greet.py").write_text(PLUGIN)
    executor = await memory_executor(sources=[DirectorySource(family.parent)])
    await executor.registry.load()

    output = await executor.execute("hello.greet", {"name": "Ayu"})

    assert output.data == {"greeting": "Hello, Ayu!"}


def test_the_plugin_in_the_readme_has_twenty_lines() -> None:
    code = [line for line in PLUGIN.splitlines() if line.strip()]

    assert len(code) <= 20


def test_every_command_is_in_the_readme() -> None:
    commands = ROOT / "plugins_app" / "management" / "commands"
    names = {file.stem for file in commands.glob("[a-z]*.py")} - DJANGOS - {"quickstart"}

    assert [name for name in sorted(names) if f"`{name}`" not in README] == []
