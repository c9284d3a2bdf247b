"""warm_plugins: running servers fill their caches, and say so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from plugins_app.models import RegistryState
from plugins_app.services.audit import CLI
from plugins_app.services.warming import warm_servers
from tests.commands.conftest import Ran
from tests.commands.plugins import BROKEN, HEAD, a_server, plugin
from tests.serving import Installation

Run = Callable[..., Ran]
CACHED = "cache_ttl=300, cache_scope='public', "
WARM = f"{CACHED} examples=({{'input': {{'word': 'a'}}}}, {{'input': {{'word': 'b'}}}})"
AT_ONCE = timedelta(0)

HALF = f"""{HEAD}

class Half(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(
        name="shop.half", read_only=True, cache_ttl=300, cache_scope="public",
        examples=({{"input": {{}}}}, {{"input": {{"unknown": 1}}}}),
    )

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput()
"""


def test_the_first_call_after_warming_is_answered_from_the_cache(
    installation: Installation,
) -> None:
    installation.write("shop/buy.py", plugin("shop.buy", more=WARM))
    installation.start()

    ran = installation.manage("warm_plugins", "shop.buy", "--json")
    first = installation.execute("shop.buy", word="b").json()

    assert (ran.returncode, ran.stderr) == (0, "")
    [warmed] = json.loads(ran.stdout)["warmed"]
    assert (warmed["name"], warmed["answers"], warmed["examples"]) == ("shop.buy", 2, 2)
    assert (first["metadata"]["cached"], first["data"]) == (True, {"answer": "okb"})


def test_warming_again_reports_again(installation: Installation) -> None:
    installation.write("shop/buy.py", plugin("shop.buy", more=WARM))
    installation.write("shop/half.py", HALF)
    installation.start()

    for _ in range(2):
        ran = installation.manage("warm_plugins")
        assert (ran.returncode, "1/1 servers" in ran.stdout) == (3, True)
        assert "Not all examples of shop.half were answered" in ran.stderr


def test_without_a_server_nothing_is_warmed(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy", more=WARM))
    ran = run("warm_plugins", "shop.buy")

    assert ran.code == 1
    assert "No server is running" in ran.err
    assert not RegistryState.objects.exclude(warms={}).exists()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("", "its answers are not cached"),
        (CACHED, "it has no examples"),
        (WARM.replace("'public'", "'caller'"), "its answers are cached for each caller alone"),
    ],
)
def test_what_cannot_be_warmed_is_skipped_with_the_reason(
    run: Run, family: Path, more: str, reason: str
) -> None:
    (family / "buy.py").write_text(plugin("shop.buy", more=more))
    ran = run("warm_plugins", "shop.buy", "--json")

    assert (ran.code, ran.document["success"]) == (0, True)
    assert ran.document["skipped"] == [{"name": "shop.buy", "reason": reason}]
    assert f"shop.buy skipped: {reason}" in ran.err


def test_disabled_and_broken_plugins_are_skipped(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy", more=WARM))
    run("disable_plugins", "shop.buy")
    (family / "sell.py").write_text(BROKEN)
    ran = run("warm_plugins")

    assert (ran.code, ran.out) == (0, "Nothing to warm\n")
    assert "shop.buy skipped: it is disabled" in ran.err
    assert "skipped: it could not be loaded" in ran.err


def test_an_unknown_plugin_exits_with_four(run: Run, family: Path) -> None:
    assert run("warm_plugins", "shop.none").code == 4


def test_a_server_that_is_not_through_is_told(run: Run, family: Path) -> None:
    a_server("far")
    (family / "buy.py").write_text(plugin("shop.buy", more=WARM))
    ran = run("warm_plugins", "--timeout", "1ms", "--json")

    assert ran.code == 1
    assert ran.document["servers"] == {"ready": 0, "total": 1}
    assert "1 of 1 servers are not through yet" in ran.err


@pytest.mark.django_db
def test_a_report_about_an_earlier_request_does_not_count() -> None:
    RegistryState.objects.create(warms={"shop.buy": 4})
    report = {"answers": 1, "examples": 1, "error": ""}
    a_server("late", warmed={"shop.buy": report | {"request": 4}})
    a_server("early", warmed={"shop.buy": report | {"request": 5}})
    outcome = warm_servers(CLI, ["shop.buy"], AT_ONCE)

    assert RegistryState.objects.get().warms == {"shop.buy": 5}
    assert (outcome.ready, outcome.total) == (1, 2)
    assert [each.server for each in outcome.warmed] == ["early:1"]


@pytest.mark.django_db
def test_a_server_that_died_is_not_waited_for() -> None:
    a_server("gone", seen=timezone.now() - timedelta(minutes=1))

    assert warm_servers(CLI, ["shop.buy"], timedelta(minutes=1)).total == 0
