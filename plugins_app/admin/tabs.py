"""The tabs of a plugin's page: links, so that each can be opened, copied and gone back to."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from plugins_app.admin.access import EXECUTIONS, METRICS
from plugins_app.services.catalogue import PluginView


@dataclass(frozen=True, slots=True)
class TabPage:
    """`permission`: without it the tab is not shown. `loaded`: it takes code that serves."""

    label: str
    slug: str
    route: str
    permission: str = ""
    loaded: bool = False


@dataclass(frozen=True, slots=True)
class TabLink:
    label: str
    url: str
    current: bool


TABS = (
    TabPage("Overview", "overview", "admin:plugin-detail"),
    TabPage("Try it", "try", "admin:plugin-try", loaded=True),
    TabPage("Metrics", "metrics", "admin:plugin-metrics", METRICS),
    TabPage("Logs", "logs", "admin:plugin-logs", EXECUTIONS),
    TabPage("Versions", "versions", "admin:plugin-versions"),
    TabPage("Config", "config", "admin:plugin-config"),
    TabPage("Docs", "docs", "admin:plugin-docs", loaded=True),
)


def tabs(request: HttpRequest, view: PluginView, route: str) -> list[TabLink]:
    return [
        TabLink(each.label, reverse(each.route, args=[view.name]), each.route == route)
        for each in TABS
        if (not each.permission or request.user.has_perm(each.permission))
        and (view.loaded or not each.loaded)
    ]
