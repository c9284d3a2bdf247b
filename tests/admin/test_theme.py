from __future__ import annotations

import pytest
from django.test import Client

LOGIN = "/admin/login/"


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_chosen_theme_is_in_the_first_byte_of_the_next_page(
    db: None, client: Client, theme: str
) -> None:
    response = client.post("/admin/theme/", {"theme": theme, "next": LOGIN})
    assert response["Location"] == LOGIN
    assert f'data-theme="{theme}"' in client.get(LOGIN).content.decode()


def test_a_theme_that_does_not_exist_changes_nothing(db: None, client: Client) -> None:
    client.post("/admin/theme/", {"theme": '"><script>'})
    client.cookies["zantara_theme"] = '"><script>'
    assert 'data-theme="auto"' in client.get(LOGIN).content.decode()


def test_the_theme_is_set_by_a_form_of_ours_alone(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.get("/admin/theme/").status_code == 405
    assert strict.post("/admin/theme/", {"theme": "dark"}).status_code == 403


def test_choosing_a_theme_never_leads_away(db: None, client: Client) -> None:
    sent = {"theme": "dark", "next": "https://evil.example/"}
    assert client.post("/admin/theme/", sent)["Location"] == LOGIN
