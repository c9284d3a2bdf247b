"""A call's ports, from inside a worker: each method asks the server, which has the real one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from plugins_app.core.context import Context, Ports
from plugins_app.core.ports import CatalogueEntry, HttpResponse

METHODS = {
    "store": frozenset({"get", "put", "delete", "search"}),
    "http": frozenset({"request"}),
    "mail": frozenset({"send"}),
    "catalogue": frozenset({"list", "get", "call"}),
}
Ask = Callable[[dict[str, Any]], Awaitable[Any]]


class RemotePort:
    """In the worker: looks like the port, and asks for each method."""

    def __init__(self, ask: Ask, port: str, *, shared: bool = False) -> None:
        self._ask, self._port, self._shared = ask, port, shared

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name not in METHODS[self._port]:
            raise AttributeError(f"{self._port} has no {name!r}")

        async def method(*args: Any, **kwargs: Any) -> Any:
            return await self._ask(
                {
                    "port": self._port,
                    "shared": self._shared,
                    "method": name,
                    "args": args,
                    "kwargs": kwargs,
                }
            )

        return method

    def shared(self) -> RemotePort:
        if self._port != "store":
            raise AttributeError(f"{self._port} has no 'shared'")
        return RemotePort(self._ask, self._port, shared=True)


def remote_ports(ask: Ask) -> Ports:
    ports: dict[str, Any] = {name: RemotePort(ask, name) for name in METHODS}
    return Ports(**ports)


async def answer_ask(context: Context, asked: dict[str, Any]) -> Any:
    """In the server: the same method of the real port."""
    name, method = asked["port"], asked["method"]
    if method not in METHODS[name]:
        raise TypeError(f"{name} has no {method!r}")
    port = getattr(context, name)
    if asked["shared"]:
        port = port.shared()
    return await getattr(port, method)(*asked["args"], **asked["kwargs"])


def value_to_wire(value: Any) -> tuple[dict[str, Any], bytes]:
    if isinstance(value, HttpResponse):
        return {"response": [value.status, dict(value.headers)]}, value.body
    if isinstance(value, CatalogueEntry):
        return {"entry": _fields(value)}, b""
    if isinstance(value, list) and value and isinstance(value[0], CatalogueEntry):
        return {"entries": list(map(_fields, value))}, b""
    return {"value": value}, b""


def value_from_wire(wire: dict[str, Any], body: bytes, method: str) -> Any:
    if "response" in wire:
        status, headers = wire["response"]
        return HttpResponse(status, headers, body)
    if "entry" in wire:
        return CatalogueEntry(*wire["entry"])
    if "entries" in wire:
        return [CatalogueEntry(*each) for each in wire["entries"]]
    if method == "search":
        return [tuple(pair) for pair in wire["value"]]
    return wire["value"]


def _fields(entry: CatalogueEntry) -> list[Any]:
    return [entry.name, entry.version, entry.description, entry.input_schema]
