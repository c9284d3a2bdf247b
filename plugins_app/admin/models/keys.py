"""API keys. A secret is in one answer, to the POST that made it, and nowhere else: not in an
address, a cookie, a session, a log or a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from plugins_app.admin.access import actor, caller
from plugins_app.admin.badges import Look
from plugins_app.admin.key_forms import (
    KeyForm,
    NewKeyForm,
    changes_of,
    first_values,
    values_of,
)
from plugins_app.admin.models.base import Titled
from plugins_app.admin.tags import badge
from plugins_app.admin.values import moment
from plugins_app.core.errors import Forbidden
from plugins_app.models import ApiKey, User
from plugins_app.services import keys
from plugins_app.services.catalogue import visible_plugins
from plugins_app.services.keys import KeyRefused, NewKey

MAX_REASON = 500
OVERLAPS = (
    ("0", "End the old secret at once", timedelta(0)),
    ("1h", "Keep the old secret for an hour", timedelta(hours=1)),
    ("24h", "Keep the old secret for a day", timedelta(hours=24)),
    ("7d", "Keep the old secret for a week", timedelta(days=7)),
)
STATES = {
    "active": Look("Active", "circle-check", "ok"),
    "expired": Look("Expired", "clock", "warn"),
    "revoked": Look("Revoked", "ban", "off"),
}


def state_of(key: ApiKey) -> str:
    return str(keys.describe_key(key)["state"])


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, look.word) for state, look in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        expired = Q(expires__lte=timezone.now())
        wanted = {
            "active": Q(revoked=None) & ~expired,
            "expired": Q(revoked=None) & expired,
            "revoked": Q(revoked__isnull=False),
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))


@admin.register(ApiKey)
class ApiKeyAdmin(Titled, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        "name",
        "shown_state",
        "shown_prefix",
        "shown_scopes",
        "shown_plugins",
        "owner",
        "shown_last_used",
        "shown_expires",
    )
    list_filter = (StateFilter,)
    list_select_related = ("owner",)
    list_per_page = 50
    search_fields = ("name", "prefix", "owner__username")
    show_facets = admin.ShowFacets.NEVER
    actions = None

    @admin.display(description="state")
    def shown_state(self, key: ApiKey) -> str:
        return badge(STATES[state_of(key)])

    @admin.display(description="prefix")
    def shown_prefix(self, key: ApiKey) -> str:
        return format_html('<code class="nowrap">{}…</code>', key.prefix)

    @admin.display(description="scopes")
    def shown_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="plugins")
    def shown_plugins(self, key: ApiKey) -> str:
        return "all" if "*" in key.plugins else ", ".join(key.plugins)

    @admin.display(description="last used", ordering="last_used")
    def shown_last_used(self, key: ApiKey) -> str:
        return moment(key.last_used)

    @admin.display(description="expires", ordering="expires")
    def shown_expires(self, key: ApiKey) -> str:
        """Its last day."""
        if key.expires is None:
            return "never"
        last = timezone.localtime(key.expires - timedelta(microseconds=1))
        return format_html('<span class="nowrap">{}</span>', last.date())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The trail of what a key did would lose its name: keys are revoked."""
        return False

    def get_urls(self) -> list[URLPattern]:
        def verb(name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            checked: Callable[..., HttpResponse] = self.admin_site.admin_view(view)
            return path(f"<path:object_id>/{name}/", checked, name=f"plugins_app_apikey_{name}")

        return [verb("revoke", self.revoke), verb("rotate", self.rotate), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewKeyForm(
            request.POST if request.method == "POST" else None,
            initial=first_values(),
            held=actor(request).scopes,
            owners=_owners(request),
        )
        if request.method == "POST" and form.is_valid():
            try:
                return self._secret(request, _made(request, form))
            except (KeyRefused, Forbidden) as error:
                _blame(form, error)
        return self._form_page(request, form, "Create an API key", 400 if form.errors else 200)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        key = self._key(request, object_id, changing=request.method == "POST")
        form = KeyForm(
            request.POST if request.method == "POST" else None,
            initial=values_of(key),
            held=actor(request).scopes,
        )
        if request.method == "POST" and form.is_valid():
            try:
                changed = keys.change_key(actor(request), key, changes_of(form, key))
            except (KeyRefused, Forbidden) as error:
                _blame(form, error)
            else:
                word = "is changed" if changed else "was left as it is"
                messages.success(request, f"The key {key.name!r} {word}.")
                return redirect(_page_of(key))
        return self._key_page(request, key, form)

    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self._key(request, object_id, changing=True)
        if not (reason := _reason(request)):
            messages.error(request, "Say why the key is revoked: it stays in the audit trail.")
        elif keys.revoke_key(actor(request), key, reason):
            messages.success(request, f"The key {key.name!r} is revoked: callers get 401.")
        else:
            messages.warning(request, f"The key {key.name!r} was revoked already.")
        return redirect(_page_of(key))

    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """`prefix` and `name` say which secret is to be replaced: sent twice, the second finds
        that key replaced."""
        key = self._key(request, object_id, changing=True)
        overlap = {name: span for name, _, span in OVERLAPS}.get(request.POST.get("overlap", ""))
        reason = _reason(request)
        if overlap is None or not reason:
            messages.error(request, "Choose what happens to the old secret, and say why.")
        elif request.POST.get("name") != key.name:
            messages.error(request, "This key was rotated or renamed meanwhile; nothing was done.")
        else:
            try:
                made = keys.rotate_key(actor(request), key, overlap=overlap, reason=reason)
                return self._secret(request, made, overlap)
            except (KeyRefused, Forbidden) as error:
                messages.error(request, f"{error}.")
        return redirect(_page_of(key))

    def _key(self, request: HttpRequest, object_id: str, *, changing: bool) -> ApiKey:
        if changing and request.method != "POST":
            raise PermissionDenied
        allowed = self.has_change_permission if changing else self.has_view_permission
        if not allowed(request):
            raise PermissionDenied
        key = self.get_object(request, unquote(object_id))
        if key is None:
            raise Http404
        return key  # type: ignore[no-any-return]

    def _secret(
        self, request: HttpRequest, made: NewKey, overlap: timedelta | None = None
    ) -> HttpResponse:
        """In this answer alone, which like all of the admin's may be stored by nobody."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Store this key now",
            "key": made.key,
            "secret": made.secret,
            "old_ends": timezone.now() + overlap if overlap else None,
            "rotated": overlap is not None,
            "listed_at": _list(),
        }
        return TemplateResponse(request, "admin/keys/secret.html", context)

    def _form_page(
        self, request: HttpRequest, form: KeyForm, title: str, status: int, **more: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "form": form,
            "listed_at": _list(),
            **more,
        }
        template = "admin/keys/detail.html" if "key" in more else "admin/keys/create.html"
        return TemplateResponse(request, template, context, status=status)

    def _key_page(self, request: HttpRequest, key: ApiKey, form: KeyForm) -> HttpResponse:
        state = state_of(key)
        matching = [
            plugin.name
            for plugin in visible_plugins(caller(request))
            if any(fnmatchcase(plugin.name, glob) for glob in key.plugins)
        ]
        return self._form_page(
            request,
            form,
            f"API key {key.name}",
            400 if form.errors else 200,
            key=key,
            look=STATES[state],
            usable=key.revoked is None,
            may_change=self.has_change_permission(request),
            holds_all=actor(request).scopes >= set(key.scopes),
            may_see_audit=request.user.has_perm("plugins_app.view_auditevent"),
            may_see_executions=request.user.has_perm("plugins_app.view_executionlog"),
            matching=matching,
            audit_subject=f"key:{key.name}",
            overlaps=OVERLAPS,
        )


def _made(request: HttpRequest, form: NewKeyForm) -> NewKey:
    return keys.create_key(actor(request), **form.cleaned_data)


def _blame(form: KeyForm, error: KeyRefused | Forbidden) -> None:
    field = error.field if isinstance(error, KeyRefused) else "scopes"
    form.add_error(field or None, f"{error}.")


def _owners(request: HttpRequest) -> QuerySet[User]:
    """Everybody, for those who may see users; else themselves."""
    users = User.objects.filter(is_active=True).order_by("username")
    if request.user.has_perm("plugins_app.view_user"):
        return users
    return users.filter(pk=request.user.pk or 0)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\0", "").strip()[:MAX_REASON]


def _list() -> str:
    return reverse("admin:plugins_app_apikey_changelist")


def _page_of(key: ApiKey) -> str:
    return reverse("admin:plugins_app_apikey_change", args=[key.pk])
