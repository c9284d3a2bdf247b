"""Discovery, enabling and reloading: what changes, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugins_app.core.errors import PluginNotFound, ReloadRejected
from plugins_app.models import AuditEvent, InstalledPlugin, PluginVersion, RegistryState
from plugins_app.models.audit import AppendOnly
from plugins_app.runtime.engine import close_engine
from plugins_app.services import lifecycle, sync
from plugins_app.services.audit import CLI, record
from tests.runtime.conftest import write_plugin

EngineOf = Callable[..., Any]
PLUGIN = """
class Echo(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="{name}", version="{version}")

    async def execute(self, input_data):
        return PluginOutput(data={answer!r})
"""


def code(name: str = "echo", version: str = "1.0.0", answer: str = "a") -> str:
    return PLUGIN.format(name=name, version=version, answer=answer)


def events() -> list[str]:
    return [event.action for event in AuditEvent.objects.order_by("id")]


def generations() -> tuple[int, int]:
    state = RegistryState.objects.filter(pk=1).first() or RegistryState()
    return state.plugins, state.policies


# --- discovery ------------------------------------------------------------------------------------


def test_a_first_discovery_installs_and_is_audited(engine_of: EngineOf) -> None:
    engine_of(code())
    report = sync.discover(CLI)
    assert (report.new, report.moved) == (["echo"], True)
    assert InstalledPlugin.objects.get().version == "1.0.0"
    assert AuditEvent.objects.get().after["new"] == ["echo"]
    assert generations() == (1, 0)


def test_a_discovery_that_finds_nothing_new_leaves_no_trace(engine_of: EngineOf) -> None:
    engine_of(code())
    sync.discover(CLI)
    report = sync.discover(CLI)
    assert (report.kept, report.moved) == (["echo"], False)
    assert (events(), generations()) == (["discover"], (1, 0))


def test_what_operators_decided_survives_every_discovery(
    engine_of: EngineOf,
    family: Path,
) -> None:
    engine_of(code())
    sync.discover(CLI)
    decided = {"enabled": False, "overrides": {"rate_limit": 5}, "pinned_version": "1.0.0"}
    InstalledPlugin.objects.update(**decided)
    write_plugin(family / "m0.py", code(version="1.1.0"))
    assert sync.discover(CLI).changed == {"echo": "1.0.0"}
    write_plugin(family / "m0.py", code(version="1.1.0", answer="b"))
    assert sync.discover(CLI).recoded == ["echo"]
    assert InstalledPlugin.objects.values(*decided).get() == decided
    assert PluginVersion.objects.count() == 3


@pytest.mark.parametrize("automatic", [True, False])
def test_a_new_plugin_starts_as_the_setting_says(
    engine_of: EngineOf,
    settings: Any,
    automatic: bool,
) -> None:
    settings.ZANTARA_AUTO_ENABLE = automatic
    engine = engine_of(code())
    report = sync.discover(CLI)
    assert InstalledPlugin.objects.get().enabled is automatic
    assert engine.registry.resolve("echo").enabled is automatic
    assert report.waiting == ([] if automatic else ["echo"])


def test_what_is_gone_stays_known_until_it_is_pruned(
    engine_of: EngineOf,
    family: Path,
) -> None:
    engine_of(code())
    sync.discover(CLI)
    (family / "m0.py").unlink()
    assert sync.discover(CLI).gone == ["echo"]
    assert InstalledPlugin.objects.get().installed is False
    assert sync.discover(CLI).gone == []
    report = sync.discover(CLI, prune=True)
    assert (report.pruned, InstalledPlugin.objects.count()) == (["echo"], 0)
    assert AuditEvent.objects.order_by("id").last().after["pruned"] == ["echo"]


def test_a_plugin_that_broke_is_not_gone(
    engine_of: EngineOf,
    family: Path,
) -> None:
    engine_of(code())
    sync.discover(CLI)
    write_plugin(family / "m0.py", "nonsense(")
    report = sync.discover(CLI, prune=True)
    assert (report.gone, report.pruned, len(report.failures)) == ([], [], 1)
    assert InstalledPlugin.objects.get().installed


def test_plugins_whose_module_is_broken_when_a_process_starts_are_not_gone(
    engine_of: EngineOf, family: Path
) -> None:
    engine_of(code() + code("other").replace("class Echo", "class Other"))
    assert sync.discover(CLI).new == ["echo", "other"]
    close_engine()
    write_plugin(family / "m0.py", "nonsense(")
    assert sync.discover(CLI, prune=True).gone == []
    assert InstalledPlugin.objects.filter(installed=True).count() == 2


def test_a_dry_run_writes_nothing(engine_of: EngineOf) -> None:
    engine_of(code())
    assert sync.discover(CLI, dry_run=True).new == ["echo"]
    assert (InstalledPlugin.objects.count(), events()) == (0, [])


# --- enabling -------------------------------------------------------------------------------------


def test_disabling_takes_effect_at_once_and_is_audited(engine_of: EngineOf) -> None:
    engine = engine_of(code())
    assert lifecycle.disable(["echo"], CLI, "maintenance") == ["echo"]
    assert engine.registry.resolve("echo").enabled is False
    event = AuditEvent.objects.get()
    assert (event.action, event.object, event.reason) == ("disable", "echo", "maintenance")
    assert (event.before, event.after) == ({"enabled": True}, {"enabled": False})
    assert generations() == (0, 1)


def test_disabling_what_is_disabled_changes_and_audits_nothing(engine_of: EngineOf) -> None:
    engine_of(code())
    lifecycle.disable(["echo"], CLI)
    assert lifecycle.disable(["echo"], CLI) == []
    assert (events(), generations()) == (["disable"], (0, 1))


def test_one_unknown_name_and_nothing_is_changed(engine_of: EngineOf) -> None:
    engine = engine_of(code())
    with pytest.raises(PluginNotFound):
        lifecycle.disable(["echo", "nobody"], CLI)
    assert (engine.registry.resolve("echo").enabled, events()) == (True, [])


def _fail(*arguments: Any, **options: Any) -> None:
    raise RuntimeError("no audit, no act")


def test_a_change_that_cannot_be_audited_does_not_happen(
    engine_of: EngineOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine_of(code())
    sync.discover(CLI)
    monkeypatch.setattr(lifecycle, "record", _fail)
    with pytest.raises(RuntimeError):
        lifecycle.disable(["echo"], CLI)
    assert InstalledPlugin.objects.get().enabled
    assert generations() == (1, 0)


def test_a_discovery_that_cannot_be_audited_writes_nothing(
    engine_of: EngineOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine_of(code())
    monkeypatch.setattr(sync, "record", _fail)
    with pytest.raises(RuntimeError):
        sync.discover(CLI)
    assert not InstalledPlugin.objects.exists()


# --- reloading ------------------------------------------------------------------------------------


def test_a_reload_is_audited_and_told_to_the_others(
    engine_of: EngineOf,
    family: Path,
) -> None:
    engine = engine_of(code())
    write_plugin(family / "m0.py", code(version="1.1.0"))
    result = lifecycle.reload("echo", CLI)
    assert (result.from_version, result.to_version) == ("1.0.0", "1.1.0")
    event = AuditEvent.objects.get()
    assert (event.action, event.before) == ("reload", {"version": "1.0.0"})
    assert RegistryState.objects.get().reloads == {"echo": 1} == engine.reloaded


def test_a_rejected_reload_is_audited_and_told_to_nobody(
    engine_of: EngineOf,
    family: Path,
) -> None:
    engine_of(code())
    write_plugin(family / "m0.py", "nonsense(")
    with pytest.raises(ReloadRejected):
        lifecycle.reload("echo", CLI)
    assert (events(), generations()) == (["reload.rejected"], (0, 0))


# --- the audit log --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_audit_event_is_never_changed_or_removed() -> None:
    event = record(CLI, "reload", "it")
    event.reason = "another"
    with pytest.raises(AppendOnly):
        event.save()
    with pytest.raises(AppendOnly):
        event.delete()
    with pytest.raises(AppendOnly):
        AuditEvent.objects.update(reason="another")
    with pytest.raises(AppendOnly):
        AuditEvent.objects.all().delete()
    assert AuditEvent.objects.get().reason == ""
