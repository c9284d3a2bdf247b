from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from plugins_app.models import AuditEvent, InstalledPlugin, RegistryState
from tests.commands.conftest import Ran
from tests.commands.plugins import BROKEN, a_server, plugin

Run = Callable[..., Ran]


def test_what_is_new_is_installed_and_enabled(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))

    ran = run("discover_plugins", "--json")

    assert (ran.code, ran.document["new"]) == (0, ["shop.buy"])
    assert InstalledPlugin.objects.get(name="shop.buy").enabled


def test_in_production_a_new_plugin_waits_for_an_operator(
    run: Run, family: Path, settings: Any
) -> None:
    settings.ZANTARA_AUTO_ENABLE = False
    (family / "buy.py").write_text(plugin("shop.buy"))

    ran = run("discover_plugins")

    assert not InstalledPlugin.objects.get(name="shop.buy").enabled
    assert "enable_plugins shop.buy" in ran.err


def test_a_broken_plugin_is_named_with_its_line_and_the_others_load(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    (family / "sell.py").write_text(BROKEN)

    ran = run("discover_plugins")

    assert ran.code == 3
    assert "sell.py:1" in ran.out
    assert "No module named 'no_such_module'" in ran.out
    assert InstalledPlugin.objects.filter(name="shop.buy").exists()


def test_strict_makes_any_failure_a_failure(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    (family / "sell.py").write_text(BROKEN)

    assert run("discover_plugins", "--strict").code == 1


def test_a_dry_run_writes_nothing(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))

    ran = run("discover_plugins", "--dry-run")

    assert "Would add 1" in ran.out
    assert not InstalledPlugin.objects.exists()
    assert not AuditEvent.objects.exists()


def test_what_is_gone_is_marked_and_pruned_only_on_request(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    run("discover_plugins")
    (family / "buy.py").unlink()

    run("discover_plugins")
    kept = InstalledPlugin.objects.get(name="shop.buy")
    run("discover_plugins", "--prune")

    assert not kept.installed


def test_discovery_never_loses_what_an_operator_decided(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    run("discover_plugins")
    InstalledPlugin.objects.update(
        enabled=False, overrides={"rate_limit": 7}, pinned_version="1.0.0"
    )
    (family / "buy.py").write_text(plugin("shop.buy", version="1.1.0"))

    run("discover_plugins")

    row = InstalledPlugin.objects.get(name="shop.buy")
    assert row.version == "1.1.0"
    assert (row.enabled, row.overrides, row.pinned_version) == (False, {"rate_limit": 7}, "1.0.0")


def test_one_more_directory_can_be_named(run: Run, family: Path, tmp_path: Path) -> None:
    other = tmp_path / f"other_{tmp_path.name}" / "shop"
    other.mkdir(parents=True)
    (other / "buy.py").write_text(plugin("shop.buy"))

    assert run("discover_plugins", "--path", str(other.parent), "--json").document["new"]


def test_a_directory_that_is_none_is_a_clear_error(run: Run, family: Path) -> None:
    ran = run("discover_plugins", "--path", "/no/such/place")

    assert (ran.code, ran.err) == (1, "/no/such/place is not a directory")


def test_nothing_loaded_is_a_failure(run: Run, family: Path) -> None:
    (family / "sell.py").write_text(BROKEN)

    assert run("discover_plugins").code == 1


def test_a_changed_version_is_told_with_the_old_one(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    run("discover_plugins")
    (family / "buy.py").write_text(plugin("shop.buy", version="1.1.0"))

    assert "changed (was 1.0.0)" in run("discover_plugins").out


def test_a_module_that_broke_is_told_by_its_plugins_name(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    run("discover_plugins")
    (family / "buy.py").write_text(BROKEN)

    failure = run("discover_plugins", "--json").document["failures"][0]

    assert failure["plugin"] == "shop.buy"
    assert InstalledPlugin.objects.get(name="shop.buy").installed


def test_what_an_operator_disabled_waits_for_nobody(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    run("discover_plugins")
    run("disable_plugins", "shop.buy")

    assert run("discover_plugins", "--json").document["waiting"] == []


def test_a_server_with_a_load_error_looks_again_even_where_no_source_moved(
    run: Run, family: Path
) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    run("discover_plugins")
    a_server(errors=[{"plugin": "shop.buy"}])
    before = RegistryState.objects.get().plugins

    run("discover_plugins")

    assert RegistryState.objects.get().plugins == before + 1
