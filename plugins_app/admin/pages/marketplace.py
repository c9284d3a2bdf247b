"""The catalogue: what there is, and what of it is looked for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from plugins_app.admin.access import VIEW, needs, rights
from plugins_app.admin.marketplace import outcome, table
from plugins_app.admin.marketplace.address import PER_PAGE, Address
from plugins_app.admin.marketplace.columns import hidden_columns
from plugins_app.admin.marketplace.listing import Listing, listing
from plugins_app.admin.marketplace.selection import reader_of
from plugins_app.admin.marketplace.sorting import ORDERS, Order


@require_safe
@needs(VIEW)
def marketplace(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    address = Address.of(request.GET, metrics=reader.may_see_metrics)
    page = listing(reader, address, request.GET.get("page"))
    context = {
        **_context(page),
        **_table(request, page),
        "outcome": outcome.taken(request),
        **rights(request),
    }
    return render(request, "admin/plugins/marketplace.html", context)


def _context(page: Listing) -> dict[str, Any]:
    address = page.address
    return {
        "title": "Plugins",
        "address": address,
        "filters": address.filters,
        "listing": page,
        "page": page.page,
        "page_links": address.page_links(page.page),
        "page_sizes": PER_PAGE,
        "everything": len(page.everything),
        "orders": _orders(page),
    }


def _table(request: HttpRequest, page: Listing) -> dict[str, Any]:
    if not page.address.is_table:
        return {}
    hidden = hidden_columns(request)
    return {
        "columns": table.choices(page, hidden),
        "heads": table.heads(page, hidden),
        "rows": table.rows(page, hidden),
    }


def _orders(page: Listing) -> list[Order]:
    """The one in force too, where only a column of the table offers it."""
    offered = [order for order in ORDERS if page.called is not None or not order.metrics]
    chosen = page.address.sort.order
    return offered if chosen is None or chosen in offered else [*offered, chosen]
