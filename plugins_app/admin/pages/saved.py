"""Keeping a search of the executions, and giving it up."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from plugins_app.admin.access import EXECUTIONS, needs, user_id
from plugins_app.admin.runs.address import Address
from plugins_app.admin.theme import safe_next
from plugins_app.services.runs import saved


@require_POST
@needs(EXECUTIONS)
def save_search(request: HttpRequest) -> HttpResponse:
    address = Address.of(request.POST)
    name = request.POST.get("name", "").replace("\0", "").strip()
    try:
        made = saved.save(user_id(request), name, address.saved_query)
    except saved.NotSaved as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('admin:executions')}{address.query}")
    messages.success(request, f"Saved as {made.name}.")
    return redirect(f"{reverse('admin:executions')}?{made.query}")


@require_POST
@needs(EXECUTIONS)
def delete_search(request: HttpRequest, search_id: int) -> HttpResponse:
    if name := saved.delete(user_id(request), search_id):
        messages.success(request, f"The saved search {name} is deleted.")
    return redirect(safe_next(request, reverse("admin:executions")))
