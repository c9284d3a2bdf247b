"""Who may import whom: the contracts of pyproject.toml, and what the engine may use at all."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ALLOWED = {"plugins_app", "pydantic", "pydantic_core", "orjson", "semver", "ulid"}


def test_the_import_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_engine_uses_only_the_standard_library_and_five_packages() -> None:
    files = (ROOT / "plugins_app/core").rglob("*.py")
    used = {name for file in files for name in _imports(ast.parse(file.read_text()))}
    assert used - sys.stdlib_module_names - ALLOWED == set()


def _imports(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names
