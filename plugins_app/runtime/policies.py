"""What operators decided, from the database, as the registry wants it."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

import orjson

from plugins_app.core.metadata import PluginOverrides
from plugins_app.core.snapshot import Policy
from plugins_app.models import InstalledPlugin


def read_policies() -> Mapping[str, Policy]:
    return {row.name: _policy(row) for row in InstalledPlugin.objects.all()}


def _policy(row: InstalledPlugin) -> Policy:
    overrides = PluginOverrides.model_validate(row.overrides)
    return Policy(
        enabled=row.enabled,
        pinned_version=row.pinned_version,
        overrides=overrides,
        generation=crc32(orjson.dumps(row.overrides, option=orjson.OPT_SORT_KEYS)),
    )
