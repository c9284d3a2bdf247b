"""How this installation is doing: what the doctor finds, the servers, and the versions."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from plugins_app.admin.access import HEALTH, needs
from plugins_app.admin.badges import LEVELS
from plugins_app.services.diagnostics import diagnose


@require_safe
@needs(HEALTH)
def health(request: HttpRequest) -> HttpResponse:
    diagnosis = diagnose()
    context = {
        "title": "Health",
        "diagnosis": diagnosis,
        "look": LEVELS[diagnosis.level],
        "problems": [(LEVELS[each.level], each) for each in diagnosis.problems],
        "running": sum(server.alive for server in diagnosis.servers),
    }
    return render(request, "admin/health.html", context)
