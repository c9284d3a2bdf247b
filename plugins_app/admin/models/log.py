"""A list of a table that may be as long as it likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from plugins_app.admin.models.base import ReadOnlyAdmin, titled
from plugins_app.services import keyset

MAX_VALUE = 200


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    render: Callable[[Any], str]
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows whose field has exactly this value. `indexed`: an index on (field, -pk) finds them."""

    name: str
    label: str
    choices: Callable[[], list[tuple[str, str]]] | None = None
    indexed: bool = False
    hint: str = ""

    def condition(self, model: type[Model], text: str) -> Q:
        """Nothing has a value that the field cannot have."""
        field: Any = model._meta.get_field(self.name)
        try:
            return Q(**{self.name: field.clean(text, None)})
        except ValidationError:
            return Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Field:
    """A filter as the form shows it."""

    filter: Filter
    value: str

    @property
    def options(self) -> list[tuple[str, str]]:
        return self.filter.choices() if self.filter.choices else []


@dataclass(frozen=True, slots=True)
class Row:
    url: str
    name: str
    cells: list[tuple[Column, str]]


class LogAdmin(ReadOnlyAdmin):
    """Newest first, by key: see plugins_app.services.keyset."""

    columns: ClassVar[tuple[Column, ...]] = ()
    filters: ClassVar[tuple[Filter, ...]] = ()
    deferred: ClassVar[tuple[str, ...]] = ()
    """Fields that are long and not in the list."""
    lead: ClassVar[str] = ""
    empty: ClassVar[str] = "Nothing is recorded yet."
    window: ClassVar[int] = keyset.WINDOW

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        asked = self._asked(request)
        page = self._page(request, asked)
        context = {
            **self.admin_site.each_context(request),
            "title": titled(self),
            "lead": self.lead,
            "empty": self.empty,
            "fields": [Field(each, asked.get(each.name, "")) for each in self.filters],
            "filtered": bool(asked),
            "columns": self.columns,
            "rows": [self._row(row) for row in page.rows],
            "partial": page.partial,
            "scanned": self.window,
            "newest": self._query(asked) if request.GET.keys() & {"before", "after"} else "",
            "newer": self._query(asked, after=page.newer),
            "older": self._query(asked, before=page.older),
        }
        return TemplateResponse(request, "admin/models/log.html", context)

    def _asked(self, request: HttpRequest) -> dict[str, str]:
        """Filter -> value, without those that are empty."""
        given = {each.name: request.GET.get(each.name, "") for each in self.filters}
        cleaned = {name: value.replace("\0", "").strip() for name, value in given.items()}
        return {name: value[:MAX_VALUE] for name, value in cleaned.items() if value}

    def _page(self, request: HttpRequest, asked: dict[str, str]) -> keyset.Page:
        """The first filter with an index finds the rows, the others are looked for among them."""
        used = sorted((f for f in self.filters if f.name in asked), key=lambda f: not f.indexed)
        indexed = used[:1] if used and used[0].indexed else []
        wanted = keyset.Wanted(
            base=_all(f.condition(self.model, asked[f.name]) for f in indexed),
            rest=_all(f.condition(self.model, asked[f.name]) for f in used[len(indexed) :]),
            before=keyset.key_of(self.model, request.GET.get("before", "")),
            after=keyset.key_of(self.model, request.GET.get("after", "")),
        )
        return keyset.page(self.get_queryset(request), wanted, window=self.window)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*self.deferred)

    def _row(self, row: Any) -> Row:
        route = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        cells = [(column, column.render(row)) for column in self.columns]
        return Row(reverse(route, args=[row.pk]), str(row), cells)

    @staticmethod
    def _query(asked: dict[str, str], **cursor: Any) -> str:
        """Empty without a cursor to go on from."""
        if cursor and None in cursor.values():
            return ""
        return f"?{urlencode({**asked, **cursor})}"


def _all(conditions: Iterator[Q]) -> Q:
    joined = Q()
    for each in conditions:
        joined &= each
    return joined
