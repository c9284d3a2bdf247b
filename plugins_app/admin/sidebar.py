"""Wide or narrow navigation: kept in a cookie by the page, so that the first byte has it."""

from __future__ import annotations

from django.http import HttpRequest

COOKIE = "zantara_sidebar"
NARROW = "narrow"


def is_narrow(request: HttpRequest) -> bool:
    return request.COOKIES.get(COOKIE) == NARROW
