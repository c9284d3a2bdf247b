"""The same done to many plugins: a page that asks, one POST that does it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from plugins_app.admin.access import METRICS, RELOAD, SWITCH, VIEW, actor, caller, needs, refusal
from plugins_app.admin.marketplace import outcome
from plugins_app.admin.marketplace.outcome import Panel
from plugins_app.admin.marketplace.selection import named, selected
from plugins_app.admin.pages.common import reason_of
from plugins_app.admin.progress import in_progress
from plugins_app.admin.theme import safe_next
from plugins_app.core.registry import Progress
from plugins_app.services import bulk as services
from plugins_app.services import metrics, presentation, reach, sync
from plugins_app.services.bulk import Refusal
from plugins_app.services.catalogue import PluginView


@dataclass(frozen=True, slots=True)
class Action:
    verb: str
    busy: str
    permission: str
    effect: str
    danger: bool = False


ACTIONS = {
    "enable": Action("Enable", "Enabling…", SWITCH, "From now on callers can execute them."),
    "disable": Action(
        "Disable",
        "Disabling…",
        SWITCH,
        "From now on their callers get 409. Calls in flight finish. You can enable them again at "
        "any time.",
        danger=True,
    ),
    "reload": Action(
        "Reload",
        "Reloading…",
        RELOAD,
        "Their code, and that of their families and of whatever depends on them, is imported anew. "
        "Calls in flight finish on the old code; what does not load is refused, and its old "
        "version keeps serving.",
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@needs(VIEW)
def bulk(request: HttpRequest) -> HttpResponse:
    params = request.POST if request.method == "POST" else request.GET
    name = params.get("action", "")
    action = ACTIONS.get(name)
    if action and not request.user.has_perm(action.permission):
        return refusal(request, action.permission)
    chosen = selected(request, params) if action else []
    if not action or not chosen:
        messages.error(request, "Select plugins first, then choose what to do with them.")
        return _back(request)
    if request.method == "POST":
        return _do(request, name, chosen)
    return _ask(request, name, action, chosen)


def _ask(request: HttpRequest, name: str, action: Action, chosen: list[PluginView]) -> HttpResponse:
    names = [view.name for view in chosen]
    context: dict[str, Any] = {
        "title": f"{action.verb} plugins",
        "name": name,
        "action": action,
        "chosen": chosen,
        "names": " ".join(names),
        "next": safe_next(request, reverse("admin:marketplace")),
        "reach": reach.reach(names) if request.user.has_perm(METRICS) else None,
        "dependants": reach.dependants(names, caller(request)),
    }
    return render(request, "admin/plugins/bulk.html", context)


def _do(request: HttpRequest, name: str, chosen: list[PluginView]) -> HttpResponse:
    names = [view.name for view in chosen]
    missing = [each for each in named(request.POST) if each not in names]
    gone = tuple(Refusal(each, "There is no such plugin any more.") for each in missing)
    who, why = actor(request), reason_of(request)

    def work(progress: Progress) -> Panel:
        if name == "reload":
            done = services.reload(names, who, why, progress=progress)
        else:
            done = services.switch(names, who, why, enabled=name == "enable")
        return outcome.of_bulk(replace(done, failed=(*done.failed, *gone)))

    return in_progress(request, work)


@require_POST
@needs(RELOAD)
def discover(request: HttpRequest) -> HttpResponse:
    who = actor(request)
    return in_progress(
        request, lambda progress: outcome.of_discovery(sync.discover(who, progress=progress))
    )


@require_safe
@needs(VIEW)
def export(request: HttpRequest) -> HttpResponse:
    """What is selected, as a file: what the code declares, its state, the last day's figures."""
    may_see_metrics = request.user.has_perm(METRICS)
    called = metrics.totals() if may_see_metrics else None
    document = {
        "exported": timezone.now().isoformat(timespec="seconds"),
        "plugins": [presentation.exported(view, called) for view in selected(request, request.GET)],
    }
    response = JsonResponse(document, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="plugins.json"'
    return response


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(safe_next(request, reverse("admin:marketplace")))
