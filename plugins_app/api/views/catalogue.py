from __future__ import annotations

from django.http import HttpResponse
from pydantic import Field, model_validator
from rest_framework.request import Request

from plugins_app.api import listing
from plugins_app.api.body import Body, body_of, read_body
from plugins_app.api.deprecation import deprecation_headers, warnings_of
from plugins_app.api.parameters import (
    MAX_QUERY,
    ListParameters,
    NoParameters,
    SearchParameters,
    parse,
)
from plugins_app.api.views.base import ApiView, ConditionalView, http_of, located
from plugins_app.core.caller import Scope
from plugins_app.core.errors import LoadError
from plugins_app.services import catalogue, metrics, presentation
from plugins_app.services.catalogue import PluginView


class ListView(ConditionalView):
    scope = Scope.LIST

    def get(self, request: Request) -> HttpResponse:
        chosen = parse(ListParameters, request)
        listing.check(chosen)
        caller = self.caller(request)
        found = catalogue.search(caller, chosen.q, category=chosen.category, status=chosen.status)
        model = caller.model or chosen.model
        rows = listing.rows(found, chosen, model, metrics.totals())
        page, following = listing.page(rows, chosen, http_of(request))
        return self.answer(
            {"success": True, "count": len(rows), "next": following, "plugins": page}
        )


class DetailView(ConditionalView):
    scope = Scope.LIST

    def get(self, request: Request, name: str) -> HttpResponse:
        parse(NoParameters, request)
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


class SearchBody(Body):
    query: str = Field("", max_length=MAX_QUERY)
    q: str = Field("", max_length=MAX_QUERY)

    @model_validator(mode="after")
    def _not_both(self) -> SearchBody:
        if self.query and self.q:
            raise ValueError("Send query or q, not both")
        return self


class SearchView(ApiView):
    """By query string or, with POST, by body."""

    scope = Scope.LIST

    def get(self, request: Request) -> HttpResponse:
        return self._found(request, parse(SearchParameters, request).text)

    def post(self, request: Request) -> HttpResponse:
        if not read_body(http_of(request)):
            return self.get(request)
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

    def get(self, request: Request) -> HttpResponse:
        parse(NoParameters, request)
        counts = catalogue.statistics(self.caller(request))
        return self.answer({"success": True, "statistics": counts})
