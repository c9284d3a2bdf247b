"""Every door of the house, with secrets in hand."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from tests.canary.served import House

OPENS = "/api/plugins/vault.opens"
WAYS = ("succeeds", "declines", "refuses", "crashes", "groups", "quotes", "browses", "lies", "logs",
        "hangs", "tells", "echoes", "makes", "objects", "stumbles")  # fmt: skip
TO_ITS_CALLER = {"declines", "tells", "echoes", "makes"}
"""Ways in which the plugin itself answers with what it was given."""
PAGES = (
    "/api/plugins/list", "/api/plugins/search?q=vault", "/api/plugins/statistics", OPENS,
    "/api/plugins/vault.careless", f"{OPENS}/versions", f"{OPENS}/metrics",
    "/api/plugins/metrics/all", "/api/plugins/tools/anthropic", "/api/plugins/tools/openai",
    "/api/plugins/health", "/api/executions?limit=500", "/api/openapi.json", "/metrics",
    "/admin/", "/admin/plugins/", "/admin/plugins/vault.opens/", "/admin/plugins/vault.careless/",
    "/admin/plugins/vault.misfit/", "/admin/executions/",
    "/admin/executions/?group=error", "/admin/plugins/vault.opens/logs/",
    "/admin/audit/", "/admin/api-keys/", "/admin/plugins_app/worker/",
    "/admin/plugins_app/callerhour/", "/admin/axes/accessattempt/",
)  # fmt: skip
COMMANDS = (
    ["doctor"], ["list_plugins", "--json"], ["show_plugin", "vault.opens"], ["plugin_stats"],
    ["show_plugin", "vault.careless"], ["discover_plugins"], ["reload_plugins", "--all"],
    ["export_tools"], ["api_keys", "list"], ["warm_plugins"],
)  # fmt: skip


def pay_all(house: House) -> None:
    make_keys(house)
    run_every_way(house)
    call_other_plugins(house)
    send_what_is_wrong(house)
    ask_for_what_is_not_there(house)
    ask_with_queries(house)
    log_in(house)
    use_commands(house)
    read_everything(house)


def make_keys(house: House) -> None:
    """One to go on with; one that is rotated and revoked, and refused from then on."""
    create = ["api_keys", "create", "--json", "--scopes", "admin", "--name"]
    made = house.commands(
        [*create, "app"], [*create, "old"],
        ["api_keys", "rotate", "old", "--json", "--overlap", "0s"],
        ["api_keys", "revoke", "old", "--no-input"],
    )  # fmt: skip
    keys = {what: json.loads(said)["key"] for what, said in zip(KEYS, made, strict=False)}
    house.canary.others |= keys
    house.key = keys["key"]
    for what in ("rotated key", "new key"):
        refused = house.send(what, "GET", OPENS, headers={"Authorization": f"Bearer {keys[what]}"})
        assert refused.status_code == 401


KEYS = ("key", "rotated key", "new key")


def run_every_way(house: House) -> None:
    for way in WAYS:
        house.send("breaker", "POST", f"{OPENS}/breaker/reset", headers=house.authorised)
        for door, headers in (("key", house.authorised), ("nobody", {})):
            given = {"way": way, **house.secrets(f"{door}.{way}")}
            house.send(
                f"execute {way}",
                "POST",
                f"{OPENS}/execute",
                json={"input_data": given},
                headers=headers,
                expected=way not in TO_ITS_CALLER,
            )
        given = {"way": way, **house.secrets(f"validate.{way}")}
        house.send(f"validate {way}", "POST", f"{OPENS}/validate", json={"input_data": given})


def call_other_plugins(house: House) -> None:
    """Repeated on a thread, answered from the cache, called by another plugin, and kept too long:
    a plugin's own documents are its own, and are not masked."""
    cached = {"input_data": house.secrets("cached")}
    for _ in range(2):
        house.send(
            "cached", "POST", "/api/plugins/vault.cached/execute", json=cached, expected=False
        )
    for name, way in (("thread", "retries"), ("caller", "crashes"), ("caller", "refuses")):
        given = {"way": way, **house.secrets(f"{name}.{way}")}
        path = f"/api/plugins/vault.{name}/execute"
        house.send(f"{name} {way}", "POST", path, json={"input_data": given})


def send_what_is_wrong(house: House) -> None:
    """Secrets where they do not belong, and in forms that are refused."""
    new, path = house.canary, f"{OPENS}/execute"
    wrong: dict[str, Any] = {
        "type": {"token": [new("type")]},
        "long": {"short": new("long")},
        "number": {"pin": new("number")},
        "unknown": {"tokem": new("unknown")},
        "nested": {"login": new("nested")},
        "branch": {"either": {"kind": "cheque", "code": new("branch")}},
        "reason": {"login": {"passwort": new("reason")}},
        "quoted": {"token": new("quoted"), "note": "this"},
        "elsewhere": {"logins": {"password": new("elsewhere")}},
    }
    for label, given in wrong.items():
        house.send(label, "POST", path, json={"input_data": given}, headers=house.authorised)
    house.send("field", "POST", path, json={"input": new("field")})
    house.send("malformed", "POST", path, content=b'{"token": "%s' % new("malformed").encode())
    house.send("form", "POST", path, data={"token": new("form")})
    for scheme in ("Bearer", "Bearer zan_", "Basic"):
        wrong_key = {"Authorization": f"{scheme}{new.plain('key')}".encode()}
        house.send(f"{scheme} key", "GET", OPENS, headers=wrong_key)
    house.send("cookie", "GET", OPENS, headers={"Cookie": f"sessionid={new.plain('cookie')}"})
    house.send("scrape", "GET", "/metrics", headers={"Authorization": f"Bearer {new.plain('m')}"})


def ask_for_what_is_not_there(house: House) -> None:
    """An answer may quote what this very caller asked for; rows and the log may not."""
    new = house.canary.plain
    for path in ("/api/plugins/", "/api/executions/", "/api/", "/admin/", "/"):
        house.send("get", "GET", path + new("page"), headers=house.authorised, expected=False)
    path = f"/api/plugins/{new('plugin')}/execute"
    house.send("execute", "POST", path, json={"input_data": {}}, expected=False)


def ask_with_queries(house: House) -> None:
    new = house.canary.plain
    for path in (
        "/api/plugins/search?q=", "/api/plugins/list?category=", "/api/plugins/list?api_key=",
        "/api/executions?cursor=", "/admin/login/?next=/",
    ):  # fmt: skip
        house.send("query", "GET", path + new("query"), headers=house.authorised, expected=False)


def log_in(house: House) -> None:
    password = re.search(r"admin / (\S+)", (house.directory / "console.log").read_text())[1]  # type: ignore[index]
    house.canary.others["administrator's password"] = password
    with httpx.Client(base_url=house.url, follow_redirects=True, timeout=30) as client:
        forged = {"username": "admin", "password": house.canary("forged.password")}
        house.said.append(("forged login", client.post("/admin/login/", data=forged).text))
        for each in (house.canary("wrong.password"), password):
            form = {"username": "admin", "password": each, **csrf(client, "/admin/login/")}
            answer = client.post("/admin/login/", data=form, headers={"Referer": house.url})
            house.said.append((f"login {answer.status_code}", answer.text))
        assert client.cookies.get("sessionid")
        execute_by_session(house, client)
        make_key_by_form(house, client)
        for page in PAGES:
            house.said.append((page, client.get(page).text))
        for id in re.findall(
            r"/admin/executions/(\w{26})/", client.get("/admin/executions/?range=all").text
        ):
            for page in (f"/admin/executions/{id}/", f"/admin/executions/{id}/run.json"):
                house.said.append((page, client.get(page).text))


def csrf(client: httpx.Client, page: str) -> dict[str, str]:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(page).text)
    assert found
    return {"csrfmiddlewaretoken": found[1]}


def execute_by_session(house: House, client: httpx.Client) -> None:
    body = {"input_data": {"way": "crashes", **house.secrets("session")}}
    for label, headers in (("csrf", {}), ("session", {"X-CSRFToken": client.cookies["csrftoken"]})):
        answer = client.post(
            f"{OPENS}/execute", json=body, headers={"Referer": house.url, **headers}
        )
        house.said.append((f"{label} {answer.status_code}", answer.text))
    assert "failed" in answer.json()["detail"]


def make_key_by_form(house: House, client: httpx.Client) -> None:
    page = "/admin/api-keys/new/"
    form = {"name": "form", "scopes": ["list"], "plugins": "*", **csrf(client, page)}
    form |= {"never": "on", "reason": "a test"}
    shown = client.post(page, data=form, headers={"Referer": house.url}).text
    found = re.search(r"zan_\w{20,}", shown)
    assert found
    house.canary.others["key of the form"] = found[0]


def use_commands(house: House) -> None:
    ways = ("succeeds", "refuses", "crashes", "lies", "objects")
    inputs = [json.dumps({"way": way, **house.secrets(f"cli.{way}")}) for way in ways]
    runs = [["run_plugin", "vault.opens", "--input", given] for given in inputs]
    wrong = [["run_plugin", "vault.opens", "--input", given[:-1]] for given in inputs[:1]]
    for command, said in zip(
        [*runs, *wrong, *COMMANDS], house.commands(*runs, *wrong, *COMMANDS), strict=True
    ):
        house.said.append((" ".join(command[:2]), said))


def read_everything(house: House) -> None:
    for page in PAGES:
        house.send(page, "GET", page, headers=house.authorised)
        house.send(f"{page} for nobody", "GET", page)
    scraper = {"Authorization": f"Bearer {house.settings['ZANTARA_METRICS_TOKEN']}"}
    assert house.send("scraped", "GET", "/metrics", headers=scraper).status_code == 200
    listed = house.send("ids", "GET", "/api/executions?limit=500", headers=house.authorised)
    for row in listed.json()["executions"]:
        house.send("execution", "GET", f"/api/executions/{row['id']}", headers=house.authorised)
