"""What pages share: what is not there, where to go back to, and why something was done."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from plugins_app.admin.theme import safe_next
from plugins_app.core.errors import PluginNotFound

MAX_REASON = 500
View = Callable[..., HttpResponse]


def or_not_found(view: View) -> View:
    """404 with names that are near, where the plugin is none or not for this user."""

    @wraps(view)
    def found(request: HttpRequest, name: str) -> HttpResponse:
        try:
            return view(request, name)
        except PluginNotFound as error:
            context = {"title": "No such plugin", "name": name, "suggestions": error.suggestions}
            return render(request, "admin/plugins/not_found.html", context, status=404)

    return found


def reason_of(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\0", "").strip()[:MAX_REASON]


def back(request: HttpRequest, name: str) -> HttpResponse:
    """See other: a reload of the page that follows changes nothing again."""
    return redirect(safe_next(request, reverse("admin:plugin-detail", args=[name])))
