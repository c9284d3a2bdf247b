"""Static addresses first: the whole names that they use are reserved, so no plugin hides one."""

from __future__ import annotations

from django.urls import path, re_path, register_converter

from plugins_app.api.views import catalogue, execution, metrics, operation, tools


class PluginNameConverter:
    """Names, aliases, tool names, 'name@version': no slash, and no control characters, which
    databases refuse."""

    regex = r"[^/\x00-\x1f\x7f]{1,160}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PluginNameConverter, "plugin")

_PLUGINS = [
    path("list", catalogue.ListView.as_view(), name="list"),
    path("search", catalogue.SearchView.as_view(), name="search"),
    path("statistics", catalogue.StatisticsView.as_view(), name="statistics"),
    path("metrics/all", metrics.AllMetricsView.as_view(), name="metrics-all"),
    path("tools/anthropic", tools.AnthropicToolsView.as_view(), name="tools-anthropic"),
    path("health", operation.HealthView.as_view(), name="health"),
    path("<plugin:name>", catalogue.DetailView.as_view(), name="detail"),
    path("<plugin:name>/execute", execution.ExecuteView.as_view(), name="execute"),
    path("<plugin:name>/metrics", metrics.MetricsView.as_view(), name="metrics"),
    path("<plugin:name>/reload", operation.ReloadView.as_view(), name="reload"),
]

app_name = "api"
urlpatterns = [
    *(path(f"plugins/{each.pattern}", each.callback, name=each.name) for each in _PLUGINS),
    *(path(f"v1/plugins/{each.pattern}", each.callback) for each in _PLUGINS),
    re_path(r"^", operation.UnknownView.as_view()),
]
