"""The index that the command palette searches, for whoever asks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe
from django.views.decorators.vary import vary_on_cookie

from plugins_app.admin.access import EXECUTIONS, VIEW, caller, favourites
from plugins_app.admin.palette import index


@require_safe
@conditional_page
@vary_on_cookie
@cache_control(private=True, no_cache=True)
def palette(request: HttpRequest) -> HttpResponse:
    """Every operator may have it; what is in it depends on what they may see."""
    may = request.user.has_perm
    told = index(
        caller(request),
        plugins=may(VIEW),
        executions=may(EXECUTIONS),
        favourites=favourites(request),
    )
    return JsonResponse(told)
