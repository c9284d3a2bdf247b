"""What operators set over a plugin's metadata."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
from django.db import transaction
from pydantic import ValidationError

from plugins_app.core.metadata import PluginOverrides
from plugins_app.models import InstalledPlugin
from plugins_app.runtime.engine import current_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.audit import Actor, record
from plugins_app.services.generation import raise_generation
from plugins_app.services.installed import write_down
from plugins_app.services.lifecycle import canonical_name
from plugins_app.services.registry import snapshot


class InvalidOverrides(ValueError):
    """`fields`: field -> what is wrong with its value."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in fields.items()))
        self.fields = dict(fields)


class StaleOverrides(RuntimeError):
    """Somebody else changed them since they were read."""


def set_overrides(
    name: str,
    changes: Mapping[str, Any],
    actor: Actor,
    reason: str = "",
    *,
    seen: str | None = None,
) -> PluginOverrides:
    """Set these fields, None going back to the value from the code; other fields stay. In force
    here at once, and in every process at its next poll. `seen` is the `fingerprint` of what the
    actor saw. Raises PluginNotFound, InvalidOverrides and StaleOverrides."""
    canonical = canonical_name(name)
    with transaction.atomic():
        row = _locked(canonical)
        overrides = overridden(row.overrides, changes, seen=seen)
        before, after = row.overrides, overrides.model_dump(mode="json", exclude_none=True)
        if after != before:
            row.overrides = after
            row.save(update_fields=["overrides"])
            record(actor, "overrides", canonical, before=before, after=after, reason=reason)
            raise_generation("policies")
    engine_loop.run(current_engine().take_policies())
    return overrides


def overridden(
    stored: Mapping[str, Any], changes: Mapping[str, Any], *, seen: str | None = None
) -> PluginOverrides:
    """What would be set after these changes. Raises InvalidOverrides and StaleOverrides."""
    if seen is not None and seen != fingerprint(stored):
        raise StaleOverrides("The settings were changed meanwhile")
    return _checked({**stored, **changes})


def fingerprint(overrides: Mapping[str, Any]) -> str:
    """Tells whether two readers saw the same."""
    return sha256(orjson.dumps(overrides, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _locked(name: str) -> InstalledPlugin:
    """The row, made if the plugin was loaded but never written down."""
    rows = InstalledPlugin.objects.select_for_update()
    if not rows.filter(pk=name).exists():
        write_down([snapshot().active[name]], ())
    return rows.get(pk=name)


def _checked(values: Mapping[str, Any]) -> PluginOverrides:
    try:
        return PluginOverrides.model_validate(values)
    except ValidationError as error:
        fields = {str(each["loc"][0]): each["msg"] for each in error.errors()}
        raise InvalidOverrides(fields) from error
