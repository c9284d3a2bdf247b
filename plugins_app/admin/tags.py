"""Template tags of the pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from plugins_app.admin import formats
from plugins_app.admin.badges import EXECUTIONS, Look
from plugins_app.admin.highlight import highlighted, plugin_name
from plugins_app.admin.navigation import Link, primary
from plugins_app.admin.sidebar import is_narrow
from plugins_app.admin.theme import theme_of
from plugins_app.admin.values import day, instant, moment, plugin_link
from plugins_app.models import Status

register = template.Library()
SHOWN_OF_COMMIT = 7
SPRITE = "vendor/lucide-1.62.0/sprite.svg"
ENVIRONMENTS = {"development": "Dev", "staging": "Staging", "production": "Prod"}

register.filter("number", formats.number)
register.filter("rate", formats.rate)
register.filter("milliseconds", formats.milliseconds)
register.filter("plural", formats.plural)
register.filter("short_id", formats.short_id)
register.simple_tag(highlighted, name="highlighted")
register.simple_tag(plugin_name, name="plugin_name")
register.simple_tag(moment, name="moment")
register.simple_tag(instant, name="instant")
register.simple_tag(plugin_link, name="plugin_link")
register.simple_tag(day, name="day")


@register.simple_tag
def icon(name: str) -> SafeString:
    """Decoration: the word stands beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static(SPRITE),
        name,
    )


@register.simple_tag
def sprite() -> str:
    """For scripts that draw icons."""
    return static(SPRITE)


@register.simple_tag
def badge(look: Look, detail: str = "") -> SafeString:
    words = f"{look.word}, {detail}" if detail else look.word
    return format_html(
        '<span class="badge badge-{}">{}{}</span>', look.tone, icon(look.icon), words
    )


@register.simple_tag
def execution_badge(status: str) -> SafeString:
    return badge(EXECUTIONS[Status(status)])


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any]) -> str:
    return theme_of(context["request"]) if "request" in context else "auto"


@register.simple_tag(takes_context=True)
def sidebar(context: dict[str, Any]) -> str:
    return "narrow" if "request" in context and is_narrow(context["request"]) else "wide"


@register.simple_tag(takes_context=True)
def primary_navigation(context: dict[str, Any]) -> list[Link]:
    return primary(context["request"])


@register.simple_tag
def environment() -> str:
    return ENVIRONMENTS[settings.ENVIRONMENT]


@register.simple_tag
def version() -> str:
    """'1.2.0', or '1.2.0 (5f3c2a1)' where the commit is known."""
    commit = settings.ZANTARA_COMMIT[:SHOWN_OF_COMMIT]
    return f"{settings.ZANTARA_VERSION} ({commit})" if commit else settings.ZANTARA_VERSION
