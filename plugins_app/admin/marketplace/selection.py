"""Several plugins, as an address or a form names them."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

from plugins_app.admin.access import METRICS, caller
from plugins_app.admin.marketplace.address import Address
from plugins_app.admin.marketplace.listing import matching
from plugins_app.services import catalogue
from plugins_app.services.catalogue import PluginView

MAX_NAMES = 5_000


def selected(request: HttpRequest, params: QueryDict) -> list[PluginView]:
    """By name. `name` comes once for each, `names` has them all; `all` is whatever the filters in
    the same address let through. Names that nobody knows, or that are hidden, are left out."""
    if params.get("all"):
        metrics = request.user.has_perm(METRICS)
        address = Address.of(params, metrics=metrics)
        found = matching(caller(request), address, may_see_metrics=metrics)
        return sorted(found, key=lambda view: view.name)
    wanted = set(named(params))
    return [view for view in catalogue.views(caller(request)) if view.name in wanted]


def named(params: QueryDict) -> list[str]:
    names = [*params.getlist("name"), *params.get("names", "").split()]
    return list(dict.fromkeys(names))[:MAX_NAMES]
