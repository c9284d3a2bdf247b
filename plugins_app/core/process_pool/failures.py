"""Exceptions as JSON and back: a worker's for the server, and those of ports for a worker."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

from plugins_app.core.errors import PluginCrashed, ZantaraError


class WorkerDied(Exception):
    """The process ended in the middle of a call."""


class RemoteError(Exception):
    """An exception in another process; its text is the traceback there."""


class RemoteConnectionError(RemoteError, ConnectionError):
    """The same for one that a repeat may cure."""


def _descendants(cls: type[ZantaraError]) -> Iterator[type[ZantaraError]]:
    yield cls
    for each in cls.__subclasses__():
        yield from _descendants(each)


_PLAIN: tuple[type[Exception], ...] = (ValueError, TypeError, TimeoutError, ConnectionError)


def _kind(error: BaseException) -> str:
    """The nearest class that both sides know."""
    known = (*_descendants(ZantaraError), *_PLAIN)
    return next((cls.__name__ for cls in type(error).__mro__ if cls in known), "RuntimeError")


def to_wire(error: BaseException) -> dict[str, Any]:
    cause = error.__cause__
    return {
        "kind": _kind(error),
        "message": str(error),
        "retry_after": getattr(error, "retry_after", None),
        "trace": "".join(traceback.format_exception(cause)) if cause else "",
        "passing": isinstance(cause, (ConnectionError, TimeoutError)),
    }


def from_wire(wire: dict[str, Any]) -> Exception:
    kind, message = str(wire.get("kind")), str(wire.get("message"))
    for cls in _descendants(ZantaraError):
        if cls.__name__ == kind:
            return _ours(cls, message, wire)
    plain = next((cls for cls in _PLAIN if cls.__name__ == kind), RuntimeError)
    return plain(message)


def _ours(cls: type[ZantaraError], message: str, wire: dict[str, Any]) -> ZantaraError:
    """Their constructors differ, but all of them are a message and a time."""
    error = cls.__new__(cls)
    retry_after = wire.get("retry_after")
    ZantaraError.__init__(
        error,
        message,
        retry_after=float(retry_after) if isinstance(retry_after, (int, float)) else None,
    )
    if cls is PluginCrashed:
        kind = RemoteConnectionError if wire.get("passing") else RemoteError
        error.__cause__ = kind("\n" + str(wire.get("trace")))
    return error
