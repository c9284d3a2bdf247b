"""What a problem's `type` leads to: what it means, for the people who write clients. Public, the
same for everybody, and without a database, since it is read when things fail."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import conditional_page, require_safe

from plugins_app.services.problem_kinds import PROBLEMS, ProblemKind, page_of, slug_of

_MAX_AGE = 300
_BLAMED = {4: "The request has to change or to wait", 5: "The plugin or the server failed"}


@require_safe
@conditional_page
def problem_list(request: HttpRequest) -> HttpResponse:
    return _page(request, "problems/list.html", {"title": "Problems", "groups": list(_groups())})


@require_safe
@conditional_page
def problem_page(request: HttpRequest, slug: str) -> HttpResponse:
    code = slug.replace("-", "_")
    if code not in PROBLEMS or slug != slug_of(code):
        context = {"title": "No such problem", "slug": slug}
        return render(request, "problems/unknown.html", context, status=404)
    kind = PROBLEMS[code]
    about = {"title": kind.title, "slug": slug, "code": code, "type": page_of(code), "kind": kind}
    return _page(request, "problems/detail.html", about)


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Varies with the theme, which is a cookie."""
    response = render(request, template, context)
    patch_vary_headers(response, ["Cookie"])
    patch_cache_control(response, public=True, max_age=_MAX_AGE)
    return response


def _groups() -> Iterator[tuple[str, list[tuple[str, ProblemKind]]]]:
    """The table by class of status, each ordered by status."""
    rows = sorted(PROBLEMS.items(), key=lambda row: row[1].status)
    for hundreds, group in groupby(rows, key=lambda row: row[1].status // 100):
        yield _BLAMED[hundreds], [(slug_of(code), kind) for code, kind in group]
