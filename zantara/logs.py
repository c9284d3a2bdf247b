"""One format for every log line: key=value for people, JSON for machines. Logs go to stderr."""

from __future__ import annotations

import logging.config
import sys
from contextlib import suppress
from typing import Any, TextIO

import structlog
from django.conf import settings

from plugins_app.core.hiding import scrub
from plugins_app.core.lines import KeepLines


def configure(_: dict[str, Any]) -> None:
    """Called by Django as LOGGING_CONFIG."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.LOG_JSON
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
    logging.captureWarnings(capture=True)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "default": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        # The default would print local variables, and with them secrets.
                        structlog.processors.format_exc_info,
                        _hide,
                        renderer,
                    ],
                }
            },
            "filters": {"path_only": {"()": lambda: _path_only}},
            "handlers": {
                "stderr": {"()": Stderr, "formatter": "default"},
                "kept": {"()": KeepLines},
            },
            "root": {"handlers": ["stderr", "kept"], "level": settings.LOG_LEVEL},
            "loggers": {
                "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
                # Where somebody turns it on: people put secrets into query strings.
                "uvicorn.access": {
                    "handlers": ["stderr"],
                    "filters": ["path_only"],
                    "propagate": False,
                },
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                # Every 4xx would be a warning; the execution log counts them.
                "django.request": {"level": "ERROR"},
                # A wrong Host header is anybody's to send; it is answered 400, not explained.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
            },
        }
    )


class Stderr(logging.StreamHandler[TextIO]):
    """Where a line cannot be written, the default prints its arguments, and with them secrets."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        kind = type(sys.exception()).__name__
        place = f"{record.name} ({record.pathname}:{record.lineno})"
        with suppress(OSError, ValueError):  # the stream itself may be gone
            self.stream.write(f"a log line of {place} could not be written: {kind}\n")


def _path_only(record: logging.LogRecord) -> logging.LogRecord:
    """uvicorn's arguments: client, method, path with query, HTTP version, status."""
    if isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, path, *rest = record.args
        record.args = (client, method, str(path).partition("?")[0], *rest)
    return record


_OURS = {"level", "logger", "timestamp"}


def _hide(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Whoever writes the line: what is sensitive in the call around it is not in it."""
    return {
        scrub(name): value if name in _OURS else _scrubbed(value) for name, value in event.items()
    }


def _scrubbed(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {_scrubbed(key): _scrubbed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(item) for item in value]
    if isinstance(value, str):
        return scrub(value)
    shown = str(value), repr(value)  # either may be printed
    return value if shown == tuple(map(scrub, shown)) else scrub(shown[0])
