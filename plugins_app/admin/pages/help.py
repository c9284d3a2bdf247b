"""Help: where to look first. Open to all, since the login page leads here as well."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    staff = request.user.is_active and request.user.is_staff
    shell = "admin/page.html" if staff else "shell.html"
    return render(request, "admin/help.html", {"title": "Help", "shell": shell, "staff": staff})
