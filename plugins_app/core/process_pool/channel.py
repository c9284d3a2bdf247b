"""A worker's side of the socket. It is read by a thread, so that also while the plugin's code
blocks the loop the worker notices when the server is gone, and dies with all its children."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from typing import Any

from plugins_app.core.process_pool import failures
from plugins_app.core.process_pool.frames import PREFIX, Frame, Head, pack, unpack
from plugins_app.core.process_pool.port_calls import value_from_wire


class Channel:
    """`take` gets every frame that is not a reply, on the reading thread."""

    def __init__(self, connection: socket.socket, take: Callable[[Head], None]) -> None:
        self._connection, self._take = connection, take
        self._writing = threading.Lock()
        self._replies: dict[int, tuple[Future[Any], str]] = {}
        self._numbers = count()

    def start(self) -> None:
        threading.Thread(target=self._read, name="worker-channel", daemon=True).start()

    def send(self, head: Head, body: bytes = b"") -> None:
        frame = pack(head, body)
        with self._writing:
            self._connection.sendall(frame)

    async def ask(self, call: str, asked: dict[str, Any]) -> Any:
        """The answer of a port in the server, or its failure as an exception."""
        number = next(self._numbers)
        reply: Future[Any] = Future()
        self._replies[number] = (reply, asked["method"])
        try:
            self.send({"type": "ask", "call": call, "number": number, **asked})
            return await asyncio.wrap_future(reply)
        finally:
            self._replies.pop(number, None)

    def _read(self) -> None:
        try:
            while True:
                head, body = self._frame()
                if head["type"] == "reply":
                    self._reply(head, body)
                else:
                    self._take(head)
        finally:
            os.killpg(0, signal.SIGKILL)

    def _frame(self) -> Frame:
        head_size, body_size = PREFIX.unpack(self._exactly(PREFIX.size))
        return unpack(self._exactly(head_size + body_size), head_size)

    def _exactly(self, size: int) -> bytes:
        received = bytearray()
        while len(received) < size:
            part = self._connection.recv(min(size - len(received), 1 << 20))
            if not part:
                raise EOFError
            received += part
        return bytes(received)

    def _reply(self, head: Head, body: bytes) -> None:
        reply, method = self._replies.get(head["number"], (None, ""))
        if reply is None or not reply.set_running_or_notify_cancel():
            return
        if error := head.get("error"):
            reply.set_exception(failures.from_wire(error))
        else:
            reply.set_result(value_from_wire(head, body, method))
