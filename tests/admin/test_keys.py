"""API keys in the admin: made once, shown once, never more than their maker has."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from plugins_app.core.caller import Scope
from plugins_app.core.errors import Forbidden
from plugins_app.models import ApiKey, AuditEvent, CallerHour, User
from plugins_app.services.access import authenticate_key, caller_again
from plugins_app.services.audit import CLI, Actor
from plugins_app.services.keys import (
    KeyRefused,
    NewKey,
    change_key,
    create_key,
    disable_key,
    revoke_key,
    rotate_key,
)
from tests.admin.test_pages import text

LIST = "/admin/api-keys/"
ADD = f"{LIST}new/"
SECRET = re.compile(r"zan_[A-Za-z0-9]{40}")
EXPIRES = (timezone.localdate() + timedelta(days=30)).isoformat()
FORM = {
    "name": "webapp",
    "scopes": ["list", "execute"],
    "plugins": "bali_zero.*, team.*",
    "expires": EXPIRES,
}
Login = Callable[..., Client]


def page(key: ApiKey) -> str:
    return f"{LIST}{key.pk}/"


def made(name: str = "webapp", **options: Any) -> NewKey:
    return create_key(CLI, name, scopes=options.pop("scopes", [Scope.LIST]), **options)


def secrets(response: Any) -> list[str]:
    return SECRET.findall(response.content.decode())


def test_the_secret_is_in_the_answer_to_the_form_and_proves_the_key(admin: Client) -> None:
    response = admin.post(ADD, FORM)
    (secret,) = secrets(response)
    key = ApiKey.objects.get(name="webapp")
    assert authenticate_key(secret) == key
    assert key.scopes == ["execute", "list"]
    assert key.plugins == ["bali_zero.*", "team.*"]


def test_the_answer_with_the_secret_is_kept_nowhere(admin: Client) -> None:
    response = admin.post(ADD, FORM)
    (secret,) = secrets(response)
    assert "no-store" in response["Cache-Control"]
    assert response.status_code == 200
    kept = [*ApiKey.objects.values(), *AuditEvent.objects.values(), dict(admin.session)]
    assert secret not in str(kept)
    assert secret not in str([response.headers, response.cookies, admin.cookies])


def test_no_later_page_has_the_secret(admin: Client) -> None:
    (secret,) = secrets(admin.post(ADD, FORM))
    for path in (LIST, ADD, page(ApiKey.objects.get()), "/admin/audit/"):
        assert secret not in admin.get(path).content.decode()


def test_the_secret_is_not_logged(admin: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        (secret,) = secrets(admin.post(ADD, FORM))
    assert secret not in caplog.text


def test_sending_the_form_again_makes_no_second_key(admin: Client) -> None:
    admin.post(ADD, FORM)
    again = admin.post(ADD, FORM)
    assert again.status_code == 400
    assert secrets(again) == []
    assert "There is a key named" in text(again)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": " "}, "required"),
        ({"scopes": []}, "Choose at least one scope"),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"plugins": "bali zero.<x>"}, "is not a plugin name"),
        ({"plugins": ", ,"}, "Name 1 to 50"),
        ({"model": "gpt"}, "names none of haiku, sonnet, opus"),
        ({"rate_limit": "0"}, "greater than or equal to 1"),
        ({"expires": "2020-01-01"}, "This day is over"),
    ],
)
def test_a_wrong_field_makes_no_key_and_keeps_what_was_entered(
    admin: Client, wrong: dict[str, Any], says: str
) -> None:
    response = admin.post(ADD, {**FORM, **wrong})
    assert response.status_code == 400
    assert says in text(response)
    assert not ApiKey.objects.exists()


def test_its_last_day_counts_in_full(admin: Client) -> None:
    today = timezone.localdate()
    admin.post(ADD, {**FORM, "expires": today.isoformat()})
    expires = timezone.localtime(ApiKey.objects.get().expires)
    assert expires.date() == today + timedelta(days=1)


def test_a_new_key_is_proposed_for_ninety_days(admin: Client) -> None:
    day = (timezone.localdate() + timedelta(days=90)).isoformat()
    assert f'value="{day}"' in admin.get(ADD).content.decode()


def test_nobody_hands_out_a_scope_that_they_lack(login: Login) -> None:
    client = login("add_apikey", "view_apikey")
    response = client.post(ADD, {**FORM, "scopes": ["list", "reload"]})
    assert response.status_code == 400
    assert "You do not have the scope reload yourself" in text(response)
    assert not ApiKey.objects.exists()


def test_scopes_that_one_lacks_cannot_be_ticked(login: Login) -> None:
    body = login("add_apikey", "reload_plugin").get(ADD).content.decode()
    boxes = dict(re.findall(r'value="(\w+)"\s+id="scope-\w+"[^>]*?(disabled|)>', body))
    assert boxes["reload"] == ""
    assert boxes["admin"] == "disabled"


def test_the_rule_is_the_services_so_every_door_has_it(db: None) -> None:
    operator = Actor("user:1", "ayu", "rest", scopes=frozenset({Scope.LIST}))
    strong = made("strong", scopes=[Scope.ADMIN]).key
    with pytest.raises(Forbidden):
        create_key(operator, "mine", scopes=[Scope.ADMIN])
    with pytest.raises(Forbidden):
        rotate_key(operator, strong)
    with pytest.raises(Forbidden):
        change_key(operator, strong, {"expires": None, "name": "mine"})
    weak = made("weak").key
    with pytest.raises(Forbidden):
        change_key(operator, weak, {"scopes": ["admin"]})
    assert AuditEvent.objects.filter(actor="user:1").count() == 0


def test_a_change_is_on_record_with_before_and_after(admin: Client) -> None:
    key = made(plugins=["*"], rate_limit=5).key
    form = {"name": "web", "scopes": ["list"], "plugins": "team.*", "rate_limit": "9"}
    form |= {"never": "on", "reason": "too wide"}
    assert admin.post(page(key), form).status_code == 302
    event = AuditEvent.objects.get(action="key.change")
    assert event.reason == "too wide"
    assert event.before == {"name": "webapp", "plugins": ["*"], "rate_limit": 5}
    assert event.after == {"name": "web", "plugins": ["team.*"], "rate_limit": 9}


def test_a_form_that_changes_nothing_leaves_no_trace(admin: Client) -> None:
    key = made(expires=timezone.now() + timedelta(days=3, hours=2)).key
    day = timezone.localtime(key.expires).date().isoformat()
    admin.post(page(key), {"name": "webapp", "scopes": "list", "plugins": "*", "expires": day})
    assert ApiKey.objects.get().expires == key.expires
    assert not AuditEvent.objects.filter(action="key.change").exists()


def test_a_name_that_is_taken_is_an_error_at_the_field(admin: Client) -> None:
    made("ci")
    key = made().key
    response = admin.post(
        page(key), {"name": "ci", "scopes": "list", "plugins": "*", "never": "on"}
    )
    assert response.status_code == 400
    assert "There is a key named &#x27;ci&#x27; already" in response.content.decode()


def test_revoking_ends_the_key_with_a_reason_on_record(admin: Client) -> None:
    new = made()
    admin.post(f"{LIST}{new.key.pk}/revoke/", {"confirm": "webapp", "reason": "lost laptop"})
    assert authenticate_key(new.secret) is None
    event = AuditEvent.objects.get(action="key.revoke")
    assert (event.reason, event.actor_name) == ("lost laptop", "ayu")


def test_revoking_without_a_reason_does_nothing(admin: Client) -> None:
    new = made()
    admin.post(f"{LIST}{new.key.pk}/revoke/", {"confirm": "webapp", "reason": " "})
    assert authenticate_key(new.secret) == new.key


def test_revoking_twice_is_one_event(admin: Client) -> None:
    key = made().key
    for _ in range(2):
        admin.post(f"{LIST}{key.pk}/revoke/", {"confirm": "webapp", "reason": "lost"})
    assert AuditEvent.objects.filter(action="key.revoke").count() == 1


def test_rotating_shows_a_new_secret_and_ends_the_old_one(admin: Client) -> None:
    new = made()
    sent = {"name": "webapp", "overlap": "0", "reason": "leaked"}
    response = admin.post(f"{LIST}{new.key.pk}/rotate/", sent)
    (secret,) = secrets(response)
    assert "no-store" in response["Cache-Control"]
    assert authenticate_key(new.secret) is None
    assert authenticate_key(secret) == ApiKey.objects.get(name="webapp")
    assert AuditEvent.objects.get(action="key.rotate").reason == "leaked"


def test_within_the_overlap_both_secrets_work(admin: Client) -> None:
    new = made()
    sent = {"name": "webapp", "overlap": "24h", "reason": "yearly"}
    (secret,) = secrets(admin.post(f"{LIST}{new.key.pk}/rotate/", sent))
    assert authenticate_key(new.secret) is not None
    assert authenticate_key(secret) is not None


def test_sending_the_rotation_again_makes_no_third_key(admin: Client) -> None:
    key = made().key
    sent = {"name": "webapp", "overlap": "24h", "reason": "yearly"}
    admin.post(f"{LIST}{key.pk}/rotate/", sent)
    again = admin.post(f"{LIST}{key.pk}/rotate/", sent)
    assert (again.status_code, secrets(again)) == (302, [])
    assert ApiKey.objects.count() == 2


@pytest.mark.parametrize("sent", [{"overlap": "0"}, {"overlap": "9y", "reason": "x"}])
def test_a_rotation_needs_a_reason_and_a_known_overlap(admin: Client, sent: dict[str, str]) -> None:
    key = made().key
    admin.post(f"{LIST}{key.pk}/rotate/", {"name": "webapp", **sent})
    assert ApiKey.objects.count() == 1


def test_the_service_refuses_a_key_that_ended_or_moved_meanwhile(db: None) -> None:
    key = made().key
    rotate_key(CLI, key, overlap=timedelta(hours=1))
    with pytest.raises(KeyRefused):
        rotate_key(CLI, key)
    revoke_key(CLI, key)
    with pytest.raises(KeyRefused):
        change_key(CLI, ApiKey.objects.get(pk=key.pk), {"name": "again"})


@pytest.mark.parametrize("verb", ["revoke", "rotate", "disable", "enable"])
def test_what_changes_a_key_takes_post_permission_and_token(login: Login, verb: str) -> None:
    key = made().key
    url = f"{LIST}{key.pk}/{verb}/"
    sent = {"name": "webapp", "confirm": "webapp", "overlap": "0", "reason": "x"}
    viewer = login("view_apikey")
    assert viewer.post(url, sent).status_code == 403
    user = User.objects.get()
    user.user_permissions.add(Permission.objects.get(codename="change_apikey"))
    assert viewer.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(url, sent).status_code == 403
    assert ApiKey.objects.filter(revoked=None).count() == 1
    assert viewer.post(url, sent).status_code in {200, 302}


def test_a_viewer_sees_keys_and_no_forms(login: Login) -> None:
    key = made().key
    client = login("view_apikey")
    assert "webapp" in text(client.get(LIST))
    assert client.get(ADD).status_code == 403
    shown = client.get(page(key))
    assert "plugins_app.change_apikey" in text(shown)
    assert "<form" not in shown.content.decode().partition("<main")[2]
    assert client.post(page(key), FORM).status_code == 403


def test_a_stronger_key_may_only_be_revoked(login: Login) -> None:
    key = made(scopes=[Scope.ADMIN]).key
    client = login("view_apikey", "change_apikey")
    shown = text(client.get(page(key)))
    assert "This key may do more than you" in shown
    sent = {"name": "webapp", "overlap": "0", "reason": "x"}
    assert secrets(client.post(f"{LIST}{key.pk}/rotate/", sent)) == []
    client.post(f"{LIST}{key.pk}/revoke/", {"confirm": "webapp", "reason": "too strong"})
    assert ApiKey.objects.get().revoked


def test_the_list_filters_by_state(admin: Client) -> None:
    made("alive")
    made("over", expires=timezone.now() - timedelta(days=1))
    disable_key(CLI, made("resting").key)
    revoke_key(CLI, made("ended").key)
    for state, name in (
        ("active", "alive"),
        ("expired", "over"),
        ("disabled", "resting"),
        ("revoked", "ended"),
    ):
        assert names(admin.get(f"{LIST}?state={state}")) == [name]


def names(response: Any) -> list[str]:
    return re.findall(r'href="/admin/api-keys/\d+/">([^<]+)</a>', response.content.decode())


def test_the_list_is_searched_and_ordered_by_its_address(admin: Client) -> None:
    for name in ("beta", "alpha", "gamma"):
        made(name)
    assert names(admin.get(LIST)) == ["alpha", "beta", "gamma"]
    assert names(admin.get(f"{LIST}?sort=-name")) == ["gamma", "beta", "alpha"]
    assert names(admin.get(f"{LIST}?q=ph")) == ["alpha"]
    assert "No keys match" in text(admin.get(f"{LIST}?q=<b>"))


def test_the_list_tells_what_a_key_was_used_for_and_orders_by_it(admin: Client) -> None:
    made("idle")
    prefix = made("busy").key.prefix
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    CallerHour.objects.create(caller=f"key:{prefix}", plugin="a", at=hour, calls=7, errors=2)
    old = hour - timedelta(hours=24)
    CallerHour.objects.create(caller=f"key:{prefix}", plugin="a", at=old, calls=90)
    response = admin.get(f"{LIST}?sort=-calls")
    assert names(response) == ["busy", "idle"]
    assert "7 2 failed" in text(response)


def test_many_keys_take_no_more_queries_than_one(
    admin: Client, django_assert_max_num_queries: Any
) -> None:
    made("one")
    with CaptureQueriesContext(connection) as first:
        admin.get(LIST)
    for number in range(60):
        made(f"key {number}")
    with django_assert_max_num_queries(len(first)):
        page = admin.get(LIST)
    assert "Page 1 of 2" in text(page)
    assert len(names(admin.get(f"{LIST}?page=2"))) == 11


def test_without_keys_the_list_says_what_to_do(admin: Client) -> None:
    assert "No keys Whoever calls the API from a program needs one." in text(admin.get(LIST))


def test_a_key_without_an_end_needs_a_reason(admin: Client) -> None:
    form = {**FORM, "expires": "", "never": "on"}
    assert "Say why it never expires" in text(admin.post(ADD, form))
    assert not ApiKey.objects.exists()
    admin.post(ADD, {**form, "reason": "a probe of ours"})
    assert ApiKey.objects.get().expires is None
    assert AuditEvent.objects.get(action="key.create").reason == "a probe of ours"


def test_that_a_key_never_expires_is_chosen_and_not_forgotten(admin: Client) -> None:
    response = admin.post(ADD, {**FORM, "expires": ""})
    assert "Choose its last day, or that it never expires" in text(response)
    assert not ApiKey.objects.exists()


def test_a_disabled_key_proves_nothing_until_it_is_enabled(admin: Client) -> None:
    new = made()
    admin.post(f"{page(new.key)}disable/", {"reason": "strange calls"})
    assert authenticate_key(new.secret) is None
    assert caller_again(f"key:{new.key.prefix}") is None
    assert "Disabled" in text(admin.get(page(new.key)))
    admin.post(f"{page(new.key)}enable/")
    assert authenticate_key(new.secret) == new.key
    actions = AuditEvent.objects.filter(action__startswith="key.").order_by("id")
    assert [(each.action, each.reason) for each in actions[1:]] == [
        ("key.disable", "strange calls"),
        ("key.enable", ""),
    ]


def test_disabling_and_enabling_twice_is_one_event_each(admin: Client) -> None:
    key = made().key
    for verb in ("disable", "disable", "enable", "enable"):
        admin.post(f"{page(key)}{verb}/")
    assert AuditEvent.objects.filter(action="key.disable").count() == 1
    assert AuditEvent.objects.filter(action="key.enable").count() == 1


def test_nobody_enables_a_key_that_may_do_more_than_they(login: Login) -> None:
    key = made(scopes=[Scope.ADMIN]).key
    client = login("view_apikey", "change_apikey")
    client.post(f"{page(key)}disable/")
    assert ApiKey.objects.get().disabled
    client.post(f"{page(key)}enable/")
    assert ApiKey.objects.get().disabled


def test_a_disabled_key_gets_no_new_secret(admin: Client) -> None:
    key = made().key
    disable_key(CLI, key)
    sent = {"name": "webapp", "overlap": "0", "reason": "x"}
    assert secrets(admin.post(f"{page(key)}rotate/", sent)) == []


@pytest.mark.parametrize("typed", ["", "WebApp", "webapp "])
def test_revoking_takes_the_keys_name(admin: Client, typed: str) -> None:
    key = made().key
    admin.post(f"{page(key)}revoke/", {"confirm": typed, "reason": "lost"})
    assert ApiKey.objects.get().revoked is None


@pytest.mark.parametrize(
    ("globs", "count"), [("bali_zero.*", 1), ("team.*, bali_zero.*", 3), ("nobody.*", 0), ("", 0)]
)
def test_a_form_learns_how_many_plugins_its_patterns_name(
    admin: Client, globs: str, count: int
) -> None:
    found = admin.get(f"{LIST}matches.json", {"plugins": globs}).json()
    assert found["count"] == count
    assert len(found["names"]) == min(count, 5)


def test_charts_of_a_key_hold_its_calls_alone(admin: Client) -> None:
    prefix = made().key.prefix
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    CallerHour.objects.create(
        caller=f"key:{prefix}", plugin="a.b", at=hour, calls=7, errors=2, refused=1
    )
    for slug in ("key-calls", "key-plugins"):
        chart = f"/admin/charts/{slug}.json?key={prefix}"
        sums = {each["key"]: sum(each["values"]) for each in admin.get(chart).json()["series"]}
        assert sums == {"succeeded": 5, "errors": 2, "refused": 1}
        assert admin.get(f"/admin/charts/{slug}.json?key=zan_none").status_code == 404
        assert admin.get(f"/admin/charts/{slug}.json").status_code == 404


def test_whoever_may_not_see_keys_sees_no_charts_of_them(login: Login) -> None:
    prefix = made().key.prefix
    client = login("view_metrics", "view_installedplugin")
    assert client.get(f"/admin/charts/key-calls.json?key={prefix}").status_code == 404


def test_owners_are_offered_to_those_who_may_see_users(login: Login) -> None:
    User.objects.create_user("made")
    body = login("add_apikey").get(ADD).content.decode()
    assert ">ayu</option>" in body
    assert ">made</option>" not in body


def test_a_key_can_be_limited_to_networks_and_freed_again(admin: Client) -> None:
    (secret,) = secrets(admin.post(ADD, {**FORM, "networks": "203.0.113.7 10.2.3.4/16"}))
    key = ApiKey.objects.get(name="webapp")
    assert key.networks == ["203.0.113.7/32", "10.2.0.0/16"]
    assert authenticate_key(secret, "203.0.113.8") is None
    assert "203.0.113.7/32, 10.2.0.0/16" in text(admin.get(page(key)))
    admin.post(page(key), {**FORM, "networks": ""})
    assert authenticate_key(secret, "203.0.113.8") == key
    change = AuditEvent.objects.filter(action="key.change").get()
    assert change.before == {"networks": ["203.0.113.7/32", "10.2.0.0/16"]}
    assert change.after == {"networks": []}


def test_a_new_secret_is_for_the_same_networks(admin: Client) -> None:
    key = made(networks=["10.2.0.0/16"]).key
    admin.post(f"{page(key)}rotate/", {"overlap": "0"})
    assert ApiKey.objects.get(name="webapp").networks == ["10.2.0.0/16"]


def test_what_is_no_network_is_told_at_its_field(admin: Client) -> None:
    response = admin.post(ADD, {**FORM, "networks": "10.2.0.0/16, home"})
    assert "&#x27;home&#x27; is not an address or a network." in response.content.decode()
    assert not ApiKey.objects.exists()
