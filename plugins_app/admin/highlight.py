"""Marking what a search has found, in text that may be hostile."""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from plugins_app.core.text import words


def plugin_name(name: str, query: str = "") -> SafeString:
    """The same for a name, which may break after a dot or an underscore."""
    marked = highlighted(name, query)
    return mark_safe(marked.replace(".", ".<wbr>").replace("_", "_<wbr>"))  # noqa: S308


def highlighted(text: str, query: str) -> SafeString:
    """The text, escaped, with the words of the query in <mark>."""
    wanted = sorted({re.escape(word) for word in words(query)}, key=len, reverse=True)
    return _marked(text, "|".join(wanted))


def found_in(text: str, needle: str) -> SafeString:
    """The text, escaped, with the needle in <mark> wherever it stands."""
    return _marked(text, re.escape(needle))


def _marked(text: str, pattern: str) -> SafeString:
    if not pattern:
        return SafeString(escape(text))
    parts = re.split(f"({pattern})", text, flags=re.IGNORECASE)
    return mark_safe(  # noqa: S308  (every part is escaped)
        "".join(f"<mark>{escape(p)}</mark>" if i % 2 else escape(p) for i, p in enumerate(parts))
    )
