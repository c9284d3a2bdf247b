"""Plugins that a user keeps at hand: the star, the filter, the palette."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from plugins_app.models import AuditEvent, Favourite, User
from plugins_app.services import favourites
from tests.admin.conftest import PRICING

Login = Callable[..., Client]
STAR = f"/admin/plugins/{PRICING}/favourite/"
MARKET = "/admin/plugins/"


def starred(client: Client, path: str) -> bool:
    body = client.get(path).content.decode()
    return bool(re.search(rf'id="favourite-{PRICING}"\s+class="star"\s+aria-pressed="true"', body))


def test_a_star_is_set_shown_and_taken_away(admin: Client) -> None:
    assert not starred(admin, f"{MARKET}?q={PRICING}")
    response = admin.post(STAR, {"keep": "1", "next": f"{MARKET}?q={PRICING}"})
    assert (response.status_code, response["Location"]) == (302, f"{MARKET}?q={PRICING}")
    for path in (f"{MARKET}?q={PRICING}", f"{MARKET}{PRICING}/"):
        assert starred(admin, path)
    admin.post(STAR, {"keep": ""})
    assert not Favourite.objects.exists()


def test_the_same_star_twice_is_one(admin: Client) -> None:
    for _ in range(2):
        assert admin.post(STAR, {"keep": "1"}).status_code == 302
    assert Favourite.objects.count() == 1


def test_the_filter_shows_what_is_starred_and_counts_it(admin: Client) -> None:
    admin.post(STAR, {"keep": "1"})
    response = admin.get(MARKET, {"favourite": "yes"})
    assert [card.name for card in response.context["listing"].cards] == [PRICING]
    (group,) = [g for g in response.context["listing"].groups if g.name == "favourite"]
    assert [(option.label, option.count) for option in group.options] == [("Mine", 1)]


def test_the_palette_knows_them(admin: Client) -> None:
    admin.post(STAR, {"keep": "1"})
    assert admin.get("/admin/palette.json").json()["favourites"] == [PRICING]


def test_they_are_nobody_elses_and_not_on_record(login: Login, client: Client) -> None:
    login().post(STAR, {"keep": "1"})
    other = User.objects.create_user("budi", password="-", is_staff=True, is_superuser=True)
    client.force_login(other)
    assert not starred(client, MARKET)
    assert client.get("/admin/palette.json").json()["favourites"] == []
    assert not AuditEvent.objects.filter(object__contains=PRICING).exists()


def test_they_go_with_their_user(admin: Client) -> None:
    admin.post(STAR, {"keep": "1"})
    User.objects.get(username="ayu").delete()
    assert not Favourite.objects.exists()


def test_a_plugin_that_nobody_knows_cannot_be_starred(admin: Client) -> None:
    assert admin.post("/admin/plugins/no.such/favourite/", {"keep": "1"}).status_code == 404


def test_the_oldest_make_room_for_new_ones(admin: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(favourites, "MOST", 2)
    user = User.objects.get(username="ayu").pk
    for name in ("a", "b", "c", "b"):
        favourites.keep(user, name)
    assert favourites.favourites_of(user) == {"b", "c"}
