"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from plugins_app.core.discovery import DirectorySource
from plugins_app.core.testing import memory_executor

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def _block(language: str, containing: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return next(block for block in blocks if containing in block)


async def test_the_plugin_in_the_readme_runs(tmp_path: Path) -> None:
    family = tmp_path / "readme_plugins" / "hello"
    family.mkdir(parents=True)
    (family / "greet.py").write_text(_block("python", "class GreetPlugin"))
    executor = await memory_executor(sources=[DirectorySource(family.parent)])
    await executor.registry.load()

    output = await executor.execute("hello.greet", {"name": "Ayu"})

    assert output.data == {"greeting": "Hello, Ayu!"}


def test_the_plugin_in_the_readme_has_twenty_lines() -> None:
    code = [line for line in _block("python", "class GreetPlugin").splitlines() if line.strip()]

    assert len(code) <= 20


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()

    assert all(
        f"\n{target}:" in makefile for target in re.findall(r"^make (\w+)", README, re.MULTILINE)
    )


def test_every_command_in_the_readme_exists() -> None:
    commands = ROOT / "plugins_app" / "management" / "commands"
    named = set(re.findall(r"manage\.py ([a-z_]+)", README))

    assert named
    assert [name for name in named if not (commands / f"{name}.py").exists()] == []


def test_every_command_is_in_the_readme() -> None:
    commands = ROOT / "plugins_app" / "management" / "commands"
    names = {file.stem for file in commands.glob("[a-z]*.py")} - {"quickstart"}  # it is `make run`

    assert [name for name in sorted(names) if f"`{name}`" not in README] == []
