"""What `execute` gets beside its input: the call it is part of, and the ports it may use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from plugins_app.core.errors import Unavailable
from plugins_app.core.ports import Catalogue, Http, JsonObject, Mail, Store

if TYPE_CHECKING:
    from logging import Logger, LoggerAdapter

    from plugins_app.core.caller import Caller

_P = TypeVar("_P")
Report = Callable[[float | None, str], None]


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one call; None where this installation has none of that kind."""

    store: Store | None = None
    http: Http | None = None
    mail: Mail | None = None
    catalogue: Catalogue | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """`deadline` is on the clock of `time.monotonic`; `remaining` is in seconds."""

    caller: Caller
    execution_id: str
    deadline: float
    log: Logger | LoggerAdapter[Any]
    _open_ports: Callable[[], Ports] = field(default=Ports, repr=False)
    _report: Report = field(default=lambda fraction, message: None, repr=False)
    _clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    @property
    def remaining(self) -> float:
        return max(0.0, self.deadline - self._clock())

    def progress(self, fraction: float | None = None, message: str = "") -> None:
        """Say how far the work is: `fraction` from 0 to 1, or None where that is unknown."""
        if fraction is not None and not 0 <= fraction <= 1:
            raise ValueError(f"fraction {fraction!r} is not between 0 and 1")
        self._report(fraction, message)

    async def call(self, name: str, data: JsonObject | None = None) -> Any:
        """Run another plugin as the same caller; its data, or its failure as an exception."""
        return await self.catalogue.call(name, data or {})

    @property
    def store(self) -> Store:
        return self._port("store", self._open_ports().store)

    @property
    def http(self) -> Http:
        return self._port("http", self._open_ports().http)

    @property
    def mail(self) -> Mail:
        return self._port("mail", self._open_ports().mail)

    @property
    def catalogue(self) -> Catalogue:
        return self._port("catalogue", self._open_ports().catalogue)

    def _port(self, name: str, port: _P | None) -> _P:
        if port is None:
            raise Unavailable(f"This installation offers plugins no {name}")
        return port

    def bridged(self, loop: asyncio.AbstractEventLoop) -> Self:
        """The same context for code on another thread's loop: its ports still run on `loop`."""

        def bridges() -> Ports:
            ports = self._open_ports()
            found = {name: getattr(ports, name) for name in Ports.__slots__}
            return Ports(**{n: port and _Bridge(port, loop) for n, port in found.items()})

        def report(fraction: float | None, message: str) -> None:
            loop.call_soon_threadsafe(self._report, fraction, message)

        return replace(self, _open_ports=bridges, _report=report)


class _Bridge:
    """Hands each async method of a port over to the loop that the port lives on."""

    def __init__(self, port: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._port, self._loop = port, loop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            if asyncio.iscoroutine(result):
                return self._hand_over(result)
            return _Bridge(result, self._loop)

        return call

    def _hand_over(self, coroutine: Any) -> Awaitable[Any]:
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))
