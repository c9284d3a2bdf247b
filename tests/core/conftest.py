"""Plugin directories that tests write, each a package of its own that is forgotten afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest

from plugins_app.core.discovery import DirectorySource

_numbers = count()


class PluginTree:
    """A directory of plugin files under a package name that nobody else has."""

    def __init__(self, root: Path) -> None:
        self.root, self.package = root, f"plugintree{next(_numbers)}"
        self.root.mkdir()

    def source(self) -> DirectorySource:
        return DirectorySource(self.root, self.package)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
        return file

    def plugin(self, path: str, name: str, *, body: str = "pass", top: str = "", **meta: object):
        """A plugin that answers ANSWER, by default its version. `body` stands in its class."""
        version = meta.setdefault("version", "1.0.0")
        fields = "".join(f", {key}={value!r}" for key, value in meta.items())
        return self.write(path, _TEMPLATE.format(**locals(), answer=repr(version)))

    def forget(self) -> None:
        for name in [n for n in sys.modules if n.partition(".")[0] == self.package]:
            del sys.modules[name]


_TEMPLATE = """\
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput
ANSWER = {answer}
{top}
class Found(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name={name!r}{fields})
    {body}
    async def execute(self, input_data):
        return PluginOutput(data=ANSWER)
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginTree]:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # whatever the environment says
    tree = PluginTree(tmp_path / "first")
    yield tree
    tree.forget()


@pytest.fixture
def other_tree(tmp_path: Path) -> Iterator[PluginTree]:
    tree = PluginTree(tmp_path / "second")
    yield tree
    tree.forget()
