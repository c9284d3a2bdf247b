"""Importing plugin modules: freshly, with a way back, and with failures that name the place.

Nothing here keeps state except Python's own module table, which `fresh_import` leaves as it was
when its block fails.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from plugins_app.core.discovery import ModuleRef, PluginClass
from plugins_app.core.errors import LoadError
from plugins_app.core.hiding import scrub
from plugins_app.core.plugin import Plugin


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a module, a class or an `on_load` did not work."""

    module: str
    error_type: str
    message: str
    file: str = ""
    line: int | None = None
    traceback: str = ""
    at: datetime | None = None
    plugin: str = ""
    """Name of the plugin, where the failure came late enough to know it."""
    serving: str = ""
    """Version that keeps serving; empty where none does."""

    @property
    def location(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def plugin_classes(module: ModuleType) -> list[PluginClass]:
    """Concrete plugins that this module defines itself, in the order of their definition."""
    classes: list[Any] = [
        c for c in vars(module).values() if inspect.isclass(c) and Plugin in c.__mro__
    ]
    return [
        cls
        for cls in dict.fromkeys(classes)
        if cls.__module__ == module.__name__
        and not cls.__name__.startswith("_")
        and not inspect.isabstract(cls)
        and inspect.getattr_static(cls, "execute") is not Plugin.execute
    ]


@contextmanager
def fresh_import(families: Set[str]) -> Iterator[dict[str, ModuleType]]:
    """Inside, modules of these families are imported anew from their source. Yields the old
    modules; when the block raises, they come back as if nothing had happened."""
    names = [name for name in sys.modules if _family_of(name, families)]
    old = {name: sys.modules.pop(name) for name in names}
    importlib.invalidate_caches()
    try:
        yield old
    except BaseException:
        for name in [n for n in sys.modules if _family_of(n, families)]:
            del sys.modules[name]
        for module in old.values():
            put_back(module)
        raise


def _family_of(module: str, families: Set[str]) -> str:
    """The one of these families that a module belongs to, or an empty string."""
    while module and module not in families:
        module = module.rpartition(".")[0]
    return module


_CLOCK_TICK_NS = 20_000_000
"""File systems tell times apart only so far."""


def drop_bytecode(source: str) -> None:
    """Cached bytecode is trusted by size and whole seconds: an edit within one second is missed."""
    with suppress(OSError, NotImplementedError):
        Path(importlib.util.cache_from_source(source)).unlink()


def drop_older_bytecode(source: str) -> None:
    """The same where another process compiled it: only what is older than its source goes."""
    with suppress(OSError, NotImplementedError):
        compiled = Path(importlib.util.cache_from_source(source)).stat().st_mtime_ns
        if compiled < Path(source).stat().st_mtime_ns + _CLOCK_TICK_NS:
            drop_bytecode(source)


def put_back(module: ModuleType) -> None:
    """The import of its newer text failed: what is live goes on with this one."""
    sys.modules[module.__name__] = module
    parent, _, name = module.__name__.rpartition(".")
    if package := sys.modules.get(parent):
        setattr(package, name, module)


def import_module(reference: ModuleRef) -> ModuleType:
    """Raises LoadError with the place of the cause inside the plugin's own code."""
    try:
        return importlib.import_module(reference.name)
    except (Exception, SystemExit) as error:
        sys.modules.pop(reference.name, None)
        raise as_load_error(error, reference.path) from error


def as_load_error(error: BaseException, near: str = "") -> LoadError:
    """The same failure with file, line and traceback. `near`: the module's own source file."""
    if isinstance(error, LoadError):
        return error
    file, line = _place(error, near)
    text = "".join(traceback.format_exception(error))
    return LoadError(f"{type(error).__name__}: {error}", file=file, line=line, traceback=text)


def at_class(error: LoadError, cls: type, near: str) -> LoadError:
    """The same error, pointing at the class's definition where it has no place of its own."""
    if error.line:
        return error
    line = None
    with suppress(OSError, TypeError):
        line = inspect.getsourcelines(cls)[1]
    located = LoadError(str(error), file=near, line=line, traceback=error.traceback)
    located.__cause__ = error.__cause__
    return located


def _place(error: BaseException, near: str) -> tuple[str, int | None]:
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    frames = list(_frames(error.__traceback__))
    own = [frame for frame in frames if frame[0].startswith(str(Path(near).parent))] if near else []
    if own:
        return own[-1]
    return (near, None) if near else (frames[-1] if frames else ("", None))


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def failure(
    module: str, error: BaseException, *, near: str = "", plugin: str = "", serving: str = ""
) -> Failure:
    load_error = as_load_error(error, near)
    cause = error.__cause__ if isinstance(error, LoadError) and error.__cause__ else error
    return Failure(
        module=module,
        error_type=type(cause).__name__,
        message=scrub(str(load_error)),
        file=_short(load_error.file or near),
        line=load_error.line,
        traceback=scrub(load_error.traceback),
        at=datetime.now(UTC),
        plugin=plugin,
        serving=serving,
    )


def _short(path: str) -> str:
    """Relative where the file lies below the working directory."""
    with suppress(ValueError):
        return str(Path(path).relative_to(Path.cwd()))
    return path


def dependants(families: set[str], all_families: Iterable[str]) -> set[str]:
    """`families` and every other one whose modules hold something that was imported from them."""
    wanted, known = set(families), set(all_families)
    users = _users(known)
    queue = list(wanted)
    while queue:
        new = users[queue.pop()] - wanted
        wanted |= new
        queue += new
    return wanted


def _users(families: Set[str]) -> defaultdict[str, set[str]]:
    """family -> the other ones whose modules hold something of it."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for name, module in list(sys.modules.items()):
        if user := _family_of(name, families):
            for origin in set(map(_origin, list(vars(module).values()))):
                if used := _family_of(origin, families):
                    users[used].add(user)
    return users


def _origin(value: Any) -> str:
    """Name of the module that a value comes from, where it tells."""
    attribute = "__name__" if inspect.ismodule(value) else "__module__"
    with suppress(Exception):  # any object of a plugin may answer here
        name = getattr(value, attribute, "")
        return name if isinstance(name, str) else ""
    return ""
