"""What a load has to import anew: the families whose files changed, and whoever uses them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from plugins_app.core.discovery import ModuleRef
from plugins_app.core.importing import dependants

Choose = Callable[[set[str]], set[str]]


def none_of(families: set[str]) -> set[str]:
    return set()


def all_of(families: set[str]) -> set[str]:
    return families


@dataclass(frozen=True)
class Survey:
    """The modules of all sources, each once, with hashes of what they are made of."""

    references: tuple[ModuleRef, ...]

    @classmethod
    def of(cls, references: Iterable[ModuleRef]) -> Survey:
        """Where two sources list one module, the first has it."""
        return cls(tuple({r.name: r for r in reversed(list(references))}.values())[::-1])

    @cached_property
    def family_of(self) -> Mapping[str, str]:
        return {reference.name: reference.family for reference in self.references}

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """family -> hash over all its files, code and data."""
        return {family: _digest(files) for family, files in self._files.items()}

    @cached_property
    def _files(self) -> Mapping[str, list[Path]]:
        roots = {reference.family: reference.root for reference in self.references}
        return {family: _files_below(root) for family, root in roots.items()}

    @cached_property
    def _shared(self) -> Mapping[str, str]:
        """family -> hash over the files that belong to none of its plugin modules alone."""
        own = {reference.path for reference in self.references}
        return {
            family: _digest(file for file in files if str(file) not in own)
            for family, files in self._files.items()
        }

    def sources(self, families: Iterable[str]) -> Iterator[str]:
        """Paths of all Python files of these families, helpers included."""
        for family in families:
            yield from (str(file) for file in self._files[family] if file.suffix == ".py")

    def source_hash(self, reference: ModuleRef) -> str:
        """Over the module itself and what its family shares: helpers and data, not neighbours."""
        own = _digest([Path(reference.path)] if reference.path else [])
        return hashlib.sha256((own + self._shared[reference.family]).encode()).hexdigest()

    def stale(self, before: Survey, failed_modules: Iterable[str], choose: Choose) -> set[str]:
        """Families that are new, changed, failed before or chosen, with their dependants."""
        changed = {f for f, digest in self.digests.items() if before.digests.get(f) != digest}
        failed = {before.family_of.get(module, "") for module in failed_modules}
        stale = (changed | failed | choose(set(self.digests))) & set(self.digests)
        known = stale & set(before.digests)
        return stale | (dependants(known, self.digests) if known else set())


def _files_below(root: Path | None) -> list[Path]:
    if root is None:
        return []
    if root.is_file():
        return [root]
    return [path for path in sorted(root.rglob("*")) if path.is_file() and _counts(path, root)]


def _counts(path: Path, root: Path) -> bool:
    parts = path.relative_to(root).parts
    return not any(part.startswith((".", "test_")) or part == "__pycache__" for part in parts)


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + _content(path))
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    """A file that cannot be read fails when its module is imported, and not here."""
    try:
        return path.read_bytes()
    except OSError as error:
        return type(error).__name__.encode()
