"""The strict Content-Security-Policy, and nothing that it would have to allow, on every page."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib import admin as django_admin
from django.test import Client
from django.urls import reverse

from plugins_app.admin.pages import marketplace
from tests.admin.conftest import PRICING
from tests.admin.test_models import rows

__all__ = ["rows"]

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+\s*=|javascript:", re.IGNORECASE
)
ELSEWHERE = re.compile(r'(?:src|href|action)="(?:https?:)?//')
OWN = [
    "/admin/",
    "/admin/health/",
    "/admin/plugins/",
    "/admin/plugins/?q=nothing",
    f"/admin/plugins/{PRICING}/",
    f"/admin/plugins/{PRICING}/config/",
    f"/admin/plugins/{PRICING}/docs/",
    f"/admin/plugins/{PRICING}/logs/",
    "/admin/executions/",
    "/admin/executions/?group=error",
    "/admin/executions/?q=no:key",
    f"/admin/plugins/{PRICING}/try/",
    f"/admin/plugins/{PRICING}/versions/",
    "/admin/plugins/no.such/",
    "/admin/data/",
    "/admin/plugins_app/",
    "/admin/auth/",
    "/admin/password_change/",
    "/admin/password_change/done/",
    "/no/such/page",
]
API = ["/api/plugins/list", "/api/plugins/health", "/api/no/such", "/livez", "/readyz", "/metrics"]


def check(response: Any) -> None:
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in f"{policy};"
    assert "unsafe-" not in policy
    if response["Content-Type"].startswith("text/html"):
        body = response.content.decode()
        # Texts that people wrote are shown escaped: what is left between < and > is ours.
        markup = " ".join(re.findall(r"<[^>]*>", body))
        assert INLINE.findall(markup) == []
        assert ELSEWHERE.findall(markup) == []


def stock_pages() -> list[str]:
    """Every page of every model: with the first row where it is about one."""
    pages = []
    for model in django_admin.site._registry:
        start = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.first()
        assert row is not None
        pages += [reverse(f"{start}_changelist"), reverse(f"{start}_add")]
        pages += [
            reverse(f"{start}_{page}", args=[row.pk]) for page in ("change", "delete", "history")
        ]
    return pages


def test_every_page_of_the_admin(rows: None, admin: Client) -> None:
    for path in [*OWN, *stock_pages()]:
        response = admin.get(path, follow=True)
        assert response.status_code in {200, 400, 403, 404}, path
        check(response)


def test_pages_for_nobody(engine: object, client: Client) -> None:
    for path in ("/admin/login/", "/no/such/page"):
        check(client.get(path))
    check(client.post("/admin/login/", {"username": "ayu", "password": "wrong"}))
    check(client.get("/admin/plugins/"))


def test_the_page_after_the_login_failed_too_often(engine: object, client: Client) -> None:
    for _ in range(5):
        response = client.post("/admin/login/", {"username": "ayu", "password": "wrong"})
    assert response.status_code == 429
    check(response)


def test_pages_that_answer_a_form(rows: None, admin: Client) -> None:
    add, settings = reverse("admin:api-key-new"), f"/admin/plugins/{PRICING}/config/"
    form = {"name": "new", "scopes": ["list"], "plugins": "*", "expires": "2999-01-01"}
    for path, sent in (
        (add, {}),
        (add, form),
        (settings, {"seen": "", "rate_limit": "x"}),
        ("/admin/password_change/", {}),
        ("/admin/plugins_app/user/add/", {}),
        ("/admin/auth/group/add/", {}),
    ):
        check(admin.post(path, sent))


def test_the_page_after_a_logout(admin: Client) -> None:
    check(admin.post("/admin/logout/"))


@pytest.mark.parametrize("path", API)
def test_the_api(admin: Client, path: str) -> None:
    check(admin.get(path))


def test_error_pages(admin: Client, client: Client) -> None:
    check(admin.get("/admin/plugins_app/executionlog/nothing/change/"))
    check(admin.get("/admin/plugins_app/executionlog/add/"))
    strict = Client(enforce_csrf_checks=True)
    forbidden = strict.post("/admin/login/", {})
    assert forbidden.status_code == 403
    check(forbidden)
    malformed = client.get("/admin/plugins/", headers={"host": "bad host"})
    assert malformed.status_code == 400
    check(malformed)


def test_the_page_of_a_server_error(admin: Client) -> None:
    admin.raise_request_exception = False
    with patch.object(marketplace, "listing", side_effect=RuntimeError):
        response = admin.get("/admin/plugins/")
    assert response.status_code == 500
    check(response)
