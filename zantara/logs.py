"""One format for every log line: key=value for people, JSON for machines. Logs go to stderr."""

from __future__ import annotations

import logging.config
from typing import Any

import structlog
from django.conf import settings


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
            colors=False,
            # The default would print local variables, and with them callers' secrets.
            exception_formatter=structlog.dev.plain_traceback,
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
                        *([structlog.processors.format_exc_info] if settings.LOG_JSON else []),
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
