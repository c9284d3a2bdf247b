"""Static addresses first: the whole names that they use are reserved, so no plugin hides one."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path, register_converter

from plugins_app.api.views import (
    catalogue,
    documentation,
    execution,
    executions,
    health,
    lifecycle,
    metrics,
    tools,
    unknown,
)
from plugins_app.core.state import BreakerState


class PluginNameConverter:
    """Names, aliases, tool names, 'name@version': no slash, and no control characters, which
    databases refuse."""

    regex = r"[^/\x00-\x1f\x7f]{1,160}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class ExecutionIdConverter(PluginNameConverter):
    """A ULID; anything else that looks like a word is an execution that is not there."""

    regex = "[0-9A-Za-z]{1,64}"


class BreakerMoveConverter:
    """What an operator does to a circuit breaker, as the state that it is then held in."""

    regex = "reset|force-open|force-closed"
    _STATES = {
        "reset": None,
        "force-open": BreakerState.OPEN,
        "force-closed": BreakerState.CLOSED,
    }

    def to_python(self, value: str) -> BreakerState | None:
        return self._STATES[value]

    def to_url(self, value: BreakerState | None) -> str:
        return next(word for word, state in self._STATES.items() if state == value)


register_converter(PluginNameConverter, "plugin")
register_converter(ExecutionIdConverter, "execution")
register_converter(BreakerMoveConverter, "breaker_move")

ENDPOINTS: list[URLPattern] = [
    path("plugins/list", catalogue.ListView.as_view(), name="list"),
    path("plugins/search", catalogue.SearchView.as_view(), name="search"),
    path("plugins/statistics", catalogue.StatisticsView.as_view(), name="statistics"),
    path("plugins/metrics/all", metrics.AllMetricsView.as_view(), name="metrics-all"),
    path("plugins/tools/anthropic", tools.AnthropicToolsView.as_view(), name="tools-anthropic"),
    path("plugins/tools/openai", tools.OpenAIToolsView.as_view(), name="tools-openai"),
    path("plugins/health", health.HealthView.as_view(), name="health"),
    path("plugins/<plugin:name>", catalogue.DetailView.as_view(), name="detail"),
    path("plugins/<plugin:name>/execute", execution.ExecuteView.as_view(), name="execute"),
    path("plugins/<plugin:name>/validate", execution.ValidateView.as_view(), name="validate"),
    path("plugins/<plugin:name>/metrics", metrics.MetricsView.as_view(), name="metrics"),
    path("plugins/<plugin:name>/versions", catalogue.VersionsView.as_view(), name="versions"),
    path("plugins/<plugin:name>/reload", lifecycle.ReloadView.as_view(), name="reload"),
    path("plugins/<plugin:name>/enable", lifecycle.EnableView.as_view(), name="enable"),
    path("plugins/<plugin:name>/disable", lifecycle.DisableView.as_view(), name="disable"),
    path(
        "plugins/<plugin:name>/breaker/<breaker_move:move>",
        lifecycle.BreakerView.as_view(),
        name="breaker",
    ),
    path("executions", executions.ExecutionListView.as_view(), name="executions"),
    path("executions/<execution:id>", executions.ExecutionView.as_view(), name="execution"),
    path("executions/<execution:id>/logs", executions.ExecutionLogView.as_view(), name="logs"),
]

app_name = "api"
urlpatterns = [
    *ENDPOINTS,
    *(path(f"v1/{each.pattern}", each.callback) for each in ENDPOINTS),
    path("openapi.json", documentation.OpenApiView.as_view(), name="openapi"),
    path("docs", documentation.SwaggerView.as_view(), name="docs"),
    re_path(r"^", unknown.UnknownView.as_view()),
]
