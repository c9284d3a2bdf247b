"""Telling every process that something moved: they read this row twice a second."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from django.db import transaction

from plugins_app.models import RegistryState

Kind = Literal["plugins", "policies", "keys", "config"]


@transaction.atomic(savepoint=False)
def raise_generation(*kinds: Kind, reloads: Iterable[str] = ()) -> int:
    """Raise these counters by one; `reloads` names plugins to import anew. Returns the
    generation of the plugins. Call it in the transaction of the change, after its audit event:
    two that take these locks in turn would wait for each other."""
    first = RegistryState()
    _raise(first, kinds, reloads)
    values = {name: getattr(first, name) for name in ("reloads", *kinds)}
    state, made = RegistryState.objects.select_for_update().get_or_create(pk=1, defaults=values)
    if not made:
        _raise(state, kinds, reloads)
        state.save()
    return state.plugins


def _raise(state: RegistryState, kinds: Iterable[Kind], reloads: Iterable[str]) -> None:
    for kind in kinds:
        setattr(state, kind, getattr(state, kind) + 1)
    for name in reloads:
        state.reloads[name] = state.plugins
