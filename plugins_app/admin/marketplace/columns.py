"""Which columns of the table an operator has put away: kept in a cookie, like the theme."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from plugins_app.admin.marketplace.table import COLUMNS
from plugins_app.admin.theme import safe_next

COOKIE = "zantara_columns"
_YEAR = 365 * 24 * 3600
_BETWEEN = "."


def hidden_columns(request: HttpRequest) -> set[str]:
    known = {column.order for column in COLUMNS}
    return known.intersection(request.COOKIES.get(COOKIE, "").split(_BETWEEN))


@require_POST
def set_columns(request: HttpRequest) -> HttpResponse:
    """`offered` were on the form, `shown` are ticked there; what was not offered stays as it is."""
    offered, shown = request.POST.getlist("offered"), request.POST.getlist("shown")
    hidden = (hidden_columns(request) - set(offered)) | (set(offered) - set(shown))
    kept = [column.order for column in COLUMNS if column.order in hidden]
    response = redirect(safe_next(request, reverse("admin:marketplace")))
    secure = request.is_secure()
    if kept:
        response.set_cookie(
            COOKIE, _BETWEEN.join(kept), max_age=_YEAR, samesite="Lax", secure=secure
        )
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response
