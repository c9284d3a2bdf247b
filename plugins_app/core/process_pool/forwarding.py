"""A worker's log records, on their way to the server, which writes them down."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from plugins_app.core.process_pool.frames import Head

LONGEST = 8_192
"""Characters of one message; the rest is cut."""
_OWN = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})


class ForwardLogs(logging.Handler):
    def __init__(self, send: Callable[[Head], None]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
            self._send(
                {
                    "type": "log",
                    "logger": record.name,
                    "level": record.levelno,
                    "message": text[:LONGEST],
                    "extra": _added(record),
                }
            )
        except Exception:
            self.handleError(record)


def _added(record: logging.LogRecord) -> dict[str, Any]:
    added = {key: value for key, value in vars(record).items() if key not in _OWN}
    return {
        key: value if isinstance(value, (bool, int, float, type(None))) else str(value)[:LONGEST]
        for key, value in added.items()
    }
