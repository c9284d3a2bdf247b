"""API keys. A secret is in one answer, to the POST that made it, and nowhere else: not in an
address, a cookie, a session, a log or a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from plugins_app.admin.access import CHANGE_KEYS, KEYS, NEW_KEYS, actor, caller, needs, rights
from plugins_app.admin.charts import asked_or_day, shells, toolbar
from plugins_app.admin.key_forms import (
    KeyForm,
    NewKeyForm,
    changes_of,
    first_values,
    values_of,
    words_of,
)
from plugins_app.admin.key_list import Address, Row, listing
from plugins_app.admin.pages.common import reason_of
from plugins_app.core.caller import Caller, matches
from plugins_app.core.errors import Forbidden
from plugins_app.models import ApiKey, User
from plugins_app.services import keys
from plugins_app.services.catalogue import visible_plugins
from plugins_app.services.key_usage import NONE, usage
from plugins_app.services.keys import KeyRefused, NewKey, state_of

CHARTS = ("key-calls", "key-plugins")
OVERLAPS = (
    ("0", "End the old secret at once", timedelta(0)),
    ("1h", "Keep the old secret for an hour", timedelta(hours=1)),
    ("24h", "Keep the old secret for a day", timedelta(hours=24)),
    ("7d", "Keep the old secret for a week", timedelta(days=7)),
)
NAMED = 5
Act = Callable[[HttpRequest, ApiKey], HttpResponse | None]


@require_safe
@needs(KEYS)
def key_list(request: HttpRequest) -> HttpResponse:
    found = listing(Address.of(request.GET), request.GET.get("page", ""))
    context = {"title": "API keys", "may_add": request.user.has_perm(NEW_KEYS), **found}
    return render(request, "admin/keys/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(NEW_KEYS)
def new_key(request: HttpRequest) -> HttpResponse:
    form = NewKeyForm(
        request.POST if request.method == "POST" else None,
        initial=first_values(),
        held=actor(request).scopes,
        owners=_owners(request),
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _secret(request, keys.create_key(actor(request), **form.cleaned_data))
        except (KeyRefused, Forbidden) as error:
            _blame(form, error)
    context = {"title": "Create an API key", "form": form, "matching": _matching(request, form)}
    return render(request, "admin/keys/create.html", context, status=400 if form.errors else 200)


@require_safe
@needs(KEYS)
def matching_plugins(request: HttpRequest) -> HttpResponse:
    """How many plugins a list of patterns names now, for forms that are being filled in."""
    names = _names(caller(request), words_of(request.GET.get("plugins", "")[:4000]))
    return JsonResponse({"count": len(names), "names": names[:NAMED]})


def _of_key(view: Callable[[HttpRequest, ApiKey], HttpResponse]) -> Callable[..., HttpResponse]:
    @needs(KEYS)
    @wraps(view)
    def found(request: HttpRequest, key_id: int) -> HttpResponse:
        key = ApiKey.objects.select_related("owner").filter(pk=key_id).first()
        if key is None:
            raise Http404(key_id)
        return view(request, key)

    return found


@require_http_methods(["GET", "HEAD", "POST"])
@_of_key
def key_page(request: HttpRequest, key: ApiKey) -> HttpResponse:
    return _change(request, key) if request.method == "POST" else _page(request, key)


@needs(CHANGE_KEYS)
def _change(request: HttpRequest, key: ApiKey) -> HttpResponse:
    form = KeyForm(request.POST, initial=values_of(key), held=actor(request).scopes)
    if not form.is_valid():
        return _page(request, key, form)
    try:
        changes, reason = changes_of(form, key), form.cleaned_data["reason"]
        changed = keys.change_key(actor(request), key, changes, reason)
    except (KeyRefused, Forbidden) as error:
        _blame(form, error)
        return _page(request, key, form)
    word = "is changed" if changed else "was left as it is"
    messages.success(request, f"The key {key.name!r} {word}.")
    return redirect("admin:api-key", key.pk)


def _acting(act: Act) -> Callable[..., HttpResponse]:
    """A POST about one key, that leads back to its page. What `act` answers itself goes out."""

    @require_POST
    @_of_key
    @needs(CHANGE_KEYS)
    @wraps(act)
    def acting(request: HttpRequest, key: ApiKey) -> HttpResponse:
        try:
            answer = act(request, key)
        except (KeyRefused, Forbidden) as error:
            messages.error(request, f"{error}.")
            answer = None
        return answer or redirect("admin:api-key", key.pk)

    return acting


@_acting
def disable(request: HttpRequest, key: ApiKey) -> None:
    if keys.disable_key(actor(request), key, reason_of(request)):
        messages.success(request, f"The key {key.name!r} is disabled: its callers get 401.")
    else:
        messages.warning(request, f"The key {key.name!r} did not work anyway.")


@_acting
def enable(request: HttpRequest, key: ApiKey) -> None:
    if keys.enable_key(actor(request), key, reason_of(request)):
        messages.success(request, f"The key {key.name!r} is enabled.")
    else:
        messages.warning(request, f"The key {key.name!r} was not disabled.")


@_acting
def revoke(request: HttpRequest, key: ApiKey) -> None:
    """For ever, so its name is typed."""
    if request.POST.get("confirm") != key.name:
        messages.error(request, f"Type the key's name, {key.name}, to revoke it.")
    elif not (reason := reason_of(request)):
        messages.error(request, "Say why the key is revoked: it stays in the audit trail.")
    elif keys.revoke_key(actor(request), key, reason):
        messages.success(request, f"The key {key.name!r} is revoked: callers get 401.")
    else:
        messages.warning(request, f"The key {key.name!r} was revoked already.")


@_acting
def rotate(request: HttpRequest, key: ApiKey) -> HttpResponse | None:
    """`name` says which secret is to be replaced: sent twice, it finds that key gone."""
    overlap = {name: span for name, _, span in OVERLAPS}.get(request.POST.get("overlap", ""))
    reason = reason_of(request)
    if overlap is None or not reason:
        messages.error(request, "Choose what happens to the old secret, and say why.")
        return None
    if request.POST.get("name") != key.name:
        messages.error(request, "This key was rotated or renamed meanwhile; nothing was done.")
        return None
    made = keys.rotate_key(actor(request), key, overlap=overlap, reason=reason)
    return _secret(request, made, overlap)


def _secret(request: HttpRequest, made: NewKey, overlap: timedelta | None = None) -> HttpResponse:
    """In this answer alone, which like all of the admin's may be stored by nobody."""
    context = {
        "title": "Store this key now",
        "key": made.key,
        "secret": made.secret,
        "old_ends": timezone.now() + overlap if overlap else None,
        "rotated": overlap is not None,
    }
    return render(request, "admin/keys/secret.html", context)


def _page(request: HttpRequest, key: ApiKey, form: KeyForm | None = None) -> HttpResponse:
    held = actor(request).scopes
    form = form or KeyForm(initial=values_of(key), held=held)
    row = Row(key, state_of(key), usage([key.prefix]).get(key.prefix, NONE))
    context = {
        "title": f"API key {key.name}",
        "form": form,
        "key": key,
        "row": row,
        "may_change": request.user.has_perm(CHANGE_KEYS),
        "holds_all": held >= set(key.scopes),
        "matching": _names(caller(request), key.plugins),
        "overlaps": OVERLAPS,
        **_charts(request, key),
        **rights(request),
    }
    return render(request, "admin/keys/detail.html", context, status=400 if form.errors else 200)


def _charts(request: HttpRequest, key: ApiKey) -> dict[str, Any]:
    asked, problem = asked_or_day(request.GET, key=key.prefix)
    return {"toolbar": toolbar(asked), "problem": problem, "charts": shells(CHARTS, asked)}


def _matching(request: HttpRequest, form: KeyForm) -> list[str]:
    return _names(caller(request), words_of(str(form["plugins"].value() or "")))


def _names(caller: Caller, globs: list[str]) -> list[str]:
    names = [plugin.name for plugin in visible_plugins(caller)]
    return [name for name in names if matches(name, globs)]


def _blame(form: KeyForm, error: KeyRefused | Forbidden) -> None:
    field = error.field if isinstance(error, KeyRefused) else "scopes"
    form.add_error(field or None, f"{error}.")


def _owners(request: HttpRequest) -> Any:
    """Everybody, for those who may see users; else themselves."""
    users = User.objects.filter(is_active=True).order_by("username")
    if request.user.has_perm("plugins_app.view_user"):
        return users
    return users.filter(pk=request.user.pk or 0)
