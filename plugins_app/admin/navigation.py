"""The primary navigation: what exists and what this user may open."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Page:
    """`permission` is what opening it takes; empty: being staff."""

    label: str
    icon: str
    route: str
    permission: str


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    icon: str
    url: str
    current: str
    """Value of aria-current: page, true for a page below it, or empty."""


PAGES = (
    Page("Plugins", "blocks", "admin:marketplace", "plugins_app.view_installedplugin"),
    Page(
        "Executions",
        "activity",
        "admin:plugins_app_executionlog_changelist",
        "plugins_app.view_executionlog",
    ),
    Page("API keys", "key-round", "admin:plugins_app_apikey_changelist", "plugins_app.view_apikey"),
    Page(
        "Audit trail",
        "scroll-text",
        "admin:plugins_app_auditevent_changelist",
        "plugins_app.view_auditevent",
    ),
    Page("Users", "user", "admin:plugins_app_user_changelist", "plugins_app.view_user"),
    Page("Groups", "users", "admin:auth_group_changelist", "auth.view_group"),
    Page("All data", "database", "admin:data", ""),
)


def primary(request: HttpRequest) -> list[Link]:
    return [
        Link(page.label, page.icon, url, _current(request.path, url))
        for page in PAGES
        if not page.permission or request.user.has_perm(page.permission)
        for url in [reverse(page.route)]
    ]


def _current(path: str, url: str) -> str:
    if path == url:
        return "page"
    return "true" if path.startswith(url) else ""
