"""list, show, run, enable, disable and reload."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plugins_app.models import AuditEvent, ExecutionLog, InstalledPlugin, RegistryState
from tests.commands.conftest import Ran
from tests.commands.plugins import BROKEN, a_server, plugin

Run = Callable[..., Ran]


@pytest.fixture
def shop(run: Run, family: Path) -> Path:
    """Two plugins, discovered."""
    (family / "buy.py").write_text(plugin("shop.buy", more="tags=('money',), aliases=('get',)"))
    (family / "sell.py").write_text(plugin("shop.sell"))
    assert run("discover_plugins").code == 0
    return family


def test_the_list_shows_every_plugin_with_its_status(run: Run, shop: Path) -> None:
    ran = run("list_plugins")

    assert "shop.buy" in ran.out
    assert "2 of 2 plugins" in ran.out


def test_filters_combine(run: Run, shop: Path) -> None:
    ran = run("list_plugins", "--tag", "money", "--status", "enabled", "--json")

    assert [row["name"] for row in ran.document["plugins"]] == ["shop.buy"]


def test_an_unknown_column_is_refused_by_name(run: Run, shop: Path) -> None:
    ran = run("list_plugins", "--columns", "name,colour")

    assert ran.code == 1
    assert "colour" in ran.err


def test_a_broken_plugin_is_listed_with_its_place(run: Run, shop: Path) -> None:
    (shop / "lend.py").write_text(BROKEN)

    ran = run("list_plugins")

    assert "load_error" in ran.out
    assert "lend.py:1" in ran.err


def test_a_plugin_is_shown_by_its_alias(run: Run, shop: Path) -> None:
    ran = run("show_plugin", "get", "--json")

    assert ran.document["plugin"]["metadata"]["name"] == "shop.buy"


def test_an_unknown_plugin_exits_with_four_and_suggests(run: Run, shop: Path) -> None:
    ran = run("show_plugin", "shop.bui")

    assert ran.code == 4
    assert "shop.buy" in ran.err


def test_a_run_prints_the_answer_and_is_logged(run: Run, shop: Path) -> None:
    ran = run("run_plugin", "shop.buy", "--set", "word=x", "--set", "count=3")

    assert json.loads(ran.out) == {"answer": "okxxx"}
    assert ExecutionLog.objects.get().source == "cli"


def test_a_run_as_json_is_the_envelope_of_the_api(run: Run, shop: Path) -> None:
    document = run("run_plugin", "shop.buy", "--json").document

    assert document["success"] is document["ok"] is True
    assert document["metadata"]["execution_id"] == ExecutionLog.objects.get().id


@pytest.mark.parametrize("source", ['{"word": "y"}', "@file"])
def test_input_comes_from_json_or_a_file(run: Run, shop: Path, tmp_path: Path, source: str) -> None:
    file = tmp_path / "input.json"
    file.write_text('{"word": "y"}')
    given = f"@{file}" if source == "@file" else source

    assert json.loads(run("run_plugin", "shop.buy", "--input", given).out) == {"answer": "oky"}


@pytest.mark.parametrize("wrong", ["{", "[1]", '{"a": 1, "a": 2}', "@/no/such/file", "NaN"])
def test_wrong_input_is_a_clear_error(run: Run, shop: Path, wrong: str) -> None:
    ran = run("run_plugin", "shop.buy", "--input", wrong)

    assert ran.code == 1
    assert ran.err
    assert not ExecutionLog.objects.exists()


def test_an_invalid_field_is_named_by_its_pointer(run: Run, shop: Path) -> None:
    ran = run("run_plugin", "shop.buy", "--set", 'count="many"')

    assert ran.code == 1
    assert "/count:" in ran.err


def test_a_disabled_plugin_does_not_run_until_it_is_enabled(run: Run, shop: Path) -> None:
    run("disable_plugins", "shop.buy", "--reason", "audit")
    refused = run("run_plugin", "shop.buy")
    run("enable_plugins", "shop.buy")

    assert refused.code == 1
    assert "disabled" in refused.err
    assert run("run_plugin", "shop.buy").code == 0
    assert [e.action for e in AuditEvent.objects.exclude(action="discover")] == [
        "enable",
        "disable",
    ]


def test_disabling_many_asks_first(run: Run, shop: Path) -> None:
    ran = run("disable_plugins", "shop.*")

    assert ran.code == 1
    assert "--no-input" in ran.err
    assert InstalledPlugin.objects.filter(enabled=True).count() == 2


def test_globs_disable_many_without_a_question_when_told(run: Run, shop: Path) -> None:
    ran = run("disable_plugins", "shop.*", "--no-input", "--json")

    assert ran.document["disabled"] == ["shop.buy", "shop.sell"]


def test_a_dry_run_disables_nothing(run: Run, shop: Path) -> None:
    ran = run("disable_plugins", "shop.buy", "--dry-run")

    assert "would be disabled" in ran.out
    assert InstalledPlugin.objects.get(name="shop.buy").enabled


@pytest.mark.parametrize("command", ["enable_plugins", "disable_plugins", "reload_plugins"])
def test_a_name_that_nobody_has_exits_with_four(run: Run, shop: Path, command: str) -> None:
    assert run(command, "shop.nothing").code == 4


def test_a_reload_takes_over_edited_code(run: Run, shop: Path) -> None:
    (shop / "buy.py").write_text(plugin("shop.buy", version="1.1.0"))

    ran = run("reload_plugins", "shop.buy", "--json")

    assert ran.code == 0
    assert ran.document["reloaded"][0]["to_version"] == "1.1.0"
    assert InstalledPlugin.objects.get(name="shop.buy").version == "1.1.0"


def test_a_rejected_reload_names_the_line(run: Run, shop: Path) -> None:
    (shop / "buy.py").write_text("class :\n")

    ran = run("reload_plugins", "shop.buy")

    assert ran.code == 1
    assert "buy.py:1" in ran.err
    assert "No server serves it now" in ran.err


def test_a_rejected_reload_says_what_the_servers_go_on_with(run: Run, shop: Path) -> None:
    a_server()
    (shop / "buy.py").write_text("class :\n")

    ran = run("reload_plugins", "shop.buy", "--json")

    assert ran.document["rejected"][0]["serving"] == "1.0.0"
    assert "Version 1.0.0 is still serving" in ran.err


def test_a_rejected_reload_disturbs_no_server(run: Run, shop: Path) -> None:
    (shop / "buy.py").write_text("class :\n")
    before = RegistryState.objects.get().plugins

    run("reload_plugins", "shop.buy")

    assert RegistryState.objects.get().plugins == before
    assert AuditEvent.objects.filter(action="reload.rejected", object="shop.buy").exists()


def test_one_rejected_reload_of_many_is_partial_success(run: Run, shop: Path) -> None:
    (shop / "buy.py").write_text("class :\n")

    ran = run("reload_plugins", "--all", "--json")

    assert ran.code == 3
    assert [row["name"] for row in ran.document["reloaded"]] == ["shop.sell"]
    assert [row["name"] for row in ran.document["rejected"]] == ["shop.buy"]


def test_a_reload_tells_the_version_that_the_servers_had(run: Run, shop: Path) -> None:
    a_server()
    (shop / "buy.py").write_text(plugin("shop.buy", version="1.1.0"))

    assert "shop.buy 1.0.0 -> 1.1.0" in run("reload_plugins", "shop.buy").out


def test_a_dry_run_reloads_nothing(run: Run, shop: Path) -> None:
    before = RegistryState.objects.get().plugins

    assert "would be reloaded" in run("reload_plugins", "--all", "--dry-run").out
    assert RegistryState.objects.get().plugins == before


def test_waiting_gives_up_on_a_server_that_does_not_follow(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins_app.management.commands.reload_plugins.WAIT", timedelta(0))
    a_server()

    ran = run("reload_plugins", "shop.buy", "--wait", "--json")

    assert ran.code == 3
    assert ran.document["workers"] == {"ready": 0, "total": 1}


def test_a_glob_passes_over_what_cannot_be_enabled(run: Run, shop: Path) -> None:
    run("disable_plugins", "shop.*", "--no-input")
    (shop / "lend.py").write_text(BROKEN)

    ran = run("enable_plugins", "*", "--json")

    assert (ran.code, ran.document["enabled"]) == (0, ["shop.buy", "shop.sell"])


def test_dotted_assignments_nest(run: Run, shop: Path) -> None:
    ran = run("run_plugin", "shop.buy", "--set", "word.deep.er=1")

    assert "/word:" in ran.err


@pytest.mark.parametrize("wrong", ["word", "=1", "a..b=1"])
def test_an_assignment_without_a_field_is_refused(run: Run, shop: Path, wrong: str) -> None:
    assert run("run_plugin", "shop.buy", "--set", wrong).code == 1


def test_a_refused_run_as_json_names_its_fields(run: Run, shop: Path) -> None:
    document = run("run_plugin", "shop.buy", "--set", 'count="many"', "--json").document

    assert (document["success"], document["code"]) == (False, "invalid_input")
    assert document["errors"][0]["pointer"] == "/count"


def test_schemas_are_shown_on_request(run: Run, shop: Path) -> None:
    assert '"properties"' not in run("show_plugin", "shop.buy").out
    assert '"properties"' in run("show_plugin", "shop.buy", "--schema").out


def test_a_broken_plugin_is_shown_with_its_place(run: Run, shop: Path) -> None:
    (shop / "buy.py").write_text(BROKEN)

    ran = run("show_plugin", "shop.buy")

    assert ran.code == 1
    assert "buy.py:1" in ran.err


def test_a_list_for_a_model_holds_what_that_model_may_call(run: Run, shop: Path) -> None:
    (shop / "think.py").write_text(plugin("shop.think", more="allowed_models=('opus',)"))

    names = [
        row["name"] for row in run("list_plugins", "--model", "haiku", "--json").document["plugins"]
    ]

    assert names == ["shop.buy", "shop.sell"]


def test_a_user_runs_with_the_users_rights(run: Run, shop: Path, django_user_model: Any) -> None:
    (shop / "rule.py").write_text(plugin("shop.rule", more="requires_admin=True"))
    django_user_model.objects.create_user("ayu")

    assert run("run_plugin", "shop.rule", "--user", "ayu").code == 1
    assert run("run_plugin", "shop.rule").code == 0
