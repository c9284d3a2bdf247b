"""Several plugins, as an address or a form names them."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

from plugins_app.admin.access import METRICS, caller, favourites
from plugins_app.admin.marketplace.address import Address
from plugins_app.admin.marketplace.listing import Reader, matching
from plugins_app.services import catalogue
from plugins_app.services.catalogue import PluginView

MAX_NAMES = 5_000


def selected(request: HttpRequest, params: QueryDict) -> list[PluginView]:
    """By name. `name` comes once for each, `names` has them all; `all` is whatever the filters in
    the same address let through. Names that nobody knows, or that are hidden, are left out."""
    if params.get("all"):
        reader = reader_of(request)
        address = Address.of(params, metrics=reader.may_see_metrics)
        found = matching(reader, address)
        return sorted(found, key=lambda view: view.name)
    wanted = set(named(params))
    return [view for view in catalogue.views(caller(request)) if view.name in wanted]


def reader_of(request: HttpRequest) -> Reader:
    return Reader(caller(request), request.user.has_perm(METRICS), favourites(request))


def named(params: QueryDict) -> list[str]:
    names = [*params.getlist("name"), *params.get("names", "").split()]
    return list(dict.fromkeys(names))[:MAX_NAMES]
