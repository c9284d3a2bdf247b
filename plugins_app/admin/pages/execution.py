"""One execution: what went in, what came out, and running it again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from plugins_app.admin.access import EXECUTE, EXECUTIONS, actor, caller, needs, refusal, rights
from plugins_app.admin.runs.detail import page_about, payload, serving
from plugins_app.admin.runs.log import Asked, log_of, text_of
from plugins_app.core.errors import InvalidInput, ZantaraError
from plugins_app.core.json_gate import MalformedJson, PayloadTooLarge, loads
from plugins_app.models import ExecutionLog
from plugins_app.services import executions, presentation
from plugins_app.services.runs.again import run_again

View = Callable[..., HttpResponse]


def _found(view: Callable[[HttpRequest, ExecutionLog], HttpResponse]) -> View:
    """For those who may see all runs, and for those who may execute theirs."""

    @wraps(view)
    def checked(request: HttpRequest, execution_id: str) -> HttpResponse:
        if not (request.user.has_perm(EXECUTIONS) or request.user.has_perm(EXECUTE)):
            return refusal(request, EXECUTIONS)
        odd = "\0" in execution_id or len(execution_id) > 26
        row = None if odd else executions.find(caller(request), execution_id)
        if row is None:
            context = {"title": "No such execution", "id": execution_id}
            return render(request, "admin/executions/not_found.html", context, status=404)
        return view(request, row)

    return checked


@require_safe
@_found
def execution(request: HttpRequest, row: ExecutionLog) -> HttpResponse:
    return _page(request, row)


def _page(request: HttpRequest, row: ExecutionLog, status: int = 200, **more: Any) -> HttpResponse:
    may = rights(request)
    base = request.build_absolute_uri("/").rstrip("/")
    for_staff = may["may_see_executions"]
    about = page_about(row, base, with_traceback=for_staff)
    log = log_of(row, Asked.of(request.GET)) if for_staff and row.lines else None
    context = {"title": f"Execution {row.pk}", "log": log, **about, **may, **more}
    return render(request, "admin/executions/detail.html", context, status=status)


@require_safe
@_found
def execution_json(request: HttpRequest, row: ExecutionLog) -> HttpResponse:
    """For a file: the run as the API tells it."""
    told = presentation.execution_in_detail(row, caller(request))
    told |= {name: getattr(payload(getattr(row, name)), "value", None) for name in _PAYLOADS}
    if not rights(request)["may_see_executions"]:
        told.pop("traceback", None)
    body = orjson.dumps(told, option=orjson.OPT_INDENT_2, default=str)
    response = HttpResponse(body, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="execution-{row.pk}.json"'
    return response


_PAYLOADS = ("input", "output")


@require_safe
@needs(EXECUTIONS)
@_found
def execution_log(request: HttpRequest, row: ExecutionLog) -> HttpResponse:
    """For a file: what the page shows, of all lines."""
    text = text_of(row, Asked.of(request.GET))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="execution-{row.pk}.log"'
    return response


@require_POST
@needs(EXECUTE)
@_found
def run_execution_again(request: HttpRequest, row: ExecutionLog) -> HttpResponse:
    """With what the form holds, or else with what was sent the first time."""
    typed = request.POST.get("input")
    plugin = serving(row)
    if plugin and plugin.metadata.destructive and request.POST.get("confirm") != row.plugin:
        return _refused(request, row, f"Type {row.plugin} to run it again.", typed)
    try:
        data = _original(row) if typed is None else loads(typed.encode("utf-8", "surrogatepass"))
    except (MalformedJson, PayloadTooLarge) as error:
        return _refused(request, row, f"{error}.", typed)
    done = run_again(row, data, caller=caller(request), actor=actor(request))
    if done.error and not done.admitted:
        return _refused(request, row, _told(done.error), typed)
    say = messages.success if done.error is None else messages.warning
    say(request, f"This is {row.pk}, run again.")
    return redirect("admin:execution", done.id)


def _told(error: ZantaraError) -> str:
    fields = error.fields if isinstance(error, InvalidInput) else ()
    return " ".join([f"{error}.", *(f"{each.pointer}: {each.message}." for each in fields)])


def _original(row: ExecutionLog) -> Any:
    """Raises MalformedJson where it is not there as it was sent."""
    sent = payload(row.input)
    if sent is None or not sent.complete:
        raise MalformedJson("Its input was not kept as it was sent")
    return sent.value


def _refused(request: HttpRequest, row: ExecutionLog, text: str, typed: str | None) -> HttpResponse:
    more = {} if typed is None else {"typed_input": typed}
    return _page(request, row, 400, problem=text, **more)
