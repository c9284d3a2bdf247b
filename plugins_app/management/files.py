"""Files that a command leaves behind."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def replace_file(path: Path, text: str) -> None:
    """Whole or not at all: whoever reads it meanwhile has the old one. Raises OSError. Links are
    followed, and the mode of a file that was there stays."""
    target = path.resolve()
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        raise FileExistsError(None, "it is not a regular file", str(path))
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            draft.chmod(stat.S_IMODE(mode))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
