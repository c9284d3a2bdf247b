"""What is written about a plugin, and how it is called from elsewhere."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.admin.markdown import rendered
from plugins_app.services import sync
from plugins_app.services.audit import CLI
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

PAGE = f"/admin/plugins/{PRICING}/docs/"
SOURCE = '''
"""# Echoes

Says **back** what it hears. <script>alert(1)</script>

| in | out |
|---|---|
| a | a |
"""
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput


class Echo(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="pages.echo", requires_auth=True, rate_limit=7)

    async def execute(self, input_data):
        return PluginOutput()
'''


def code(body: str, slug: str) -> str:
    found = re.search(rf'id="code-{slug}".*?<code>(.*?)</code>', body, re.DOTALL)
    assert found
    return unescape(found[1])


def test_the_authors_text_is_shown_and_its_markup_obeyed(family: Path, admin: Client) -> None:
    (family / "echo.py").write_text(SOURCE)
    sync.discover(CLI)
    body = admin.get("/admin/plugins/pages.echo/docs/").content.decode()
    assert "<h3>Echoes</h3>" in body
    assert "<strong>back</strong>" in body
    assert "<th>in</th>" in body
    assert "<script>alert" not in body
    assert "More than 7 calls in a minute." in body
    assert "unauthenticated" in body


def test_every_failure_has_a_page_that_explains_it(admin: Client) -> None:
    links = re.findall(r'href="(/problems/[^"]+)"', admin.get(PAGE).content.decode())
    assert len(links) >= 5
    assert {admin.get(link).status_code for link in links} == {200}


def test_samples_are_valid_in_their_languages(admin: Client) -> None:
    body = admin.get(PAGE).content.decode()
    compile(code(body, "python"), "sample", "exec")
    assert json.loads(code(body, "anthropic"))["name"] == "bali_zero__pricing"
    assert json.loads(code(body, "openai"))["function"]["name"] == "bali_zero__pricing"
    assert "await fetch(" in code(body, "javascript")


def test_a_plugin_that_needs_a_key_takes_it_from_the_environment(
    family: Path, admin: Client
) -> None:
    (family / "echo.py").write_text(SOURCE)
    sync.discover(CLI)
    body = admin.get("/admin/plugins/pages.echo/docs/").content.decode()
    for slug in ("curl", "python", "javascript"):
        assert "ZANTARA_API_KEY" in code(body, slug)
    compile(code(body, "python"), "sample", "exec")


def test_what_does_not_load_has_no_docs_tab(family: Path, admin: Client) -> None:
    (family / "broken_plugin.py").write_text("import no_such_module_at_all\n")
    sync.discover(CLI)
    listed = admin.get("/admin/plugins/?status=load_error").content.decode()
    name = re.search(r'aria-labelledby="card-([^"]+)"', listed)
    assert name
    page = admin.get(f"/admin/plugins/{name[1]}/")
    assert ">Docs</a>" not in page.content.decode()
    assert "not loaded" in text(admin.get(f"/admin/plugins/{name[1]}/docs/"))


@pytest.mark.parametrize(
    ("written", "absent"),
    [
        ("[x](javascript:alert(1))", "href"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("![x](http://elsewhere.example/x.png)", "<img"),
        ("<a href='//x' onclick='y'>z</a>", "<a"),
    ],
)
def test_nothing_that_can_act_is_let_through(written: str, absent: str) -> None:
    assert absent not in rendered(written).replace("&lt;", "")


@given(st.text(max_size=300))
def test_any_text_becomes_tags_that_are_allowed(written: str) -> None:
    tags = set(re.findall(r"<(?!/)(\w+)", rendered(written)))
    assert tags <= {
        *("p", "em", "strong", "code", "pre", "blockquote", "hr", "br", "a", "ul", "ol", "li"),
        *("table", "thead", "tbody", "tr", "th", "td", "h3", "h4", "h5", "h6"),
    }
