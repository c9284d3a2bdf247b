"""What the pages of all models share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst

from plugins_app.admin.values import Block, Item, blocks, items

MAX_SEARCH = 200
COMPARISONS = ("", "exact", "isnull", "id__exact")


def titled(model_admin: Any) -> str:
    return str(capfirst(model_admin.opts.verbose_name_plural))


def _parameter_of(list_filter: Any) -> str:
    """A list filter is a field's name, a pair that starts with one, or a class of its own."""
    if isinstance(list_filter, str):
        return list_filter
    named = list_filter[0] if isinstance(list_filter, tuple) else list_filter.parameter_name
    return str(named)


class Titled:
    """A list is headed by what it lists, not by an order to select something."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(  # type: ignore[misc]
            request, {"title": titled(self), **(extra_context or {})}
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """What the page's own filters ask for: no regular expressions, and nothing by which to
        guess at a column that the list does not show."""
        field, _, comparison = lookup.partition("__")
        offered = {_parameter_of(each) for each in self.list_filter}  # type: ignore[attr-defined]
        if field not in offered or comparison not in COMPARISONS:
            return False
        return bool(super().lookup_allowed(lookup, value, request))  # type: ignore[misc]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Each word is a condition of its own, and databases take only so many."""
        return super().get_search_results(  # type: ignore[misc]
            request, queryset, search_term[:MAX_SEARCH]
        )


def _refuse_writing(request: HttpRequest) -> None:
    """The stock pages would take a POST for a GET."""
    if request.method not in {"GET", "HEAD"}:
        raise PermissionDenied


class ReadOnlyAdmin(Titled, admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that only services change: a list, and a page about each."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = None
    without: ClassVar[tuple[str, ...]] = ()
    """Fields that the page about a row does not show."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        _refuse_writing(request)
        return super().changelist_view(request, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        _refuse_writing(request)
        return super().history_view(request, object_id, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        _refuse_writing(request)
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return TemplateResponse(request, "admin/models/detail.html", self.page_about(row, request))

    def page_about(self, row: Any, request: HttpRequest) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": str(row),
            "listed_at": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "listed_as": titled(self),
            "items": list(self.items(row)),
            "blocks": list(self.blocks(row)),
        }

    def items(self, row: Any) -> Iterable[Item]:
        return items(row, self.without)

    def blocks(self, row: Any) -> Iterable[Block]:
        return blocks(row, self.without)


class ElsewhereAdmin(ReadOnlyAdmin):
    """Rows that have pages of their own; the stock addresses lead there."""

    list_route: ClassVar[str]
    row_route: ClassVar[str]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._check(request)
        response = redirect(self.list_route)
        response["Location"] += f"?{request.GET.urlencode()}" if request.GET else ""
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._check(request)
        if (row := self.get_object(request, unquote(object_id))) is None:
            raise Http404
        return redirect(self.row_route, row.pk)

    def _check(self, request: HttpRequest) -> None:
        _refuse_writing(request)
        if not self.has_view_permission(request):
            raise PermissionDenied
