"""The API keys in memory, so that a call needs no query to know who calls.

Trusted only as long as the database has just confirmed that no key has moved: the watcher does so
twice a second, and where it is late, the next call asks itself. So a revoked key is dead within a
second on every worker, and while the database is away nobody is let in by memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from plugins_app.models import ApiKey, RegistryState
from plugins_app.runtime.database import in_database_thread

FRESH_SECONDS = 0.9
"""How old the last confirmation may be. Shorter than the second that a revoked key may live."""
UNKNOWN_SECONDS = 0.05
"""The same for a key that is not known: one that was just made works at once, and a flood of wrong
ones costs twenty small queries a second."""
RELOAD_SECONDS = 30.0
"""Changes that raise no generation (a row edited by hand) are noticed so late."""


class KeyRing:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rows: Mapping[str, ApiKey] = {}
        self._generation: int | None = None
        self._confirmed = self._loaded = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def find(self, prefix: str) -> ApiKey | None:
        """The key that works, with its owner. Raises DatabaseError where that cannot be
        known."""
        patience = FRESH_SECONDS if prefix in self._rows else UNKNOWN_SECONDS
        if self._clock() - self._confirmed > patience:
            await self._look_together()
        return self._rows.get(prefix)

    async def _look_together(self) -> None:
        """One look for all who wait; whoever leaves does not stop it."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(in_database_thread(self.look))
        await asyncio.shield(self._looking)

    def look(self) -> None:
        """Ask the database; on a thread that may block."""
        asked = self._clock()
        state = RegistryState.objects.only("keys").filter(pk=1).first()
        self.confirm(state.keys if state else 0, asked)

    def confirm(self, generation: int, asked: float) -> None:
        """`generation`: of the keys, as the database told at the moment `asked` or later."""
        if generation != self._generation or asked - self._loaded > RELOAD_SECONDS:
            usable = ApiKey.objects.working().select_related("owner")
            self._rows = {key.prefix: key for key in usable}
            self._generation, self._loaded = generation, asked
        self._confirmed = max(self._confirmed, asked)
