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
from plugins_app.services.audit import CLI
from plugins_app.services.retention import prune
from tests.commands.conftest import Ran
from tests.commands.plugins import BROKEN, a_server, plugin

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


def test_a_key_may_be_for_some_networks_alone(run: Run) -> None:
    secret = create(run, "--networks", "203.0.113.7, 10.2.3.4/16").document["key"]

    assert ApiKey.objects.get().networks == ["203.0.113.7/32", "10.2.0.0/16"]
    assert authenticate_key(secret, "10.2.9.9") == ApiKey.objects.get()
    assert authenticate_key(secret, "10.3.0.1") is None
    assert authenticate_key(secret) is None


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
        ("--plugins", ","),
        ("--networks", "10.0.0.0/33"),
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


def test_a_dry_run_makes_no_key(run: Run) -> None:
    assert create(run, "--dry-run").code == 0
    assert not ApiKey.objects.exists()


def test_an_interrupted_pruning_has_its_part_on_record(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ExecutionLog.objects.bulk_create(log("succeeded", 31, i) for i in range(3))
    monkeypatch.setattr("plugins_app.services.retention.BATCH", 2)

    def interrupted(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune(
            CLI,
            older_than=timedelta(days=30),
            keep_failures=timedelta(days=90),
            progress=interrupted,
        )

    assert ExecutionLog.objects.count() == 1
    assert AuditEvent.objects.get().after["executions"] == 2


def findings(run: Run) -> dict[str, str]:
    return {f["id"]: f["level"] for f in run("doctor", "--json").document["findings"]}


def test_the_doctor_finds_limits_that_hold_per_process(run: Run, family: Path) -> None:
    a_server("one")
    a_server("two")

    assert findings(run)["ZD17"] == "error"


def test_the_doctor_finds_servers_with_different_code(run: Run, family: Path) -> None:
    a_server("one", registry_hash="a")
    a_server("two", registry_hash="b")

    assert findings(run)["ZD18"] == "error"


def test_the_doctor_finds_a_server_that_went_silent(run: Run, family: Path) -> None:
    a_server("one", seen=timezone.now() - timedelta(minutes=1))

    assert findings(run)["ZD20"] == "warning"


def test_the_doctor_finds_a_clock_that_is_behind(run: Run, family: Path) -> None:
    a_server("one", seen=timezone.now() + timedelta(minutes=1))

    assert findings(run)["ZD21"] == "error"


def test_the_doctor_finds_keys_that_never_expire(run: Run, family: Path) -> None:
    create(run, "--expires", "never")

    assert findings(run)["ZD19"] == "warning"


def test_the_doctor_finds_a_simple_secret_key(run: Run, family: Path, settings: Any) -> None:
    settings.SECRET_KEY = "x" * 60

    assert findings(run)["ZD08"] == "error"


def test_every_finding_says_what_follows_and_how_to_mend_it(run: Run, family: Path) -> None:
    (family / "buy.py").write_text(BROKEN)
    create(run, "--expires", "never")
    a_server("one", seen=timezone.now() - timedelta(minutes=1))

    document = run("doctor", "--json").document

    bad = [f for f in document["findings"] if f["level"] != "ok"]
    assert bad
    assert all(f["consequence"] and f["fix"] for f in bad)


def test_warnings_fail_only_on_request(run: Run, family: Path) -> None:
    create(run, "--expires", "never")

    assert run("doctor").code == 0
    assert run("doctor", "--fail-level", "warning").code == 1
