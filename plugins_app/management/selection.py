"""Choosing plugins on the command line: names, globs, and filters that combine."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from django.core.management import CommandParser

from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.core.metadata import PluginCategory
from plugins_app.services import catalogue
from plugins_app.services.catalogue import Badge, PluginView

_GLOB = frozenset("*?[")


def add_filters(parser: CommandParser) -> None:
    parser.add_argument("--category", choices=[str(c) for c in PluginCategory], metavar="CATEGORY")
    parser.add_argument("--tag")
    parser.add_argument("--status", choices=[str(badge) for badge in Badge], metavar="STATUS")


def add_selectors(parser: CommandParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="Name, alias or glob.")
    add_filters(parser)


def filtered(options: dict[str, Any]) -> list[PluginView]:
    """By the filters alone."""
    found = catalogue.search(
        SYSTEM_CALLER, "", category=options["category"], status=options["status"]
    )
    tag = options["tag"]
    return [v for v in found if not tag or (v.metadata and tag in v.metadata.tags)]


def selected(options: dict[str, Any]) -> list[PluginView]:
    """Names must exist (PluginNotFound); globs may match nothing. Filters narrow both."""
    candidates = filtered(options)
    if not options["names"]:
        return candidates if _filters(options) else []
    wanted = {name for given in options["names"] for name in _matching(given, candidates)}
    return [view for view in candidates if view.name in wanted]


def _filters(options: dict[str, Any]) -> bool:
    return any(options[name] for name in ("category", "tag", "status"))


def _matching(given: str, candidates: list[PluginView]) -> list[str]:
    if _GLOB & set(given):
        return [view.name for view in candidates if fnmatchcase(view.name, given)]
    return [catalogue.view(SYSTEM_CALLER, given).name]
