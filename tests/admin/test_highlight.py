from __future__ import annotations

import pytest

from plugins_app.admin.highlight import highlighted, plugin_name


def test_words_of_the_query_are_marked_whatever_their_case() -> None:
    assert highlighted("Official Pricing", "pric") == "Official <mark>Pric</mark>ing"


@pytest.mark.parametrize("query", ["", "script", "img", "'\"<>&", "[", "(", "\\", "*"])
def test_hostile_text_stays_text(query: str) -> None:
    shown = highlighted("<script>alert('x')</script><img src=x>", query)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "'" not in shown


def test_a_name_may_break_after_dots_and_underscores() -> None:
    assert plugin_name("a_b.c") == "a_<wbr>b.<wbr>c"
    assert plugin_name("<b>_") == "&lt;b&gt;_<wbr>"
