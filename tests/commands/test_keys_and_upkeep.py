"""api_keys, plugin_stats, prune_executions and doctor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from plugins_app.models import ApiKey, AuditEvent, ExecutionLog
from plugins_app.services.access import authenticate_key
from tests.commands.conftest import Ran
from tests.commands.plugins import BROKEN, plugin

Run = Callable[..., Ran]


def create(run: Run, *more: str) -> Ran:
    return run("api_keys", "create", "--name", "app", "--scopes", "list,execute", *more, "--json")


def test_a_new_key_is_one_json_object_with_its_secret(run: Run) -> None:
    document = create(run).document

    assert document["key"].startswith("zan_")
    assert document["scopes"] == ["execute", "list"]
    assert authenticate_key(document["key"]) == ApiKey.objects.get(name="app")


def test_the_secret_is_nowhere_in_the_database(run: Run) -> None:
    secret = create(run).document["key"]

    stored = [*ApiKey.objects.values(), *AuditEvent.objects.values()]
    assert secret not in str(stored)


def test_a_key_expires_after_ninety_days_unless_told(run: Run) -> None:
    create(run)

    left = ApiKey.objects.get().expires - timezone.now()
    assert timedelta(days=89) < left <= timedelta(days=90)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--scopes", "list,everything"),
        ("--expires", "soon"),
        ("--expires", "2020-01-01"),
        ("--owner", "nobody"),
        ("--rate", "0"),
    ],
)
def test_a_wrong_option_makes_no_key(run: Run, wrong: tuple[str, str]) -> None:
    ran = create(run, *wrong)

    assert ran.code == 1
    assert ran.document["success"] is False
    assert not ApiKey.objects.exists()


def test_two_keys_cannot_have_one_name(run: Run) -> None:
    create(run)

    assert "already" in create(run).err


def test_the_list_shows_no_secret(run: Run) -> None:
    secret = create(run).document["key"]

    ran = run("api_keys", "list", "--json")

    assert ran.document["keys"][0]["name"] == "app"
    assert secret not in ran.out


def test_a_rotated_key_leaves_the_old_one_its_overlap(run: Run) -> None:
    old = create(run).document["key"]

    new = run("api_keys", "rotate", "app", "--overlap", "1h", "--json").document["key"]

    assert authenticate_key(new) is not None
    assert authenticate_key(old) is not None


def test_without_overlap_the_old_key_ends_at_once(run: Run) -> None:
    old = create(run).document["key"]

    run("api_keys", "rotate", "app")

    assert authenticate_key(old) is None


def test_a_revoked_key_is_dead_and_audited(run: Run) -> None:
    secret = create(run).document["key"]

    ran = run("api_keys", "revoke", "app", "--no-input", "--reason", "lost")

    assert ran.code == 0
    assert authenticate_key(secret) is None
    assert AuditEvent.objects.get(action="key.revoke").reason == "lost"


def test_revoking_asks_first(run: Run) -> None:
    create(run)

    assert "--no-input" in run("api_keys", "revoke", "app").err
    assert ApiKey.objects.get().revoked is None


def test_stats_count_what_was_run(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    run("run_plugin", "shop.buy")

    stats = run("plugin_stats", "--json").document["plugins"]

    assert [(row["name"], row["calls"]) for row in stats] == [("shop.buy", 1)]


def test_stats_as_csv_start_with_their_columns(run: Run) -> None:
    assert run("plugin_stats", "--csv").out.startswith("name,calls,")


def log(status: str, days: int, number: int) -> ExecutionLog:
    started = timezone.now() - timedelta(days=days)
    return ExecutionLog(
        id=f"{number:026}", plugin="p", caller="c", source="s", status=status, started_at=started
    )


def test_pruning_keeps_failures_longer_and_running_rows_for_ever(run: Run) -> None:
    rows = [("succeeded", 31), ("failed", 31), ("failed", 91), ("running", 400), ("refused", 5)]
    ExecutionLog.objects.bulk_create(log(s, d, i) for i, (s, d) in enumerate(rows))

    run("prune_executions")

    kept = sorted(ExecutionLog.objects.values_list("status", flat=True))
    assert kept == ["failed", "refused", "running"]


def test_a_dry_run_prunes_nothing(run: Run) -> None:
    ExecutionLog.objects.bulk_create([log("succeeded", 31, 1)])

    document = run("prune_executions", "--dry-run", "--json").document

    assert document["deleted"]["executions"] == 1
    assert ExecutionLog.objects.count() == 1


def test_the_doctor_names_a_broken_plugin(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(BROKEN)

    ran = run("doctor", "--json")

    failed = [f for f in ran.document["findings"] if f["level"] == "error"]
    assert ran.code == 1
    assert [finding["id"] for finding in failed] == ["ZD14"]
    assert "buy.py:1" in failed[0]["consequence"]


def test_the_doctor_is_content_with_a_sound_installation(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(plugin("shop.buy"))
    run("discover_plugins")

    assert run("doctor").code == 0


def test_the_doctor_finds_debug_in_production(run: Run, family: Path, settings: Any) -> None:
    settings.DEBUG, settings.EMBEDDED = True, False

    findings = run("doctor", "--json").document["findings"]

    assert {f["id"]: f["level"] for f in findings}["ZD04"] == "error"
