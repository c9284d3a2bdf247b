"""A plugin's versions, and what each of them changed for its callers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from plugins_app.admin.access import rights
from plugins_app.admin.pages.plugin import render_tab, tab
from plugins_app.services.catalogue import PluginView
from plugins_app.services.version_history import SHOWN, history


@require_safe
@tab
def versions(request: HttpRequest, view: PluginView) -> HttpResponse:
    steps = history(view, with_calls=rights(request)["may_see_metrics"])
    return render_tab(
        request,
        view,
        "admin:plugin-versions",
        {"steps": steps, "shown": SHOWN, "broken_promises": [s for s in steps if s.breaks_promise]},
    )
