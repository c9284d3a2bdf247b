"""Where a click on a chart leads."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from plugins_app.admin.access import EXECUTIONS

ROUTE = "admin:executions"


def executions(request: HttpRequest, key: str | None = None) -> str | None:
    """Address of the executions of one bucket, with places for the script to fill; None where
    there is no such page for this user."""
    if not request.user.has_perm(EXECUTIONS):
        return None
    try:
        page = reverse(ROUTE)
    except NoReverseMatch:
        return None
    of = {"q": f"caller:key:{key}"} if key else {"plugin": "{plugin}"}
    places = {**of, "from": "{since}", "to": "{until}"}
    return f"{page}?{urlencode(places, safe='{}')}"
