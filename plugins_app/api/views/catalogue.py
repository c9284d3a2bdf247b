from __future__ import annotations

from dataclasses import asdict

from django.http import HttpResponse
from pydantic import ConfigDict, Field, model_validator
from rest_framework.request import Request

from plugins_app.api import answers, listing
from plugins_app.api.body import Body, body_of, http_of, read_body
from plugins_app.api.deprecation import deprecation_headers, warnings_of
from plugins_app.api.operation import operation
from plugins_app.api.parameters import (
    MAX_QUERY,
    ListParameters,
    NoParameters,
    SearchParameters,
    parse,
)
from plugins_app.api.views.base import ApiView, ConditionalView, located
from plugins_app.core.caller import Scope
from plugins_app.core.errors import LoadError
from plugins_app.services import catalogue, metrics, presentation
from plugins_app.services.catalogue import PluginView
from plugins_app.services.versions import versions


class ListView(ConditionalView):
    scope = Scope.LIST
    tag = "catalogue"

    @operation("list_plugins", answers.PluginList, query=ListParameters)
    def get(self, request: Request, query: ListParameters) -> HttpResponse:
        """The plugins that you may see, filtered, ordered and cut."""
        listing.check(query)
        caller = self.caller(request)
        found = catalogue.search(caller, query.q, category=query.category, status=query.status)
        model = caller.model or query.model
        rows = listing.rows(found, query, model, metrics.totals())
        page, following = listing.page(rows, query, http_of(request))
        return self.answer(
            {"success": True, "count": len(rows), "next": following, "plugins": page}
        )


class DetailView(ConditionalView):
    scope = Scope.LIST
    tag = "catalogue"

    @operation("get_plugin", answers.PluginAnswer, problems=("load_error",))
    def get(self, request: Request, name: str) -> HttpResponse:
        """Metadata, schemas and the last day's metrics of one plugin."""
        view = catalogue.view(self.caller(request), name)
        if view.loaded is None:
            raise _load_error(view)
        shown = presentation.in_detail(view, view.loaded, metrics.total(view.name))
        metadata = view.loaded.metadata
        headers = deprecation_headers(metadata) | located(request, name, view.loaded)
        body = {"success": True, "plugin": shown, **warnings_of(metadata)}
        return self.answer(body, headers=headers)


def _load_error(view: PluginView) -> LoadError:
    assert view.failure
    return LoadError(view.failure.message, file=view.failure.file, line=view.failure.line)


class VersionsView(ConditionalView):
    scope = Scope.LIST
    tag = "catalogue"

    @operation("list_versions", answers.Versions)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Every version that was seen, the latest first."""
        view = catalogue.view(self.caller(request), name)
        rows = [asdict(each) for each in versions(view)]
        body = {"success": True, "plugin": view.name, "count": len(rows), "versions": rows}
        return self.answer(body, headers=located(request, name, view.loaded, "/versions"))


class SearchBody(Body):
    model_config = ConfigDict(json_schema_extra={"not": {"required": ["query", "q"]}})

    query: str = Field("", max_length=MAX_QUERY)
    q: str = Field("", max_length=MAX_QUERY)

    @model_validator(mode="after")
    def _not_both(self) -> SearchBody:
        if self.model_fields_set >= {"query", "q"}:
            raise ValueError("Send query or q, not both")
        return self


class SearchView(ApiView):
    """By query string or, with POST, by body."""

    scope = Scope.LIST
    tag = "catalogue"

    @operation("search_plugins", answers.PluginSearch, query=SearchParameters)
    def get(self, request: Request, query: SearchParameters) -> HttpResponse:
        """Plugins that match, best first."""
        return self._found(request, query.text)

    @operation(
        "search_plugins_by_body",
        answers.PluginSearch,
        query=SearchParameters,
        body=SearchBody,
        reads_body=False,
    )
    def post(self, request: Request, query: SearchParameters) -> HttpResponse:
        """Plugins that match, best first; asked for in the body, or in the query string."""
        if not read_body(http_of(request)):
            return self._found(request, query.text)
        parse(NoParameters, request)
        body = body_of(SearchBody, http_of(request))
        return self._found(request, body.query or body.q)

    def _found(self, request: Request, query: str) -> HttpResponse:
        counted = metrics.totals()
        found = catalogue.search_scored(self.caller(request), query)
        results = [{**presentation.in_list(view, counted), "score": score} for view, score in found]
        return self.answer(
            {"success": True, "query": query, "count": len(results), "results": results}
        )


class StatisticsView(ApiView):
    scope = Scope.LIST
    tag = "catalogue"

    @operation("get_statistics", answers.Statistics)
    def get(self, request: Request) -> HttpResponse:
        """How many plugins, versions and aliases there are."""
        counts = catalogue.statistics(self.caller(request))
        return self.answer({"success": True, "statistics": counts})
