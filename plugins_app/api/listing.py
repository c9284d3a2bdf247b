"""The catalogue as pages: filtered, ordered, cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from plugins_app.api.parameters import ListParameters
from plugins_app.api.problems import Problem
from plugins_app.core.caller import model_allowed
from plugins_app.services import presentation
from plugins_app.services.catalogue import PluginView

Row = dict[str, Any]


def check(chosen: ListParameters) -> None:
    """Raises Problem for fields that rows do not have."""
    check_fields(chosen.fields, presentation.LIST_FIELDS)
    _check("ordering", map(_field, chosen.ordering), presentation.ORDERINGS)


def check_fields(fields: list[str], known: frozenset[str]) -> None:
    _check("fields", fields, known)


def _check(parameter: str, names: Iterable[str], known: frozenset[str]) -> None:
    if unknown := sorted(set(names) - known):
        raise Problem(
            "invalid_parameter",
            f"Parameter {parameter!r}: unknown {', '.join(unknown)}; "
            f"known: {', '.join(sorted(known))}",
            parameter=parameter,
        )


def rows(
    found: Iterable[PluginView],
    chosen: ListParameters,
    model: str | None,
    counted: presentation.Metrics,
) -> list[Row]:
    """All that fit, in the order that was asked for; ties keep the order of `found`."""
    kept = [presentation.in_list(v, counted) for v in found if _fits(v, chosen, model)]
    for ordering in reversed(chosen.ordering):
        name = _field(ordering)
        kept.sort(key=lambda row: _sortable(row[name]), reverse=ordering.startswith("-"))
    return kept


def _fits(view: PluginView, chosen: ListParameters, model: str | None) -> bool:
    metadata = view.metadata
    if metadata is None:
        return not (chosen.tag or model or chosen.requires_auth is not None)
    return (
        (not chosen.tag or bool(set(chosen.tag) & set(metadata.tags)))
        and model_allowed(model, metadata.allowed_models)
        and chosen.requires_auth in (None, metadata.requires_auth)
    )


def _field(ordering: str) -> str:
    return ordering.removeprefix("-")


def _sortable(value: Any) -> tuple[bool, Any]:
    """None sorts before everything."""
    return (value is not None, value)


def page(
    every: list[Row], chosen: ListParameters, request: HttpRequest
) -> tuple[list[Row], str | None]:
    """(the rows of this page, the address of the next one)."""
    start = int(chosen.cursor or 0)
    end = start + chosen.limit
    shown = [only(row, chosen.fields) for row in every[start:end]]
    return shown, _address_of(request, end) if end < len(every) else None


def only(row: Row, fields: list[str]) -> Row:
    """These fields, in their order; all where none are named."""
    return {name: row.get(name) for name in fields} if fields else row


def _address_of(request: HttpRequest, start: int) -> str:
    query = request.GET.copy()
    query["cursor"] = str(start)
    return f"{request.path}?{urlencode(list(query.lists()), doseq=True)}"
