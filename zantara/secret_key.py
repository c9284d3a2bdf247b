"""A secret key for development, made once and kept in a file that only its owner reads."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_urlsafe


def development_secret_key(directory: Path) -> str:
    path = directory / "secret_key"
    directory.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _publish(path, token_urlsafe(48))
    return path.read_text()


def _publish(path: Path, key: str) -> None:
    """The file appears whole or not at all: two processes may start at once."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(key)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
