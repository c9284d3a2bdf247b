"""Values of rows as pages show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Field, ForeignKey, JSONField, Model, TextField
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst

from plugins_app.admin.formats import absolute, ago

NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a page about one row; `value` may be safe HTML."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Text that needs room: JSON, a traceback."""

    slug: str
    title: str
    text: str
    lead: str = ""
    danger: bool = False


def moment(value: datetime | None, otherwise: str = "never") -> str:
    """Relative, with the absolute time as its title; the page's script adds the local zone."""
    if value is None:
        return otherwise
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="milliseconds"),
        absolute(local),
        ago(local, timezone.localtime()),
    )


def instant(value: datetime | None) -> str:
    """To the second; for lists, where rows are compared."""
    if value is None:
        return NOTHING
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}">{}</time>',
        local.isoformat(timespec="milliseconds"),
        local.strftime("%Y-%m-%d %H:%M:%S"),
    )


def day(value: datetime) -> str:
    local = timezone.localtime(value)
    return format_html('<time datetime="{}">{}</time>', local.date().isoformat(), local.date())


def code(value: str) -> str:
    return format_html('<code class="wrap">{}</code>', value) if value else NOTHING


def plugin_link(name: str) -> str:
    """Its page answers also for plugins that are gone: with what is called alike."""
    if not name:
        return NOTHING
    try:
        url = reverse("admin:plugin-detail", args=[name])
    except NoReverseMatch:
        return name
    return format_html('<a href="{}">{}</a>', url, name)


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def pretty_text(text: str) -> str:
    """JSON that was stored as text; what is not JSON, as it is."""
    try:
        return pretty(json.loads(text))
    except ValueError:
        return text


def items(row: Model, without: tuple[str, ...] = ()) -> Iterator[Item]:
    """Every short field, in the model's order."""
    for field in row._meta.concrete_fields:
        if field.name not in without and not isinstance(field, JSONField | TextField):
            yield Item(_label(field), shown(row, field), str(field.help_text))


def blocks(row: Model, without: tuple[str, ...] = ()) -> Iterator[Block]:
    """Every long field that holds something."""
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.name in without or value in (None, ""):
            continue
        title = _label(field)
        if isinstance(field, JSONField):
            yield Block(field.name, title, pretty(value), str(field.help_text))
        elif isinstance(field, TextField):
            yield Block(field.name, title, value, str(field.help_text))


def _label(field: Field[Any, Any]) -> str:
    return capfirst(str(field.verbose_name))


def shown(row: Model, field: Field[Any, Any]) -> str:
    value = getattr(row, field.attname)
    if value is None or value == "":
        return NOTHING
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(field, ForeignKey):
        return str(getattr(row, field.name))
    return str(dict(field.flatchoices).get(value, value))
