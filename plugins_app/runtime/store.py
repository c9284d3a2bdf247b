"""Store on the database: one row per document, apart by plugin and owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from plugins_app.core.ports import JsonObject, Store
from plugins_app.models import PluginRecord
from plugins_app.runtime.database import in_database_thread


class DatabaseStore:
    """An empty owner holds what all callers of the plugin share."""

    def __init__(self, plugin: str, owner: str) -> None:
        self._plugin, self._owner = plugin, owner

    async def get(self, collection: str, key: str) -> JsonObject | None:
        record = await in_database_thread(self._records(collection).filter(key=key).first)
        return record.document if record else None

    async def put(self, collection: str, key: str, document: JsonObject) -> None:
        await in_database_thread(
            lambda: PluginRecord.objects.update_or_create(
                plugin=self._plugin,
                owner=self._owner,
                collection=collection,
                key=key,
                defaults={"document": document},
            )
        )

    async def delete(self, collection: str, key: str) -> bool:
        deleted, _ = await in_database_thread(self._records(collection).filter(key=key).delete)
        return bool(deleted)

    async def search(
        self, collection: str, *, where: Mapping[str, Any] | None = None, limit: int = 100
    ) -> list[tuple[str, JsonObject]]:
        wanted = (where or {}).items()
        records = await in_database_thread(lambda: list(self._records(collection).order_by("key")))
        found = [(r.key, r.document) for r in records if wanted <= r.document.items()]
        return found[:limit]

    def shared(self) -> Store:
        return DatabaseStore(self._plugin, "")

    def _records(self, collection: str) -> QuerySet[PluginRecord]:
        return PluginRecord.objects.filter(
            plugin=self._plugin, owner=self._owner, collection=collection
        )
