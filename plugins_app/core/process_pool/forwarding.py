"""A worker's log records, on their way to the server, which writes them down."""

from __future__ import annotations

import logging
from collections.abc import Callable

from plugins_app.core.lines import LONGEST, added_to
from plugins_app.core.process_pool.frames import Head


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
                    "extra": added_to(record),
                }
            )
        except Exception:
            self.handleError(record)
