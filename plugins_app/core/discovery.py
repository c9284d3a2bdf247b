"""Where plugin classes come from: directories, entry points, explicit classes.

A source lists the modules that may define plugins; importing.py imports them.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from plugins_app.core.errors import LoadError
from plugins_app.core.plugin import Plugin

ENTRY_POINT_GROUP = "zantara.plugins"
_SKIPPED_NAMES = {"conftest", "examples", "tests", "setup"}

PluginClass = type[Plugin[Any, Any]]


@dataclass(frozen=True, slots=True)
class ModuleRef:
    """A module that may define plugins. Modules of one family are reloaded together.

    `root` is the family's folder, or its only file; None where the source is not a file.
    """

    name: str
    family: str
    path: str
    root: Path | None = None


class Source(Protocol):
    def modules(self) -> Iterator[ModuleRef]: ...


class DirectorySource:
    """`directory/family/plugin.py`, `directory/family/plugin/plugin.py` or `directory/plugin.py`,
    importable as `package.…`; the package need not be on the path. An `optional` directory may
    come and go."""

    def __init__(
        self, directory: Path, package: str | None = None, *, optional: bool = False
    ) -> None:
        self.directory = Path(directory).resolve()
        self.package = package or self.directory.name
        self.optional = optional

    def modules(self) -> Iterator[ModuleRef]:
        if not self.directory.is_dir():
            if self.optional:
                return
            raise LoadError(f"Plugin directory {str(self.directory)!r} does not exist")
        _ensure_package(self.package, self.directory)
        for path in sorted(self.directory.rglob("*.py")):
            parts = path.relative_to(self.directory).with_suffix("").parts
            if not any(map(_skipped, parts)) and not path.is_dir():
                yield self._reference(path, parts)

    def _reference(self, path: Path, parts: tuple[str, ...]) -> ModuleRef:
        family = f"{self.package}.{parts[0]}"
        root = path if len(parts) == 1 else self.directory / parts[0]
        return ModuleRef(f"{self.package}.{'.'.join(parts)}", family, str(path), root)


class EntryPointSource:
    """Modules that installed distributions name in the group `zantara.plugins`."""

    def __init__(self, group: str = ENTRY_POINT_GROUP) -> None:
        self.group = group

    def modules(self) -> Iterator[ModuleRef]:
        for entry in entry_points(group=self.group):
            yield _installed(entry.module)


class ClassSource:
    """Classes that were handed over; their modules are already imported."""

    def __init__(self) -> None:
        self.classes: list[PluginClass] = []

    def modules(self) -> Iterator[ModuleRef]:
        for name in dict.fromkeys(cls.__module__ for cls in self.classes):
            yield _installed(name)


def _installed(module: str) -> ModuleRef:
    """A module that is its own family."""
    loaded = sys.modules.get(module)
    path = getattr(loaded, "__file__", None) or _origin(module)
    return ModuleRef(module, module, path or "", Path(path) if path else None)


def _origin(module: str) -> str | None:
    try:
        spec = importlib.util.find_spec(module)
    except Exception:  # looking for a submodule imports its package
        return None
    return spec.origin if spec and spec.has_location else None


def _skipped(part: str) -> bool:
    return part.startswith(("_", ".", "test_")) or part in _SKIPPED_NAMES


def _ensure_package(package: str, directory: Path) -> None:
    """Make `package` name this directory, without a change to the import path."""
    parent, _, _ = package.rpartition(".")
    if parent:
        _ensure_package(parent, directory.parent)
    module = sys.modules.get(package)
    if module is None:
        module = ModuleType(package)
        module.__path__ = [str(directory)]
        sys.modules[package] = module
        return
    paths = list(getattr(module, "__path__", []))
    if directory not in [Path(path).resolve() for path in paths]:
        if parent or not paths:
            raise LoadError(f"Package {package!r} is already something else: {paths}")
        raise LoadError(f"Two plugin directories are named {package!r}: {paths[0]} and {directory}")
