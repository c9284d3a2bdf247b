"""Secrets go in through every door, and are looked for everywhere afterwards. Each has a value of
its own that says which it is, so that a failure names what leaked, and where."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.core.masking import Masker
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.execute import execute_and_wait
from tests.serving import Installation

PLUGINS = Path(__file__).parent / "house"
OPENS = "/api/plugins/vault.opens"
WAYS = ("succeeds", "declines", "refuses", "crashes", "lies", "logs", "hangs", "tells", "echoes",
        "objects", "stumbles")  # fmt: skip
ANSWERS_ITS_CALLER = {"declines", "tells", "echoes"}
"""Ways in which the plugin itself answers with what it was given."""
PAGES = (
    "/api/plugins/list", "/api/plugins/search?q=vault", "/api/plugins/statistics", OPENS,
    "/api/plugins/vault.careless", f"{OPENS}/versions", f"{OPENS}/metrics",
    "/api/plugins/metrics/all", "/api/plugins/tools/anthropic", "/api/plugins/tools/openai",
    "/api/plugins/health", "/api/executions?limit=500", "/api/openapi.json", "/metrics",
    "/admin/plugins/", "/admin/plugins/vault.opens/", "/admin/plugins/vault.careless/",
    "/admin/plugins_app/executionlog/", "/admin/plugins_app/auditevent/",
    "/admin/plugins_app/apikey/", "/admin/plugins_app/worker/", "/admin/plugins_app/callerhour/",
    "/admin/axes/accessattempt/",
)  # fmt: skip
COMMANDS = (
    ["doctor"], ["list_plugins", "--json"], ["show_plugin", "vault.opens"], ["plugin_stats"],
    ["discover_plugins"], ["reload_plugins", "--all"], ["export_tools"], ["api_keys", "list"],
)  # fmt: skip


@dataclass
class Canaries:
    """Makes secrets that can be told apart, and finds them again."""

    made: list[str] = field(default_factory=list)

    def __call__(self, label: str) -> str:
        canary = f"CANARY-{len(self.made)}-{label}-zq'\"é\\"
        self.made.append(canary)
        return canary

    def number(self) -> int:
        """One that is no part of anything else."""
        self.made.append(str(918_273_640_000 + len(self.made)))
        return int(self.made[-1])

    def found_in(self, text: str) -> set[str]:
        """Labels, however the text spells its quotes and letters."""
        marks = {re.match(r"CANARY-\d+-[\w.]+-zq|\d+", canary)[0] for canary in self.made}  # type: ignore[index]
        return {mark for mark in marks if mark in text}


@dataclass
class House:
    """A running installation, what went in, and what came out."""

    server: Installation
    canary: Canaries
    answers: list[tuple[str, str]] = field(default_factory=list)
    key: str = ""

    def secrets(self, label: str) -> dict[str, Any]:
        """An input of `vault.opens` with a secret in every place."""
        new = self.canary
        return {
            "token": new(f"token.{label}"),
            "secret": new(f"secret.{label}"),
            "pin": new.number(),
            "login": {"user": "ayu", "password": new(f"login.{label}")},
            "logins": [{"user": "budi", "password": new(f"logins.{label}")}],
            "by_name": {"citra": {"password": new(f"by_name.{label}")}},
            "either": {"kind": "ticket", "code": new(f"either.{label}")},
            "re-named": new(f"renamed.{label}"),
        }

    def send(
        self, label: str, method: str, path: str, *, expected: bool = True, **more: Any
    ) -> Any:
        """`expected`: whatever comes back must not hold what anybody sent."""
        with httpx.Client(base_url=self.server.url, timeout=30) as client:
            answer = client.request(method, path, **more)
        if expected:
            self.answers.append((f"{label} {answer.status_code}", answer.text))
        return answer

    def manage(self, *arguments: str, **options: Any) -> str:
        done = self.server.manage(*arguments, **options)
        return done.stdout + done.stderr


@pytest.fixture(scope="module", params=["plain", "json"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Served, lived in, and left."""
    canary = Canaries()
    folder = tmp_path_factory.mktemp("canary")
    config = folder / "plugins.toml"
    values = {name: canary(f"config.{name}") for name in ("opens", "careless")}
    config.write_text(
        "".join(f'["vault.{n}"]\napi_key = {json.dumps(v)}\n' for n, v in values.items())
    )
    settings = {
        "ZANTARA_PLUGIN_DIRS": str(PLUGINS),
        "ZANTARA_PLUGIN_CONFIG": str(config),
        "LOG_JSON": "on" if request.param == "json" else "off",
        "LOG_LEVEL": "DEBUG",
        "SECRET_KEY": canary("SECRET_KEY") + "x" * 50,
        "ZANTARA_API_KEY_PEPPER": canary("pepper"),
        "ZANTARA_METRICS_TOKEN": "CANARY-metrics-token",
    }
    canary.made.append("CANARY-0000-metrics-zq")
    house = House(Installation(folder, settings), canary)
    house.server.manage("migrate", "-v0")
    house.server.manage("collectstatic", "--noinput", "-v0")
    house.server.start()
    try:
        live_in(house)
    finally:
        house.server.stop()
    return house


def live_in(house: House) -> None:
    made = house.server.manage("api_keys", "create", "--name", "app", "--scopes", "admin", "--json")
    house.key = json.loads(made.stdout)["key"]
    run_every_way(house)
    send_what_is_wrong(house)
    log_in(house)
    if house.server.settings["LOG_JSON"] == "off":  # what they print does not depend on it
        use_commands(house)
    look_at_pages(house)


def authorised(house: House) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.key}"}


def run_every_way(house: House) -> None:
    for way in WAYS:
        house.send("breaker", "POST", f"{OPENS}/breaker/reset", headers=authorised(house))
        for door, headers in (("key", authorised(house)), ("nobody", {})):
            given = {"way": way, **house.secrets(f"{door}.{way}")}
            house.send(
                f"execute {way}",
                "POST",
                f"{OPENS}/execute",
                json={"input_data": given},
                headers=headers,
                expected=way not in ANSWERS_ITS_CALLER,
            )
        given = {"way": way, **house.secrets(f"validate.{way}")}
        house.send(f"validate {way}", "POST", f"{OPENS}/validate", json={"input_data": given})


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
    }
    for label, given in wrong.items():
        house.send(label, "POST", path, json={"input_data": given}, headers=authorised(house))
    house.send("field", "POST", path, json={"input": new("field")})
    house.send("malformed", "POST", path, content=b'{"token": "%s' % new("malformed").encode())
    house.send("form", "POST", path, data={"token": new("form")})
    for scheme in ("Bearer", "Bearer zan_", "Basic"):
        wrong_key = {"Authorization": f"{scheme} {new('key')}".encode()}
        house.send(f"{scheme} key", "GET", OPENS, headers=wrong_key)
    house.send("cookie", "GET", OPENS, headers={"Cookie": "sessionid=CANARY-1-cookie-zq"})


def log_in(house: House) -> None:
    new = house.canary
    password, wrong = new("password"), new("wrong.password")
    house.manage("createsuperuser", "--noinput", "--username", "root", "--email", "r@example.com")
    code = (
        "import django; django.setup()\nimport sys\n"
        "from plugins_app.models import User\n"
        "user = User.objects.get(username='root'); user.set_password(sys.stdin.read()); user.save()"
    )
    house.manage("shell", "-v0", "-c", code, input=password)
    with httpx.Client(base_url=house.server.url, follow_redirects=True, timeout=30) as client:
        for each in (wrong, password):
            page = client.get("/admin/login/").text
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]  # type: ignore[index]
            form = {"username": "root", "password": each, "csrfmiddlewaretoken": token}
            answer = client.post("/admin/login/", data=form, headers={"Referer": house.server.url})
            house.answers.append((f"login {answer.status_code}", answer.text))
        assert client.cookies.get("sessionid")
        for page in PAGES:
            house.answers.append((page, client.get(page).text))
        for id in re.findall(r"/executionlog/(\w{26})/", client.get(PAGES[17]).text):
            page = f"/admin/plugins_app/executionlog/{id}/change/"
            house.answers.append((page, client.get(page).text))
        forged = client.post(f"{OPENS}/execute", json={"input_data": {"token": new("csrf")}})
        house.answers.append(("csrf", forged.text))


def use_commands(house: House) -> None:
    for way in ("succeeds", "refuses", "crashes", "lies", "objects"):
        given = json.dumps({"way": way, **house.secrets(f"cli.{way}")})
        said = house.manage("run_plugin", "vault.opens", "--input", "-", input=given)
        house.answers.append((f"run_plugin {way}", said))
    for command in COMMANDS:
        house.answers.append((" ".join(command), house.manage(*command)))


def look_at_pages(house: House) -> None:
    for page in PAGES:
        house.send(page, "GET", page, headers=authorised(house))
        house.send(f"{page} for nobody", "GET", page)
    listed = house.send("ids", "GET", "/api/executions?limit=500", headers=authorised(house))
    for row in listed.json()["executions"]:
        house.send("execution", "GET", f"/api/executions/{row['id']}", headers=authorised(house))


# --- where nothing may be found -------------------------------------------------------------------


def test_the_house_was_lived_in(house: House) -> None:
    """Else there would be nothing to find."""
    rows = dump(house.server.directory / "var" / "zantara.sqlite3")

    assert all(f'"way":"{way}"' in rows for way in WAYS if way not in ("objects", "stumbles"))
    assert "crashed on" in house.server.log
    assert len(house.answers) > 100


def test_no_secret_is_in_the_database(house: House) -> None:
    database = house.server.directory / "var" / "zantara.sqlite3"

    assert not house.canary.found_in(dump(database))
    assert not house.canary.found_in(raw(database))
    assert house.key not in dump(database)


def test_no_secret_is_in_the_log(house: House) -> None:
    assert not house.canary.found_in(house.server.log)
    assert house.key not in house.server.log


def test_no_answer_page_or_export_tells_a_secret(house: House) -> None:
    told = {what: house.canary.found_in(text) for what, text in house.answers}

    assert not {what: found for what, found in told.items() if found}


def test_no_file_of_the_installation_holds_a_secret(house: House) -> None:
    files = [p for p in (house.server.directory / "var").rglob("*") if p.is_file()]

    assert not {p.name for p in files if house.canary.found_in(raw(p))}


@pytest.mark.django_db(transaction=True)
def test_without_masking_the_same_search_does_find_them(
    settings: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    settings.ZANTARA_PLUGIN_DIRS = [PLUGINS]
    monkeypatch.setattr(Masker, "mask", lambda self, value: value)
    engine, canary = request.getfixturevalue("engine"), Canaries()
    given = {"way": "crashes", "token": canary("row"), "secret": canary("error")}
    execute_and_wait("vault.opens", given, caller=SYSTEM_CALLER, source="test")
    engine_loop.run(engine.close())
    from plugins_app.models import ExecutionLog

    row = ExecutionLog.objects.get()
    assert len(canary.found_in(row.input + row.traceback)) == 2


def dump(database: Path) -> str:
    connection = sqlite3.connect(database)
    try:
        return "\n".join(connection.iterdump())
    finally:
        connection.close()


def raw(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")
