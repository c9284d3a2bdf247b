"""The execution log: lists, files of them, and how many runs are new."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from plugins_app.admin import exports
from plugins_app.admin.access import EXECUTIONS, actor, caller, needs, rights, user_id
from plugins_app.admin.pages.plugin import render_tab, tab
from plugins_app.admin.runs import listing
from plugins_app.admin.runs.address import Address, merged
from plugins_app.services import events
from plugins_app.services.audit import record
from plugins_app.services.catalogue import PluginView
from plugins_app.services.runs import pages, saved

LOGS = "admin:plugin-logs"
EXPORT = exports.Export(
    "executions",
    "executions",
    (
        "id", "started_at", "finished_at", "plugin", "version", "status", "error_code", "error",
        "duration_ms", "attempts", "cached", "caller", "caller_name", "source", "model",
        "request_id",
    ),
)  # fmt: skip


@require_safe
@needs(EXECUTIONS)
def execution_list(request: HttpRequest) -> HttpResponse:
    if (address := merged(request.GET)) is not None:
        return redirect(f"{request.path}{address.query}")
    context = listing.listing(caller(request), Address.of(request.GET))
    status = 400 if context["search"].mistakes else 200
    searches = saved.searches_of(user_id(request))
    context |= {"title": "Executions", "searches": searches, **rights(request)}
    return render(request, "admin/executions/list.html", context, status=status)


@require_safe
@needs(EXECUTIONS)
@tab
def plugin_logs(request: HttpRequest, view: PluginView) -> HttpResponse:
    if (address := merged(request.GET)) is not None:
        return redirect(f"{request.path}{address.query}")
    context = listing.listing(caller(request), Address.of(request.GET), view.name)
    if request.user.has_perm("plugins_app.view_auditevent"):
        context["events"] = events.of_plugin(view.name)
    status = 400 if context["search"].mistakes else 200
    return render_tab(request, view, LOGS, context, status)


@require_safe
@needs(EXECUTIONS)
def new_executions(request: HttpRequest) -> HttpResponse:
    """How many runs there are behind a mark, for pages that stay open."""
    address = Address.of(request.GET)
    plugin, mark = request.GET.get("of", "")[:160], request.GET.get("mark", "")[:26]
    search, span = listing.asked_for(address, plugin.replace("\0", ""))
    if search.mistakes or not mark.isalnum():
        return JsonResponse({"code": "invalid_search", "detail": "Not understood"}, status=400)
    count = pages.count_since(caller(request), search, span, mark)
    answer = {"count": count, "more": count == pages.MOST_NEW, "at": timezone.localtime()}
    return JsonResponse(answer)


@require_POST
@needs(EXECUTIONS)
def export_executions(request: HttpRequest) -> Any:
    address = Address.of(request.POST)
    plugin = request.POST.get("of", "").replace("\0", "")[:160]
    search, span = listing.asked_for(address, plugin)
    wanted = request.POST.get("format", "")
    if search.mistakes or wanted not in exports.FORMATS:
        return JsonResponse({"code": "invalid_search", "detail": "Not understood"}, status=400)
    asked = {"format": wanted, **address.parameters, **({"plugin": plugin} if plugin else {})}
    record(actor(request), "export", "executions", after=asked)
    found = pages.exported(caller(request), search, span)
    return exports.answer(request, EXPORT, wanted, found)
