"""Markdown that plugin authors wrote, as HTML that can do nothing but be read."""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_HEADINGS_BELOW = 2
"""A page's own headings come first: '# Title' of a text becomes its third level."""
_TAGS = {
    *("p", "em", "strong", "code", "pre", "blockquote", "hr", "br", "a"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
    *("h3", "h4", "h5", "h6"),
}
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def rendered(text: str) -> SafeString:
    """Raw HTML in the text is shown, not obeyed; links are http, https and mailto only."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1:]) + _HEADINGS_BELOW)}"
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return mark_safe(clean)  # noqa: S308  # nh3 let through only what stands above
