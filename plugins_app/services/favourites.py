"""Plugins that a user keeps at hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from plugins_app.models import Favourite
from plugins_app.services.catalogue import PluginView

MOST = 200
"""Of one user; the oldest make room."""


def favourites_of(user_id: int) -> frozenset[str]:
    return frozenset(Favourite.objects.filter(user_id=user_id).values_list("plugin", flat=True))


def keep(user_id: int, plugin: str) -> None:
    Favourite.objects.get_or_create(user_id=user_id, plugin=plugin)
    mine = Favourite.objects.filter(user_id=user_id).order_by("-pk")
    mine.filter(pk__in=list(mine.values_list("pk", flat=True)[MOST:])).delete()


def drop(user_id: int, plugin: str) -> None:
    Favourite.objects.filter(user_id=user_id, plugin=plugin).delete()


def with_favourites(views: Iterable[PluginView], names: Collection[str]) -> list[PluginView]:
    return [replace(view, favourite=True) if view.name in names else view for view in views]
