"""The HTTP API. Each view names its scope, reads its parameters, calls one verb, renders."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from django.views.decorators.vary import vary_on_headers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app.api import presentation
from plugins_app.api.execution import execution_response, parse_execute
from plugins_app.api.parameters import (
    ListParameters,
    NoParameters,
    Parameters,
    RangeParameters,
    SearchParameters,
    ToolParameters,
    parse,
)
from plugins_app.api.problems import Problem, request_id_of
from plugins_app.core.caller import Caller, Scope, model_allowed
from plugins_app.core.errors import FieldError, InvalidInput, LoadError
from plugins_app.core.tools import anthropic_tools, name_map
from plugins_app.services import catalogue, health, lifecycle, metrics
from plugins_app.services.audit import actor_of
from plugins_app.services.catalogue import PluginView
from plugins_app.services.execute import execute_and_wait

cached_by_content = (
    vary_on_headers("Authorization", "Cookie"),
    cache_control(private=True, no_cache=True),
    conditional_page,
)


class ApiView(APIView):
    scope: ClassVar[Scope | None] = Scope.ADMIN

    def caller(self, request: Request) -> Caller:
        caller: Caller = request.auth
        return caller


@method_decorator(cached_by_content, name="dispatch")
class ListView(ApiView):
    scope = Scope.LIST

    def get(self, request: Request) -> Response:
        chosen = parse(ListParameters, request)
        _check_names("fields", chosen.fields, presentation.LIST_FIELDS)
        _check_names("ordering", [o.lstrip("-") for o in chosen.ordering], presentation.ORDERINGS)
        found = catalogue.search(
            self.caller(request), chosen.q, category=chosen.category, status=chosen.status
        )
        counted = metrics.totals()
        rows = [presentation.in_list(view, counted) for view in found if _fits(view, chosen)]
        for name in reversed(chosen.ordering):
            rows.sort(key=lambda row: _sortable(row[name.lstrip("-")]), reverse=name[0] == "-")
        page, following = _page(rows, chosen, request)
        if chosen.fields:
            page = [{name: row.get(name) for name in chosen.fields} for row in page]
        return Response({"success": True, "count": len(rows), "next": following, "plugins": page})


def _fits(view: PluginView, chosen: ListParameters) -> bool:
    metadata = view.metadata
    if metadata is None:
        return not (chosen.tag or chosen.model or chosen.requires_auth is not None)
    return (
        (not chosen.tag or bool(set(chosen.tag) & set(metadata.tags)))
        and model_allowed(chosen.model, metadata.allowed_models)
        and chosen.requires_auth in (None, metadata.requires_auth)
    )


def _sortable(value: Any) -> tuple[bool, Any]:
    """None sorts before everything."""
    return (value is not None, value)


def _check_names(parameter: str, names: list[str], known: frozenset[str]) -> None:
    if unknown := sorted(set(names) - known):
        raise Problem(
            "invalid_parameter",
            f"Parameter {parameter!r}: unknown {', '.join(unknown)}; "
            f"known: {', '.join(sorted(known))}",
            parameter=parameter,
        )


def _page(
    rows: list[dict[str, Any]], chosen: ListParameters, request: Request
) -> tuple[list[dict[str, Any]], str | None]:
    start = _read_cursor(chosen.cursor)
    end = start + chosen.limit
    if end >= len(rows):
        return rows[start:], None
    query = request.query_params.copy()
    query["cursor"] = base64.urlsafe_b64encode(str(end).encode()).decode()
    return rows[start:end], f"{request.path}?{urlencode(list(query.lists()), doseq=True)}"


def _read_cursor(cursor: str) -> int:
    try:
        start = int(base64.urlsafe_b64decode(cursor.encode())) if cursor else 0
    except (ValueError, binascii.Error):
        start = -1
    if start < 0:
        raise Problem(
            "invalid_parameter", "Parameter 'cursor' is not one of ours", parameter="cursor"
        )
    return start


@method_decorator(cached_by_content, name="dispatch")
class DetailView(ApiView):
    scope = Scope.LIST

    def get(self, request: Request, name: str) -> Response:
        parse(NoParameters, request)
        view = catalogue.view(self.caller(request), name)
        if view.loaded is None:
            assert view.failure
            raise LoadError(view.failure.message, file=view.failure.file, line=view.failure.line)
        counted = metrics.total(view.name)
        counted = {**counted, "breaker": _breaker(view)}
        shown = presentation.in_detail(view, view.loaded, counted)
        response = Response({"success": True, "plugin": shown})
        if name != view.name:
            response["Content-Location"] = f"/api/plugins/{view.name}"
        return response


def _breaker(view: PluginView) -> str:
    return {"circuit_open": "open", "circuit_half_open": "half_open"}.get(view.status, "closed")


class SearchView(ApiView):
    scope = Scope.LIST

    def get(self, request: Request) -> Response:
        return self._answer(request, parse(SearchParameters, request).text)

    def post(self, request: Request) -> Response:
        parse(NoParameters, request)
        body = request.data
        text = body.get("query", body.get("q")) if isinstance(body, dict) else None
        if not isinstance(text, str):
            field = FieldError("/query", "string_type", "Send a string as query")
            raise InvalidInput("query: send a string", [field])
        return self._answer(request, text)

    def _answer(self, request: Request, query: str) -> Response:
        counted = metrics.totals()
        found = catalogue.search_scored(self.caller(request), query)
        results = [{**presentation.in_list(view, counted), "score": score} for view, score in found]
        return Response(
            {"success": True, "query": query, "count": len(results), "results": results}
        )


class StatisticsView(ApiView):
    scope = Scope.LIST

    def get(self, request: Request) -> Response:
        parse(NoParameters, request)
        return Response({"success": True, "statistics": catalogue.statistics(self.caller(request))})


class AllMetricsView(ApiView):
    scope = Scope.METRICS

    def get(self, request: Request) -> Response:
        chosen = parse(RangeParameters, request)
        visible = {plugin.name for plugin in catalogue.visible_plugins(self.caller(request))}
        counted = metrics.totals(chosen.range)
        shown = {name: counted.get(name, presentation.NO_METRICS) for name in sorted(visible)}
        return Response({"success": True, "range": chosen.range, "metrics": shown})


class MetricsView(ApiView):
    scope = Scope.METRICS

    def get(self, request: Request, name: str) -> Response:
        chosen = parse(RangeParameters, request)
        view = catalogue.view(self.caller(request), name)
        return Response(
            {
                "success": True,
                "plugin": view.name,
                "range": chosen.range,
                "metrics": metrics.total(view.name, chosen.range),
                "series": [asdict(point) for point in metrics.series(view.name, chosen.range)],
            }
        )


@method_decorator(cached_by_content, name="dispatch")
class AnthropicToolsView(ApiView):
    scope = Scope.LIST

    def get(self, request: Request) -> Response:
        chosen = parse(ToolParameters, request)
        caller = self.caller(request)
        model = caller.model or chosen.model
        plugins = [
            plugin
            for plugin in catalogue.visible_plugins(caller)
            if plugin.enabled
            and model_allowed(model, plugin.metadata.allowed_models)
            and chosen.category in (None, plugin.metadata.category)
            and (not chosen.names or plugin.name in chosen.names)
        ]
        tools = anthropic_tools(plugins)
        return Response(
            {"success": True, "count": len(tools), "tools": tools, "name_map": name_map(plugins)}
        )


class HealthView(ApiView):
    """Short for anybody; errors and workers for administrators."""

    scope = None

    def get(self, request: Request) -> Response:
        parse(NoParameters, request)
        report = health.report(full=self.caller(request).may(Scope.ADMIN))
        return Response(report, status=503 if report["status"] == "unhealthy" else 200)


class ExecuteView(ApiView):
    scope = None  # The engine decides, so that no door can differ.

    def post(self, request: Request, name: str) -> HttpResponse:
        parse(Parameters, request)
        if "Idempotency-Key" in request.headers:
            raise Problem("malformed_request", "Idempotency-Key is not supported in this version")
        asked = parse_execute(request.data or {})
        execution = execute_and_wait(
            name,
            asked.input_data,
            caller=self.caller(request),
            source="rest",
            request_id=request_id_of(request._request),  # noqa: SLF001
            use_cache=asked.use_cache,
            timeout_ms=asked.timeout_ms,
        )
        return execution_response(execution)


class ReloadView(ApiView):
    scope = Scope.RELOAD

    def post(self, request: Request, name: str) -> Response:
        parse(NoParameters, request)
        body = request.data or {}
        reason = body.get("reason", "") if isinstance(body, dict) else None
        if not isinstance(reason, str):
            raise InvalidInput(
                "reason: send a string", [FieldError("/reason", "string_type", "Send a string")]
            )
        caller = self.caller(request)
        catalogue.view(caller, name)
        actor = actor_of(caller, "rest", request_id_of(request._request))  # noqa: SLF001
        result = lifecycle.reload(name, actor, reason)
        return Response(
            {
                "success": True,
                "message": f"Plugin {result.name} reloaded",
                "from": result.from_version,
                "to": result.to_version,
                "duration_ms": result.duration_ms,
            }
        )


class UnknownView(ApiView):
    """Everything below /api/ that is nothing: a problem, not an HTML page."""

    scope = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Problem("not_found", "There is nothing at this address")
