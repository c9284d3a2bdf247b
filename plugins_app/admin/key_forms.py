"""What operators fill in for an API key. Scopes are checked again by the service."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from plugins_app.core.caller import Scope, model_family
from plugins_app.core.metadata import MODEL_FAMILIES
from plugins_app.models import ApiKey, User
from plugins_app.services.addresses import network_of
from plugins_app.services.keys import EDITABLE

EXPIRES_AFTER = timedelta(days=90)
MAX_GLOBS = 50
MAX_NETWORKS = 50
MAX_RATE = 1_000_000
_GLOB = re.compile(r"[A-Za-z0-9_.*?\[\]!-]{1,128}")

SCOPES = {
    Scope.LIST: "See plugins: lists, search, schemas and tool definitions.",
    Scope.EXECUTE: "Run plugins, and read its own runs.",
    Scope.METRICS: "Read counters, durations and the Prometheus page.",
    Scope.LOGS: "Read everybody's runs, with masked inputs and outputs.",
    Scope.RELOAD: "Load a plugin's code anew.",
    Scope.CONFIG: "Change limits, timeouts and other settings of plugins.",
    Scope.ADMIN: "Everything, including to enable and disable plugins.",
}


def words_of(text: str) -> list[str]:
    """Patterns or networks as people write them, with commas or spaces between."""
    return [each for each in re.split(r"[,\s]+", text) if each]


@dataclass(frozen=True, slots=True)
class ScopeBox:
    scope: str
    help: str
    chosen: bool
    held: bool
    """Whether the operator has it, and so may hand it out."""


class KeyForm(forms.Form):
    """`held`: the scopes of whoever fills it in."""

    name = forms.CharField(max_length=100, help_text="For whom or what it is, like 'webapp'.")
    scopes = forms.MultipleChoiceField(
        choices=[(str(scope), str(scope)) for scope in SCOPES],
        error_messages={"required": "Choose at least one scope."},
    )
    plugins = forms.CharField(
        max_length=4000,
        initial="*",
        help_text="Names with * for any characters, separated by commas or spaces. "
        "'*' alone is every plugin.",
    )
    model = forms.CharField(
        max_length=64,
        required=False,
        label="AI model",
        help_text="What calls with this key stand for, like 'claude-haiku'. Empty leaves it to "
        "the caller.",
    )
    rate_limit = forms.IntegerField(
        min_value=1,
        max_value=MAX_RATE,
        required=False,
        label="Rate limit",
        help_text="Calls per minute over all plugins. Empty is no limit of its own.",
    )
    networks = forms.CharField(
        max_length=2000,
        required=False,
        label="Only from",
        help_text="Addresses or networks, like '203.0.113.7' or '10.2.0.0/16', separated by commas "
        "or spaces. Empty is anywhere.",
    )
    expires = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Its last day.",
    )
    never = forms.BooleanField(
        required=False,
        label="It never expires",
        help_text="Then nobody is reminded to renew it: say why below.",
    )
    reason = forms.CharField(max_length=500, required=False, help_text="Kept in the audit trail.")

    def __init__(self, *args: Any, held: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = frozenset(held)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"

    @property
    def scope_boxes(self) -> list[ScopeBox]:
        chosen = set(map(str, self["scopes"].value() or ()))
        return [
            ScopeBox(str(scope), text, str(scope) in chosen, scope in self.held)
            for scope, text in SCOPES.items()
        ]

    @property
    def plain_fields(self) -> list[Any]:
        return [field for field in self if field.name not in {"scopes", "never"}]

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"]).strip()

    def clean_plugins(self) -> list[str]:
        globs = words_of(self.cleaned_data["plugins"])
        if wrong := [each for each in globs if not _GLOB.fullmatch(each)]:
            raise forms.ValidationError(f"{wrong[0]!r} is not a plugin name or a pattern of one.")
        if not globs or len(globs) > MAX_GLOBS:
            raise forms.ValidationError(f"Name 1 to {MAX_GLOBS} plugins or patterns.")
        return list(dict.fromkeys(globs))

    def clean_networks(self) -> list[str]:
        found = []
        for text in words_of(self.cleaned_data["networks"]):
            try:
                found.append(network_of(text))
            except ValueError as error:
                raise forms.ValidationError(f"{text!r} is not an address or a network.") from error
        if len(found) > MAX_NETWORKS:
            raise forms.ValidationError(f"Name at most {MAX_NETWORKS} networks.")
        return list(dict.fromkeys(found))

    def clean_model(self) -> str:
        model = str(self.cleaned_data["model"]).strip()
        if model and model_family(model) is None:
            known = ", ".join(MODEL_FAMILIES)
            raise forms.ValidationError(f"No plugin would allow it: it names none of {known}.")
        return model

    def clean_expires(self) -> datetime | None:
        """The end of that day. A day that was left alone may be over."""
        day = self.cleaned_data["expires"]
        if day is None:
            return None
        expires = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
        if expires <= timezone.now() and "expires" in self.changed_data:
            raise forms.ValidationError("This day is over.")
        return expires

    def clean_reason(self) -> str:
        return str(self.cleaned_data["reason"]).strip()

    def clean(self) -> dict[str, Any]:
        """Never is chosen, not forgotten."""
        cleaned = super().clean() or {}
        if cleaned.pop("never", False):
            cleaned["expires"] = None
            if "never" in self.changed_data and not cleaned.get("reason"):
                self.add_error("reason", "Say why it never expires.")
        elif "expires" not in self.errors and not cleaned.get("expires"):
            self.add_error("expires", "Choose its last day, or that it never expires.")
        return cleaned


class NewKeyForm(KeyForm):
    field_order = ("name", "scopes", "plugins", "owner")
    owner = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        empty_label="Nobody",
        help_text="The key ends when its owner is deactivated or deleted.",
    )

    def __init__(self, *args: Any, owners: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if owners is not None:
            self.fields["owner"].queryset = owners  # type: ignore[attr-defined]


def values_of(key: ApiKey) -> dict[str, Any]:
    """A key as the form shows it."""
    last_day = timezone.localtime(key.expires - timedelta(microseconds=1)) if key.expires else None
    return {
        "name": key.name,
        "scopes": key.scopes,
        "plugins": ", ".join(key.plugins),
        "model": key.model,
        "rate_limit": key.rate_limit,
        "networks": ", ".join(key.networks),
        "expires": last_day.date() if last_day else None,
        "never": last_day is None,
    }


def changes_of(form: KeyForm, key: ApiKey) -> dict[str, Any]:
    """Only what the operator changed: a date that was left alone keeps its time of day."""
    cleaned = form.cleaned_data
    changes = {name: cleaned[name] for name in form.changed_data if name in EDITABLE}
    if "never" in form.changed_data:
        changes["expires"] = cleaned["expires"]
    if "scopes" in form.cleaned_data:
        scopes = sorted(form.cleaned_data["scopes"])
        changes.pop("scopes", None)
        if scopes != sorted(key.scopes):
            changes["scopes"] = scopes
    return changes


def first_values() -> dict[str, Any]:
    return {
        "scopes": [Scope.LIST, Scope.EXECUTE],
        "plugins": "*",
        "expires": timezone.localdate() + EXPIRES_AFTER,
    }
