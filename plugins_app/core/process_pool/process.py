"""One worker process, from the server's side: started, spoken to, ended with all its children."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from plugins_app.core.process_pool.failures import WorkerDied
from plugins_app.core.process_pool.frames import HEAD_BYTES, PREFIX, Frame, Head, pack, unpack
from plugins_app.core.process_pool.options import ProcessOptions
from plugins_app.core.process_pool.printed import Printed
from plugins_app.core.threads import in_thread

START_SECONDS = 30.0
END_SECONDS = 2.0
"""What `on_unload` and Python's own shutdown may take before the process is killed."""


class FrameTooLarge(Exception):
    """`size` in bytes; more than an answer may have."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the worker sent {size} bytes at once")
        self.size = size


class WorkerProcess:
    """`ready` ends when it takes calls, `died` when the process is gone, with its exit code;
    then `told` is told, if it ever was ready."""

    def __init__(
        self, options: ProcessOptions, max_output: int, told: Callable[[WorkerProcess], None]
    ) -> None:
        self._options, self._max_output, self._told = options, max_output, told
        self.calls = 0
        self.worn = False
        self.imported_at: float | None = None
        self.died: asyncio.Future[int] | None = None
        self.pid = 0
        self._reaping = threading.Lock()
        self._sizes: tuple[int, int] | None = None
        self.ready = asyncio.get_running_loop().create_task(self._start())

    @property
    def alive(self) -> bool:
        return self.died is not None and not self.died.done()

    async def _start(self) -> None:
        """Raises WorkerDied where it does not come up."""
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        self.died = in_thread(partial(self._live, theirs, write), "plugin-worker")
        self.died.add_done_callback(lambda died: died.cancelled() or died.exception())
        self.printed = Printed(read)
        try:
            # The limit is for the reader: it waits no longer once so much was not read.
            self._reader, self._writer = await asyncio.open_connection(sock=ours)
            self.died.add_done_callback(lambda died: self._writer.transport.abort())
            async with asyncio.timeout(START_SECONDS):
                await self.receive()
            self.died.add_done_callback(lambda died: self._told(self))
        except BaseException as error:
            self.kill()
            if isinstance(error, TimeoutError):
                raise WorkerDied(f"no worker process within {START_SECONDS:g} s") from None
            raise

    def _live(self, theirs: socket.socket, write: int) -> int:
        """From birth to death, on a thread of its own: the exit code. The dead process is kept
        until its group was killed, so that nobody else can have got its number."""
        try:
            process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                self._command(theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=write,
                stderr=write,
                pass_fds=[theirs.fileno()],
                env=self._environment(),
                start_new_session=True,
            )
        finally:
            theirs.close()
            os.close(write)
        self.pid = process.pid
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with self._reaping:
            self._kill_group()
            self.pid = 0
            return process.wait()

    def _command(self, descriptor: int) -> list[str]:
        module = "plugins_app.core.process_pool.worker"
        arguments = [descriptor, self._options.memory, self._max_output]
        # -P: the working directory is not a place to import from, unless it is one here too.
        return [sys.executable, "-P", "-u", "-m", module, *map(str, arguments)]

    def _environment(self) -> dict[str, str]:
        given = self._options.environment
        return {
            **(os.environ if given is None else given),
            "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def kill(self) -> None:
        """At once, with every process that it started and that did not leave its session."""
        with self._reaping:
            if self.pid:
                self._kill_group()

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def close(self) -> None:
        """Let it run its plugins' `on_unload`, then see that it is gone, and what it had open."""
        with suppress(Exception):
            await self.ready
            if self.alive:
                self.send({"type": "end"})
                await asyncio.wait({self.died}, timeout=END_SECONDS)  # type: ignore[type-var]
        await self.gone()

    async def gone(self) -> None:
        """Kill it if it lives, and wait until nothing of it is left."""
        self.worn = True
        while self.died and not self.died.done():
            self.kill()  # again, where its start was still under way
            await asyncio.wait({self.died}, timeout=0.1)
        self.printed.close()
        writer = getattr(self, "_writer", None)
        if writer:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    def send(self, head: Head, body: bytes = b"") -> None:
        self._writer.write(pack(head, body))

    async def receive(self) -> Frame:
        """What it sends next. Raises WorkerDied, FrameTooLarge, or ValueError.
        Cancelled in the middle of a frame, it goes on from there the next time."""
        try:
            if self._sizes is None:
                self._sizes = PREFIX.unpack(await self._reader.readexactly(PREFIX.size))
            head_size, body_size = self._sizes
            if head_size > HEAD_BYTES + self._max_output or body_size > self._max_output:
                raise FrameTooLarge(head_size + body_size)
            content = await self._reader.readexactly(head_size + body_size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise WorkerDied(await self._obituary()) from error
        self._sizes = None
        return unpack(content, head_size)

    async def _obituary(self) -> str:
        if self.died:
            await asyncio.wait({self.died}, timeout=END_SECONDS)
        if not self.died or not self.died.done() or self.died.exception():
            return "the worker process is out of reach"
        return f"the worker process ended with exit code {self.died.result()}"
