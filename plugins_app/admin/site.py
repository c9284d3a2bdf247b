"""The admin site: the stock one, with the marketplace in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, register_converter
from django.views.decorators.http import require_http_methods
from django.views.generic import RedirectView

from plugins_app.admin import views
from plugins_app.admin.overrides import overrides
from plugins_app.admin.theme import set_theme


class _PluginName:
    """Names and aliases that need no escaping in a path, module names, 'name@version'."""

    regex = "[A-Za-z0-9_.@-]{1,160}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(_PluginName, "plugin_name")


class ZantaraAdminSite(AdminSite):
    site_title = "ZANTARA"
    site_header = "ZANTARA"
    index_title = "Administration"
    site_url = None
    enable_nav_sidebar = False

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """The stock pages would take any other method for a GET."""
        return super().admin_view(require_http_methods(["GET", "HEAD", "POST"])(view), cacheable)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [*self._pages(), *super().get_urls()]

    def _pages(self) -> list[URLPattern]:
        def page(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            checked: Callable[..., HttpResponse] = self.admin_view(view)
            return path(route, checked, name=name)

        return [
            path(
                "plugins", RedirectView.as_view(pattern_name="admin:marketplace", query_string=True)
            ),
            path("theme/", set_theme, name="theme"),
            page("data/", self.data, "data"),
            page("plugins/", views.marketplace, "marketplace"),
            page("plugins/<plugin_name:name>/", views.detail, "plugin-detail"),
            page("plugins/<plugin_name:name>/series.json", views.series, "plugin-series"),
            page("plugins/<plugin_name:name>/enable/", views.enable, "plugin-enable"),
            page("plugins/<plugin_name:name>/disable/", views.disable, "plugin-disable"),
            page("plugins/<plugin_name:name>/reload/", views.reload, "plugin-reload"),
            page("plugins/<plugin_name:name>/settings/", overrides, "plugin-overrides"),
        ]

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The marketplace, until there is a dashboard."""
        return redirect("admin:marketplace")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Ours first."""
        apps = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: app["app_label"] != "plugins_app")

    def data(self, request: HttpRequest) -> Any:
        """Every model, as Django lists them."""
        return super().index(request, {"title": "All data"})
