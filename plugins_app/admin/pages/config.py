"""The page on which operators set limits over a plugin's own: entered, reviewed, saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from plugins_app.admin import plugin_settings
from plugins_app.admin.access import CONFIGURE, actor, caller, needs
from plugins_app.admin.pages.common import reason_of
from plugins_app.admin.pages.plugin import render_tab, tab
from plugins_app.admin.plugin_settings import FIELDS, Change
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.services import catalogue
from plugins_app.services.catalogue import PluginView
from plugins_app.services.overrides import (
    InvalidOverrides,
    StaleOverrides,
    fingerprint,
    overridden,
    set_overrides,
)
from plugins_app.services.reach import reach

STALE = (
    "Somebody else changed these settings since you opened them. Nothing was saved, and what you "
    "entered is still here: compare it with what is in force now, and save again."
)
SAME = "Nothing to save: these settings are in force already."
SAVED = "The settings of {} are saved: in force here now, on every server within a second."


@dataclass(frozen=True)
class Entry:
    """What an operator sent. `reset` names the one setting that goes back to the code."""

    values: dict[str, Any]
    reset: str = ""
    reason: str = ""
    seen: str = ""
    step: str = "save"
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: HttpRequest) -> Entry:
        values, reset = plugin_settings.entered(request.POST), request.POST.get("reset", "")
        return cls(
            values,
            reset=reset if reset in FIELDS else "",
            reason=reason_of(request),
            seen=request.POST.get("seen", ""),
            step=request.POST.get("step", "review" if reset else "save"),
        )

    @property
    def changes(self) -> dict[str, Any]:
        return {self.reset: None} if self.reset else plugin_settings.overrides_of(self.values)


@require_http_methods(["GET", "HEAD", "POST"])
@tab
def config(request: HttpRequest, view: PluginView) -> HttpResponse:
    return _take(request, view) if request.method == "POST" else _form(request, view)


@needs(CONFIGURE)
def _take(request: HttpRequest, view: PluginView) -> HttpResponse:
    entry = Entry.of(request)
    if entry.step == "edit":
        return _form(request, view, entry)
    try:
        return (
            _review(request, view, entry) if entry.step == "review" else _save(request, view, entry)
        )
    except InvalidOverrides as error:
        entry.errors.update(error.fields)
        return _form(request, view, entry, status=400)
    except StaleOverrides:
        fresh = catalogue.view(caller(request), view.name)
        return _form(request, fresh, entry, notice=STALE, status=409)


def _save(request: HttpRequest, view: PluginView, entry: Entry) -> HttpResponse:
    set_overrides(view.name, entry.changes, actor(request), entry.reason, seen=entry.seen)
    messages.success(request, SAVED.format(view.name))
    return redirect("admin:plugin-config", view.name)


def _review(request: HttpRequest, view: PluginView, entry: Entry) -> HttpResponse:
    """What would change, before it does."""
    if not (changes := _changes(view, entry)):
        return _form(request, view, entry, notice=SAME)
    context = {"changes": changes, "entry": entry, "reach": reach([view.name]), "chosen": [view]}
    return render_tab(request, view, "admin:plugin-config", _context(view, entry) | context)


def _changes(view: PluginView, entry: Entry) -> list[Change]:
    plugin: LoadedPlugin | None = view.loaded
    wanted = overridden(_stored(view), entry.changes, seen=entry.seen)
    if plugin is None:
        return []
    after = plugin.under(wanted, enabled=plugin.enabled, config_generation=plugin.config_generation)
    return list(plugin_settings.changes(plugin, after))


def _form(
    request: HttpRequest,
    view: PluginView,
    entry: Entry | None = None,
    *,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    stale = status == HTTPStatus.CONFLICT
    context = _context(view, entry) | {"notice": notice, "stale": stale}
    return render_tab(request, view, "admin:plugin-config", context, status)


def _context(view: PluginView, entry: Entry | None) -> dict[str, Any]:
    stored = _stored(view)
    shown = plugin_settings.stored_as_entered(stored) | (entry.values if entry else {})
    errors = entry.errors if entry else {}
    return {
        "settings": (
            plugin_settings.settings_of(view.loaded, stored, shown, errors) if view.loaded else []
        ),
        "errors": errors,
        "reason": entry.reason if entry else "",
        "seen": fingerprint(stored),
        "pinned": view.row.pinned_version if view.row else "",
    }


def _stored(view: PluginView) -> dict[str, Any]:
    return dict(view.row.overrides) if view.row else {}
