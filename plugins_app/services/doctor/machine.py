"""The machine and its files."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from plugins_app.services.doctor.findings import Check, Finding, error, ok, warning

LEAST_FREE_BYTES = 512 * 1024 * 1024


def _versions() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info < (3, 14):
        consequence = "ZANTARA is tested on 3.11 to 3.13 only."
        fix = "Make the environment anew: make clean && make PYTHON=python3.12 run"
        yield error("ZD01", f"Python {version}", consequence, fix)
    else:
        yield ok("ZD01", f"Python {version}")


def _variable_directory() -> Iterator[Finding]:
    directory = settings.VAR_DIR
    if not _is_written():
        yield ok("ZD02", f"{directory} need not be writable")
        return
    if not os.access(directory, os.W_OK):
        yield error(
            "ZD02",
            f"{directory} is not writable",
            "Neither the database nor the secret key can be written.",
            "Correct its owner, or set ZANTARA_VAR_DIR.",
        )
        return
    free = shutil.disk_usage(directory).free
    title = f"{free // 1024**2} MiB free for {directory}"
    if free < LEAST_FREE_BYTES:
        consequence = "When the disk is full, every call is refused: no audit, no act."
        yield error("ZD02", title, consequence, "Free space, or prune_executions.")
    else:
        yield ok("ZD02", title)


def _is_written() -> bool:
    """Else it holds only collected files, and a container may have it read-only."""
    engine: str = settings.DATABASES["default"]["ENGINE"]
    return settings.EMBEDDED or engine.endswith("sqlite3")


def _directories() -> Iterator[Finding]:
    for directory in settings.ZANTARA_PLUGIN_DIRS:
        if not directory.is_dir() or not os.access(directory, os.R_OK | os.X_OK):
            yield error(
                "ZD03",
                f"Plugin directory {directory} cannot be read",
                "Its plugins are missing from the catalogue.",
                "Create it, or correct ZANTARA_PLUGIN_DIRS.",
            )
        elif open_to_all := _writable_by_all(directory):
            yield error(
                "ZD25",
                f"{open_to_all} is writable by every user of this machine",
                "Each of them can run code of theirs as the server.",
                f"chmod -R o-w {directory}",
            )
        else:
            yield ok("ZD03", f"Plugin directory {directory}")


def _writable_by_all(directory: Path) -> Path | None:
    """The first of it, its folders and its modules that is."""
    files = (each for each in directory.rglob("*") if each.is_dir() or each.suffix == ".py")
    candidates = (directory, *(each for each in files if not each.is_symlink()))
    return next((each for each in candidates if each.stat().st_mode & stat.S_IWOTH), None)


def _static_files() -> Iterator[Finding]:
    if any(settings.STATIC_ROOT.glob("*")):
        yield ok("ZD07", "Static files are collected")
    else:
        consequence = "The marketplace has no styles."
        fix = "python manage.py collectstatic"
        yield warning("ZD07", "Static files are not collected", consequence, fix)


def _memory() -> Iterator[Finding]:
    """What processes that run plugins apart may take, in each of the servers on this machine."""
    pool = settings.ZANTARA_PROCESS_WORKERS * settings.ZANTARA_PROCESS_MEMORY
    has = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024**2
    title = f"Isolated plugins may take {pool or 'all'} of {has} MiB, for each server process"
    if not 0 < pool <= has:
        yield warning(
            "ZD27",
            title,
            "The system may end the server itself for want of memory.",
            "Limit ZANTARA_PROCESS_MEMORY, or lower ZANTARA_PROCESS_WORKERS.",
        )
    else:
        yield ok("ZD27", title)


CHECKS: tuple[Check, ...] = (_versions, _variable_directory, _directories, _static_files, _memory)
