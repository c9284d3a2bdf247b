"""Writing down what is loaded: one row per plugin, one per version of its source."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.models import InstalledPlugin, PluginVersion

_FACTS = ("installed", "version", "category", "description", "metadata", "last_seen")


@transaction.atomic(savepoint=False)
def write_down(active: Iterable[LoadedPlugin], versions: Iterable[LoadedPlugin]) -> None:
    """New plugins start as ZANTARA_AUTO_ENABLE says; operators' decisions are left alone."""
    now = timezone.now()
    InstalledPlugin.objects.bulk_create(
        [_plugin_row(plugin, now) for plugin in active],
        update_conflicts=True,
        unique_fields=("name",),
        update_fields=_FACTS,
    )
    PluginVersion.objects.bulk_create(
        [_version_row(plugin, now) for plugin in versions],
        update_conflicts=True,
        unique_fields=("plugin", "version", "source_hash"),
        update_fields=("last_seen", "input_schema", "output_schema", "metadata", "source_path"),
    )


def _plugin_row(plugin: LoadedPlugin, now: datetime) -> InstalledPlugin:
    return InstalledPlugin(
        name=plugin.name,
        installed=True,
        enabled=settings.ZANTARA_AUTO_ENABLE,
        version=plugin.version,
        category=str(plugin.declared.category),
        description=plugin.declared.description,
        metadata=_metadata(plugin),
        last_seen=now,
    )


def _version_row(plugin: LoadedPlugin, now: datetime) -> PluginVersion:
    return PluginVersion(
        plugin_id=plugin.name,
        version=plugin.version,
        source_hash=plugin.source_hash,
        source_path=plugin.path[-500:],
        input_schema=plugin.input_schema,
        output_schema=plugin.output_schema,
        metadata=_metadata(plugin),
        first_seen=now,
        last_seen=now,
    )


def _metadata(plugin: LoadedPlugin) -> dict[str, object]:
    return {**plugin.declared.model_dump(mode="json"), "module": plugin.module}


def of_module(module: str, rows: Iterable[InstalledPlugin]) -> InstalledPlugin | None:
    """The plugin that this module held when it was last read."""
    return next((row for row in rows if row.metadata.get("module") == module), None)
