"""The admin site: the stock one, with the marketplace in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, register_converter
from django.views.decorators.http import require_http_methods
from django.views.generic import RedirectView

from plugins_app.admin.access import actor
from plugins_app.admin.first_steps import hide_first_steps
from plugins_app.admin.marketplace.columns import set_columns
from plugins_app.admin.pages import actions, bulk, keys, saved
from plugins_app.admin.pages.audit import audit_event, audit_list, export_audit
from plugins_app.admin.pages.charts import chart_csv, chart_json, chart_page
from plugins_app.admin.pages.config import config
from plugins_app.admin.pages.dashboard import dashboard
from plugins_app.admin.pages.docs import docs
from plugins_app.admin.pages.execution import (
    execution,
    execution_json,
    execution_log,
    run_execution_again,
)
from plugins_app.admin.pages.executions import (
    execution_list,
    export_executions,
    new_executions,
    plugin_logs,
)
from plugins_app.admin.pages.health import health
from plugins_app.admin.pages.help import help_page
from plugins_app.admin.pages.marketplace import marketplace
from plugins_app.admin.pages.metrics import plugin_metrics
from plugins_app.admin.pages.overview import overview
from plugins_app.admin.pages.palette import palette
from plugins_app.admin.pages.try_it import try_it
from plugins_app.admin.pages.versions import versions
from plugins_app.admin.theme import set_theme
from plugins_app.services.people import on_record


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
            path("help/", help_page, name="help"),
            path("palette.json", self.admin_view(palette, cacheable=True), name="palette"),
            page("data/", self.data, "data"),
            page("audit/", audit_list, "audit"),
            page("audit/export/", export_audit, "audit-export"),
            page("audit/<int:event_id>/", audit_event, "audit-event"),
            page("health/", health, "health"),
            page("first-steps/hide/", hide_first_steps, "first-steps-hide"),
            page("charts/<slug:slug>.json", chart_json, "chart-json"),
            page("charts/<slug:slug>.csv", chart_csv, "chart-csv"),
            page("charts/<slug:slug>/", chart_page, "chart"),
            page("plugins/", marketplace, "marketplace"),
            page("columns/", set_columns, "columns"),
            page("catalogue/bulk/", bulk.bulk, "bulk"),
            page("catalogue/discover/", bulk.discover, "discover"),
            page("catalogue/export.json", bulk.export, "export"),
            page("plugins/<plugin_name:name>/", overview, "plugin-detail"),
            page("plugins/<plugin_name:name>/try/", try_it, "plugin-try"),
            page("plugins/<plugin_name:name>/metrics/", plugin_metrics, "plugin-metrics"),
            page("plugins/<plugin_name:name>/logs/", plugin_logs, "plugin-logs"),
            page("plugins/<plugin_name:name>/versions/", versions, "plugin-versions"),
            page("plugins/<plugin_name:name>/docs/", docs, "plugin-docs"),
            page("plugins/<plugin_name:name>/config/", config, "plugin-config"),
            page("plugins/<plugin_name:name>/enable/", actions.enable, "plugin-enable"),
            page("plugins/<plugin_name:name>/disable/", actions.disable, "plugin-disable"),
            page("plugins/<plugin_name:name>/reload/", actions.reload, "plugin-reload"),
            page(
                "plugins/<plugin_name:name>/reset-breaker/",
                actions.reset_breaker,
                "plugin-reset-breaker",
            ),
            page("plugins/<plugin_name:name>/favourite/", actions.favourite, "plugin-favourite"),
            page("api-keys/", keys.key_list, "api-keys"),
            page("api-keys/new/", keys.new_key, "api-key-new"),
            page("api-keys/matches.json", keys.matching_plugins, "api-key-matches"),
            page("api-keys/<int:key_id>/", keys.key_page, "api-key"),
            page("api-keys/<int:key_id>/disable/", keys.disable, "api-key-disable"),
            page("api-keys/<int:key_id>/enable/", keys.enable, "api-key-enable"),
            page("api-keys/<int:key_id>/rotate/", keys.rotate, "api-key-rotate"),
            page("api-keys/<int:key_id>/revoke/", keys.revoke, "api-key-revoke"),
            page("executions/", execution_list, "executions"),
            page("executions/new.json", new_executions, "executions-new"),
            page("executions/export/", export_executions, "executions-export"),
            page("executions/searches/", saved.save_search, "search-save"),
            page(
                "executions/searches/<int:search_id>/delete/", saved.delete_search, "search-delete"
            ),
            page("executions/<str:execution_id>/", execution, "execution"),
            page("executions/<str:execution_id>/run.json", execution_json, "execution-json"),
            page("executions/<str:execution_id>/run.log", execution_log, "execution-log"),
            page("executions/<str:execution_id>/again/", run_execution_again, "execution-again"),
        ]

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return dashboard(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Everybody's own."""
        with on_record(actor(request)):
            return super().password_change(request, extra_context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Ours first."""
        apps = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: app["app_label"] != "plugins_app")

    def data(self, request: HttpRequest) -> Any:
        """Every model, as Django lists them."""
        return super().index(request, {"title": "All data"})
