"""One format for every log line: key=value for people, JSON for machines. Logs go to stderr."""

from __future__ import annotations

import logging.config
from typing import Any

import structlog
from django.conf import settings

from plugins_app.core.hiding import scrub


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
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "default"}},
            "root": {"handlers": ["stderr"], "level": settings.LOG_LEVEL},
            "loggers": {
                "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
                "httpx": {"level": "WARNING"},
                # Every 4xx would be a warning; the execution log counts them.
                "django.request": {"level": "ERROR"},
                # A wrong Host header is anybody's to send; it is answered 400, not explained.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
            },
        }
    )


def _hide(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Whoever writes the line: what is sensitive in the call around it is not in it."""
    return {name: _scrubbed(value) for name, value in event.items()}


def _scrubbed(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {key: _scrubbed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(item) for item in value]
    text = str(value)
    hidden = scrub(text)
    return value if hidden == text else hidden
