"""What a worker and its children print, line by line into the log. Of one call only so much is
kept, and then it is read slowly: whoever prints without end must not keep the server busy."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable

MOST = 64 * 1024
"""Bytes of one call that reach the log."""
_READ = 64 * 1024
_PAUSE = 0.01


logger = logging.getLogger(__name__)


def _outside(line: str) -> None:
    logger.info("printed by a worker outside of a call", extra={"said": line})


class Printed:
    """Owns the reading end of the pipe."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._pause: asyncio.TimerHandle | None = None
        self.begin(_outside)
        self._listen()

    def begin(self, write: Callable[[str], None]) -> None:
        """What comes from now on belongs to a call."""
        self._write, self._left, self._rest = write, MOST, b""

    def end(self) -> None:
        """The call is over; what it printed last may still be in the pipe."""
        if self._open and self._pause is None:
            self._read()
        self._take(b"\n" if self._rest else b"")
        self.begin(_outside)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._descriptor)
            if self._pause:
                self._pause.cancel()
            os.close(self._descriptor)

    def _listen(self) -> None:
        self._pause = None
        self._loop.add_reader(self._descriptor, self._read)

    def _read(self) -> None:
        try:
            content = os.read(self._descriptor, _READ)
        except BlockingIOError:
            return
        if content:
            self._take(content)
        if not content or self._left <= 0:
            self._loop.remove_reader(self._descriptor)
        if content and self._left <= 0 and self._pause is None:
            self._pause = self._loop.call_later(_PAUSE, self._listen)

    def _take(self, content: bytes) -> None:
        if self._left <= 0:
            return
        kept = content[: self._left]
        self._left -= len(kept)
        *lines, self._rest = (self._rest + kept).split(b"\n")
        for line in filter(None, lines):
            self._write(line.decode(errors="replace"))
        if self._left <= 0:
            self._write("... and more, which is not kept")
