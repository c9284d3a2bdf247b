"""Auto, light or dark: kept in a cookie, so that the first byte of a page already has it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

COOKIE = "zantara_theme"
THEMES = ("auto", "light", "dark")
_YEAR = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else "auto"


@csrf_protect
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Without JavaScript; with it, the page sets the same cookie itself."""
    response = redirect(safe_next(request, "admin:login"))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(
            COOKIE, chosen, max_age=_YEAR, samesite="Lax", secure=request.is_secure()
        )
    return response


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """Where the form asks to go back to, if that is here."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    here = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if here else otherwise
