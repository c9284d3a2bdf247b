"""The primary navigation: what exists and what this user may open."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Page:
    """`permission` is what opening it takes; empty: being staff. `key`: what follows g."""

    label: str
    icon: str
    route: str
    permission: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    icon: str
    url: str
    current: str
    """Value of aria-current: page, true for a page below it, or empty."""
    key: str


PAGES = (
    Page("Dashboard", "layout-dashboard", "admin:index", "plugins_app.view_installedplugin", "d"),
    Page("Plugins", "blocks", "admin:marketplace", "plugins_app.view_installedplugin", "p"),
    Page("Executions", "activity", "admin:executions", "plugins_app.view_executionlog", "e"),
    Page(
        "API keys",
        "key-round",
        "admin:api-keys",
        "plugins_app.view_apikey",
        "k",
    ),
    Page(
        "Audit trail",
        "scroll-text",
        "admin:audit",
        "plugins_app.view_auditevent",
        "a",
    ),
    Page("Health", "gauge", "admin:health", "plugins_app.view_worker", "h"),
    Page("Users", "user", "admin:plugins_app_user_changelist", "plugins_app.view_user"),
    Page("Groups", "users", "admin:auth_group_changelist", "auth.view_group"),
    Page("All data", "database", "admin:data", ""),
)


def primary(request: HttpRequest) -> list[Link]:
    return [
        Link(page.label, page.icon, url, _current(request.path, url, page.route), page.key)
        for page in PAGES
        if not page.permission or request.user.has_perm(page.permission)
        for url in [reverse(page.route)]
    ]


def _current(path: str, url: str, route: str) -> str:
    """Everything is below the dashboard, so only the page itself is it."""
    if path == url:
        return "page"
    return "true" if path.startswith(url) and route != "admin:index" else ""
