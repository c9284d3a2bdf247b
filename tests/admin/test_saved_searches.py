"""Searches of the executions that a user keeps."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client

from plugins_app.models import SavedSearch, User
from plugins_app.services.runs import saved
from tests.admin._runs import EXECUTIONS
from tests.admin.test_execution import Login
from tests.admin.test_pages import text

SAVE = f"{EXECUTIONS}searches/"
SLOW = {"q": "duration:>5s plugin:gmail.*", "range": "7d", "group": "error"}


def kept() -> list[tuple[str, dict[str, list[str]]]]:
    return [(each.name, parse_qs(each.query)) for each in SavedSearch.objects.all()]


def test_a_search_is_kept_as_it_stands_and_led_back_to(login: Login) -> None:
    client = login("view_executionlog")
    response = client.post(SAVE, {"name": " Slow mails ", "older": "x", **SLOW})
    assert kept() == [("Slow mails", {name: [value] for name, value in SLOW.items()})]
    shown = client.get(response["Location"])
    assert f'href="?{SavedSearch.objects.get().query.replace("&", "&amp;")}"' in (
        shown.content.decode()
    )
    assert "Saved as Slow mails." in text(shown)


def test_one_of_the_same_name_gives_way(admin: Client) -> None:
    for q in ("status:failed", "status:refused"):
        admin.post(SAVE, {"name": "Mine", "q": q})
    assert kept() == [("Mine", {"q": ["status:refused"]})]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_name_is_needed_and_fits(admin: Client, name: str) -> None:
    response = admin.post(SAVE, {"name": name, "q": "status:failed"})
    assert response["Location"] == f"{EXECUTIONS}?q=status%3Afailed"
    assert "has a name of 1 to 60 characters" in text(admin.get(response["Location"]))
    assert not kept()


def test_too_many_and_too_long_ones_are_refused(admin: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(saved, "MOST", 2)
    for name in ("a", "b", "c", "b"):
        admin.post(SAVE, {"name": name, "q": name})
    assert [name for name, _ in kept()] == ["a", "b"]
    admin.post(SAVE, {"name": "a", "q": "x" * 5_000})
    assert dict(kept())["a"] == {"q": ["a"]}


def test_it_is_given_up_by_its_user_alone(admin: Client, client: Client) -> None:
    admin.post(SAVE, {"name": "Zebra", "q": "status:failed"})
    address = f"{SAVE}{SavedSearch.objects.get().pk}/delete/"
    client.get(EXECUTIONS)  # the message that it is saved was shown
    other = User.objects.create_user("budi", password="-", is_staff=True, is_superuser=True)
    client.force_login(other)
    assert "Zebra" not in client.get(EXECUTIONS).content.decode()
    client.post(address)
    assert kept()
    client.force_login(User.objects.get(username="ayu"))
    response = client.post(address, {"next": f"{EXECUTIONS}?q=x"})
    assert response["Location"] == f"{EXECUTIONS}?q=x"
    assert not kept()
