"""Static addresses first: the whole names that they use are reserved, so no plugin hides one."""

from __future__ import annotations

from django.urls import path, re_path, register_converter

from plugins_app.api import views


class PluginNameConverter:
    """Anything without a slash: names, aliases, tool names, 'name@version'."""

    regex = "[^/]{1,160}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PluginNameConverter, "plugin")

_PLUGINS = [
    path("list", views.ListView.as_view(), name="list"),
    path("search", views.SearchView.as_view(), name="search"),
    path("statistics", views.StatisticsView.as_view(), name="statistics"),
    path("metrics/all", views.AllMetricsView.as_view(), name="metrics-all"),
    path("tools/anthropic", views.AnthropicToolsView.as_view(), name="tools-anthropic"),
    path("health", views.HealthView.as_view(), name="health"),
    path("<plugin:name>", views.DetailView.as_view(), name="detail"),
    path("<plugin:name>/execute", views.ExecuteView.as_view(), name="execute"),
    path("<plugin:name>/metrics", views.MetricsView.as_view(), name="metrics"),
    path("<plugin:name>/reload", views.ReloadView.as_view(), name="reload"),
]

app_name = "api"
urlpatterns = [
    *(path(f"plugins/{each.pattern}", each.callback, name=each.name) for each in _PLUGINS),
    *(path(f"v1/plugins/{each.pattern}", each.callback) for each in _PLUGINS),
    re_path(r"^", views.UnknownView.as_view()),
]
