"""What a plugin may reach of the world, as ports. The runtime implements them; testing.py has
versions in memory. A plugin sees only the ports of its own context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

JsonObject = dict[str, Any]


class Store(Protocol):
    """JSON documents of one plugin and one owner (the caller, or the plugin itself).

    A document is found by (collection, key). Plugins and owners never see each other's.
    """

    async def get(self, collection: str, key: str) -> JsonObject | None: ...

    async def put(self, collection: str, key: str, document: JsonObject) -> None: ...

    async def delete(self, collection: str, key: str) -> bool:
        """Whether there was such a document."""
        ...

    async def search(
        self, collection: str, *, where: Mapping[str, Any] | None = None, limit: int = 100
    ) -> list[tuple[str, JsonObject]]:
        """(key, document) pairs whose top-level fields equal `where`, ordered by key."""
        ...

    def shared(self) -> Store:
        """The plugin's own documents, which all its callers share."""
        ...


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """Egress client. Upstream 429, 502, 503, 504 and connection failures raise TransientError."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        timeout: float | None = None,
    ) -> HttpResponse:
        """`timeout` is in seconds and never exceeds the time left for the call."""
        ...


class Mail(Protocol):
    async def send(self, *, to: Sequence[str], subject: str, text: str, html: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    name: str
    version: str
    description: str
    input_schema: JsonObject = field(hash=False)


class Catalogue(Protocol):
    """The plugins that the caller may see."""

    async def list(self) -> list[CatalogueEntry]: ...

    async def get(self, name: str) -> CatalogueEntry: ...

    async def call(self, name: str, data: JsonObject) -> Any:
        """The answer's data; a failure of the called plugin is raised."""
        ...
