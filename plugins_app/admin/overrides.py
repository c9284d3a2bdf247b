"""The page on which operators set limits over a plugin's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from plugins_app.admin.access import CONFIGURE, VIEW, actor, caller, needs, rights
from plugins_app.admin.facts import rate_limit
from plugins_app.admin.formats import span
from plugins_app.admin.views import or_not_found, reason_of
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import MAX_RATE_LIMIT, PluginMetadata
from plugins_app.services import catalogue
from plugins_app.services.catalogue import PluginView
from plugins_app.services.overrides import (
    InvalidOverrides,
    StaleOverrides,
    fingerprint,
    set_overrides,
)

FIELDS = ("rate_limit", "timeout", "cache_ttl", "visibility")
VISIBILITIES = (
    ("public", "Everybody, as far as the plugin allows"),
    ("authenticated", "Users and API keys"),
    ("staff", "Staff only"),
)
STALE = (
    "Somebody else changed these settings since you opened them. Nothing was saved, and what you "
    "entered is still here: compare it with what is in force now, and save again."
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One override as the form shows it. `value` is what stands in the input."""

    name: str
    label: str
    unit: str
    help: str
    default: str
    in_force: str
    overridden: bool
    value: str
    error: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def describedby(self) -> str:
        ids = [f"{self.name}-facts", f"{self.name}-help"]
        return " ".join([*ids, f"{self.name}-error"] if self.error else ids)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(VIEW)
@or_not_found
def overrides(request: HttpRequest, name: str) -> HttpResponse:
    view = catalogue.view(caller(request), name)
    if request.method == "POST":
        return _save(request, view)
    if view.name != name:
        return redirect("admin:plugin-overrides", view.name)
    return _page(request, view)


@needs(CONFIGURE)
def _save(request: HttpRequest, view: PluginView) -> HttpResponse:
    entered = {name: _text(request, name) for name in FIELDS}
    reset = request.POST.get("reset", "")
    changes = {reset: None} if reset in FIELDS else _changes(entered)
    seen = request.POST.get("seen", "")
    try:
        set_overrides(view.name, changes, actor(request), reason_of(request), seen=seen)
    except InvalidOverrides as error:
        return _page(request, view, entered, errors=error.fields, status=400)
    except StaleOverrides:
        fresh = catalogue.view(caller(request), view.name)
        return _page(request, fresh, entered, notice=STALE, status=409)
    messages.success(request, f"The settings of {view.name} are saved, and in force.")
    return redirect("admin:plugin-overrides", view.name)


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\0", "").strip()[:40]


def _changes(entered: Mapping[str, str]) -> dict[str, str | None]:
    return {name: text or None for name, text in entered.items()}


def _page(
    request: HttpRequest,
    view: PluginView,
    entered: Mapping[str, str] | None = None,
    *,
    errors: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    stored = view.row.overrides if view.row else {}
    shown = {name: _as_entered(stored.get(name)) for name in FIELDS} | dict(entered or {})
    context = {
        "title": f"Settings of {view.name}",
        "view": view,
        "settings": _settings(view.loaded, stored, shown, errors or {}) if view.loaded else [],
        "errors": errors or {},
        "notice": notice,
        "seen": fingerprint(stored),
        "pinned": view.row.pinned_version if view.row else "",
        **rights(request),
    }
    return render(request, "admin/plugins/overrides.html", context, status=status)


def _as_entered(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _settings(
    plugin: LoadedPlugin,
    stored: Mapping[str, Any],
    shown: Mapping[str, str],
    errors: Mapping[str, str],
) -> list[Setting]:
    texts = {
        "rate_limit": (
            "Rate limit",
            "calls / min",
            f"Per caller, 1 to {MAX_RATE_LIMIT:,}. 0 switches the limit off.",
        ),
        "timeout": ("Timeout", "seconds", "For one attempt; more than 0."),
        "cache_ttl": ("Cache", "seconds", _cache_help(plugin.declared)),
        "visibility": ("Visibility", "", "Who finds the plugin at all."),
    }
    code, now = _values(plugin.declared), _values(plugin.metadata)
    return [
        Setting(
            name=name,
            label=label,
            unit=unit,
            help=text,
            default=code.get(name, "public"),
            in_force=now.get(name, plugin.visibility),
            overridden=stored.get(name) is not None,
            value=shown[name],
            error=errors.get(name, ""),
            options=VISIBILITIES if name == "visibility" else (),
        )
        for name, (label, unit, text) in texts.items()
    ]


def _cache_help(declared: PluginMetadata) -> str:
    if not declared.read_only:
        return "Without effect here: the plugin changes data, so its answers are never reused."
    return "How long an answer may be reused. 0 switches the cache off."


def _values(metadata: PluginMetadata) -> dict[str, str]:
    return {
        "rate_limit": rate_limit(metadata),
        "timeout": span(metadata.attempt_timeout),
        "cache_ttl": span(metadata.cache_ttl) if metadata.cache_ttl else "Off",
    }
