"""Calling a plugin by hand. With a script the page calls the API itself, as any client does;
without one this view does, from a JSON text."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from plugins_app.admin.access import caller, rights
from plugins_app.admin.form_fields import form_fields
from plugins_app.admin.pages.plugin import render_tab, tab
from plugins_app.core.caller import Caller, Scope
from plugins_app.core.execution import Execution
from plugins_app.core.executor import to_output
from plugins_app.core.json_gate import loads
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.masking import MASK
from plugins_app.services import executions
from plugins_app.services.catalogue import PluginView
from plugins_app.services.execute import execute_and_wait

HISTORY = 20
MAX_PREFILL = 16_384
ROUTE = "admin:plugin-try"


@require_http_methods(["GET", "HEAD", "POST"])
@tab
def try_it(request: HttpRequest, view: PluginView) -> HttpResponse:
    who, plugin = caller(request), view.loaded
    if plugin is None:
        return render_tab(request, view, ROUTE, {"refusal": "The plugin is not loaded."})
    if refusal := _refusal(who, plugin):
        return render_tab(request, view, ROUTE, {"refusal": refusal}, _status(request))
    if request.method == "POST":
        return _run(request, view, plugin, who)
    return _page(request, view, plugin, _prefilled(request, plugin))


def _refusal(who: Caller, plugin: LoadedPlugin) -> str:
    """Why this user cannot call it; empty where they can."""
    if not who.may(Scope.EXECUTE):
        return "Calling plugins needs the permission plugins_app.execute_plugin."
    if plugin.metadata.requires_admin and not who.is_admin:
        return "Only administrators may call it."
    return "" if plugin.enabled else "It is disabled: callers get 409 until it is enabled again."


def _status(request: HttpRequest) -> int:
    return 403 if request.method == "POST" else 200


def _run(request: HttpRequest, view: PluginView, plugin: LoadedPlugin, who: Caller) -> HttpResponse:
    """Without a script."""
    text = request.POST.get("input", "")
    if plugin.metadata.destructive and request.POST.get("confirm", "") != view.name:
        problem = f"It may delete or overwrite something: type {view.name} to confirm."
        return _page(request, view, plugin, text, problem, status=400)
    try:
        data = loads(text.encode())
    except ValueError as error:
        return _page(request, view, plugin, text, str(error), status=400)
    execution = execute_and_wait(
        view.name,
        data,
        caller=who,
        source="admin",
        request_id=getattr(request, "request_id", ""),
        use_cache=request.POST.get("use_cache") == "on",
    )
    return _page(request, view, plugin, text, execution=execution)


def _page(
    request: HttpRequest,
    view: PluginView,
    plugin: LoadedPlugin,
    text: str,
    problem: str = "",
    *,
    execution: Execution | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "text": text,
        "problem": problem,
        "failed": bool(problem),
        "form_fields": json.dumps(form_fields(plugin.input_schema)),
        "examples": [
            {"title": each.title or "Example", "json": json.dumps(each.input)}
            for each in plugin.metadata.examples
        ],
        "history": _history(request, view, caller(request)),
        "caches": plugin.metadata.cache_ttl is not None,
        "destructive": plugin.metadata.destructive,
        "timeout": plugin.metadata.call_timeout,
        "result": _result(execution) if execution else None,
    }
    return render_tab(request, view, ROUTE, context, status)


def _history(request: HttpRequest, view: PluginView, who: Caller) -> list[dict[str, Any]]:
    """What this user sent lately. Inputs with something hidden in them cannot be sent again."""
    if not rights(request)["may_see_executions"]:
        return []
    rows = executions.inputs_of(view.name, who.id, HISTORY)
    return [
        {"at": row.started_at, "status": row.status, "input": row.input}
        for row in rows
        if row.input and MASK not in row.input and '"truncated":true' not in row.input
    ]


def _result(execution: Execution) -> dict[str, Any]:
    output = to_output(execution)
    shown = {"success": output.success, "data": output.data, "error": output.error}
    return {
        "status": execution.status.value,
        "duration_ms": execution.duration * 1000,
        "cached": execution.cached,
        "id": execution.id if execution.admitted else "",
        "body": json.dumps(shown, indent=2, ensure_ascii=False),
        "error": output.error or "",
    }


def _prefilled(request: HttpRequest, plugin: LoadedPlugin) -> str:
    """Of `?input=`, which is base64url JSON; else the first example, else nothing."""
    sent = request.GET.get("input", "")[:MAX_PREFILL]
    try:
        given = loads(urlsafe_b64decode(sent + "=" * (-len(sent) % 4))) if sent else None
    except ValueError:  # neither base64 nor JSON
        given = None
    if given is None:
        examples = plugin.metadata.examples
        given = examples[0].input if examples else {}
    return json.dumps(given, indent=2, ensure_ascii=False)
