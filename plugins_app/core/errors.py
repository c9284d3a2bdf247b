"""Every way in which a call can fail.

ZantaraError
|-- Refused                 the plugin was not reached
|   |-- InvalidInput        invalid_input        (fields: pointer, code, message)
|   |-- Unauthenticated     unauthenticated
|   |-- Forbidden           forbidden
|   |   `-- ModelNotAllowed model_not_allowed
|   |-- PluginNotFound      plugin_not_found     (suggestions)
|   |-- PluginDisabled      plugin_disabled
|   |-- RateLimited         rate_limited         (retry_after)
|   |-- ConcurrencyLimited  concurrency_limited  (retry_after)
|   |-- CircuitOpen         circuit_open         (retry_after)
|   |-- LoadError           load_error           (file, line, traceback)
|   |   `-- ReloadRejected  reload_rejected
|   |-- Draining            draining             (retry_after)
|   |-- Unavailable         unavailable          (retry_after)
|   `-- KeyInUse            idempotency_in_progress
|-- PluginError             plugin_error         raised by plugins; its message is public
|   `-- TransientError      the same, and worth a retry
|-- PluginCrashed           plugin_error         any other exception of a plugin
|-- InvalidOutput           invalid_output
|-- CallTimeout             timeout
|-- Cancelled               cancelled            the caller went away
`-- OutcomeUnknown          outcome_unknown      the work may have happened, its record did not
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class ZantaraError(Exception):
    """Root of the tree. `str(error)` is safe to show to the caller."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds after which a repeat may succeed; None where waiting does not help."""


class Refused(ZantaraError):
    """The call ended before the plugin ran."""

    code = "refused"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field. `pointer` is an RFC 6901 JSON pointer into the input."""

    pointer: str
    code: str
    message: str


class InvalidInput(Refused):
    code = "invalid_input"

    def __init__(self, message: str, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.fields = tuple(fields)


class Unauthenticated(Refused):
    code = "unauthenticated"


class Forbidden(Refused):
    code = "forbidden"


class ModelNotAllowed(Forbidden):
    code = "model_not_allowed"


class PluginNotFound(Refused):
    code = "plugin_not_found"

    def __init__(self, name: str, suggestions: Sequence[str] = ()) -> None:
        hint = f" Did you mean {', '.join(suggestions)}?" if suggestions else ""
        super().__init__(f"Plugin {name!r} not found.{hint}")
        self.name = name
        self.suggestions = tuple(suggestions)


class PluginDisabled(Refused):
    code = "plugin_disabled"


class RateLimited(Refused):
    code = "rate_limited"


class ConcurrencyLimited(Refused):
    code = "concurrency_limited"


class CircuitOpen(Refused):
    code = "circuit_open"


class LoadError(Refused):
    """A plugin could not be loaded. `file` and `line` point at the cause where it is known."""

    code = "load_error"

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, traceback: str = ""
    ) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.traceback = traceback

    @property
    def location(self) -> str:
        """`file:line`, or an empty string."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file or ""


class ReloadRejected(LoadError):
    code = "reload_rejected"


class Draining(Refused):
    code = "draining"


class Unavailable(Refused):
    code = "unavailable"


class KeyInUse(Refused):
    """Another call has reserved the same Idempotency-Key."""

    code = "idempotency_in_progress"


NOT_ACCEPTED = (Unavailable, KeyInUse)
"""The call was admitted, but its row was not written: nothing has happened."""


class PluginError(ZantaraError):
    """What a plugin raises to tell the caller what went wrong; the message is shown as it is."""

    code = "plugin_error"


class TransientError(PluginError):
    """A failure that a repeat may cure. `retry_after` is respected."""


class PluginCrashed(ZantaraError):
    """An unexpected exception of a plugin, kept as `__cause__`; its text stays in the log."""

    code = "plugin_error"


class InvalidOutput(ZantaraError):
    code = "invalid_output"


class CallTimeout(ZantaraError):
    """`hasty`: the caller allowed less time than the plugin usually needs, which says nothing
    about the plugin's health."""

    code = "timeout"

    def __init__(self, message: str, *, hasty: bool = False) -> None:
        super().__init__(message)
        self.hasty = hasty


class Cancelled(ZantaraError):
    code = "cancelled"


class OutcomeUnknown(ZantaraError):
    code = "outcome_unknown"
