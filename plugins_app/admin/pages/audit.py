"""The audit trail: the list, one event, and files of events. Nothing here changes any of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from plugins_app.admin import exports
from plugins_app.admin.access import AUDIT, actor, needs
from plugins_app.admin.trail.address import Address
from plugins_app.admin.trail.diff import changes
from plugins_app.admin.trail.rows import row, rows
from plugins_app.models import AuditEvent, AuditHead
from plugins_app.models.audit_chain import FIELDS
from plugins_app.services import audit_search
from plugins_app.services.audit import record
from plugins_app.services.audit_actions import ACTIONS, SOURCES, families
from plugins_app.services.keyset import WINDOW, key_of

EXPORT = exports.Export("audit", "events", (*FIELDS, "previous", "hash"))


@require_safe
@needs(AUDIT)
def audit_list(request: HttpRequest) -> HttpResponse:
    address = Address.of(request.GET)
    before, after = (key_of(AuditEvent, request.GET.get(name, "")) for name in ("before", "after"))
    page = audit_search.found(address.search, before=before, after=after)
    context = {
        "title": "Audit trail",
        "address": address,
        "rows": rows(page.rows, address),
        "page": page,
        "scanned": WINDOW,
        "newest": address.query() if before or after else "",
        "newer": address.query(after=page.newer) if page.newer is not None else "",
        "older": address.query(before=page.older) if page.older is not None else "",
        "spans": list(address.spans()),
        "actions": ACTIONS,
        "families": families(),
        "sources": SOURCES,
        "head": AuditHead.objects.filter(pk=1).first(),
        "exported": audit_search.MOST_EXPORTED,
    }
    status = 400 if address.mistakes else 200
    return render(request, "admin/audit/list.html", context, status=status)


@require_safe
@needs(AUDIT)
def audit_event(request: HttpRequest, event_id: int) -> HttpResponse:
    event = AuditEvent.objects.filter(pk=min(event_id, 2**63 - 1)).first()
    if event is None:
        raise Http404(event_id)
    older, newer = audit_search.neighbours(event)
    lines = changes(event.before, event.after)
    context = {
        "title": f"Event {event.id}",
        "row": rows([event])[0],
        "event": event,
        "changed": [line for line in lines if line.kind != "same"],
        "same": [line for line in lines if line.kind == "same"],
        "older": older,
        "newer": newer,
        "content_holds": event.computed_hash() == event.hash,
        "place_holds": older is None or older.hash == event.previous,
        "same_request": [row(each) for each in audit_search.same_request(event)],
        "executions": _executions(event),
        "may_see_executions": request.user.has_perm("plugins_app.view_executionlog"),
    }
    return render(request, "admin/audit/detail.html", context)


def _executions(event: AuditEvent) -> str:
    """The list of those that the same request made."""
    asked = urlencode({"q": f"request:{event.request_id}"})
    return f"{reverse('admin:executions')}?{asked}"


@require_POST
@needs(AUDIT)
def export_audit(request: HttpRequest) -> Any:
    address = Address.of(request.POST)
    wanted = request.POST.get("format", "")
    if address.mistakes or wanted not in exports.FORMATS:
        return JsonResponse({"code": "invalid_search", "detail": "Not understood"}, status=400)
    asked = {"format": wanted, **address.given}
    noted = record(actor(request), "export", "audit", after=asked)
    found = audit_search.exported(address.search, up_to=noted.id - 1)
    return exports.answer(request, EXPORT, wanted, found)
