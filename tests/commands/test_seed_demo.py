"""A past that was never lived, made by the real engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from plugins_app.demo.catalogue import plugins
from plugins_app.demo.clock import VirtualTimeLoop
from plugins_app.demo.modules import source
from plugins_app.models import (
    ApiKey,
    AuditEvent,
    ExecutionLog,
    InstalledPlugin,
    MetricHour,
    MetricMinute,
)
from tests.commands.conftest import Ran

Run = Callable[..., Ran]
SMALL = ("--plugins", "20", "--days", "2", "--calls", "300")


@pytest.fixture
def demo(settings: Any, tmp_path: Path, run: Run) -> Iterator[Path]:
    settings.ZANTARA_DEMO_DIR = tmp_path / f"demo_of_{tmp_path.name}"
    yield settings.ZANTARA_DEMO_DIR
    if settings.ZANTARA_DEMO_DIR and settings.ZANTARA_DEMO_DIR.exists():
        run("seed_demo", "--clear")


def test_rows_and_counters_of_the_past_agree(run: Run, demo: Path) -> None:
    document = run("seed_demo", *SMALL, "--json").document

    rows = ExecutionLog.objects.exclude(status="refused").count()
    assert document["executions"] >= rows > 300
    for model in (MetricMinute, MetricHour):
        ended = model.objects.filter(metric__in=ENDED)
        assert sum(ended.values_list("value", flat=True)) == rows
    days = set(ExecutionLog.objects.values_list("started_at__date", flat=True))
    assert len(days) >= 2


ENDED = ("status:succeeded", "status:failed", "status:timed_out")


def test_what_the_demo_made_it_takes_away(run: Run, demo: Path) -> None:
    before = set(InstalledPlugin.objects.values_list("name", flat=True))
    run("seed_demo", *SMALL)
    assert InstalledPlugin.objects.count() > len(before)

    assert run("seed_demo", "--clear").code == 0

    assert not demo.exists()
    assert not InstalledPlugin.objects.filter(name__startswith="gmail.").exists()
    assert not ExecutionLog.objects.exists()
    assert not MetricMinute.objects.exists()
    assert not ApiKey.objects.filter(revoked=None).exists()
    seeded, cleared = AuditEvent.objects.filter(action__startswith="demo.").order_by("id")
    assert (seeded.action, seeded.after["plugins"]) == ("demo.seed", 20)
    assert cleared.action == "demo.clear"
    assert cleared.before["executions"] == seeded.after["executions"] > 300


def test_a_second_demo_does_not_mix_with_the_first(run: Run, demo: Path) -> None:
    run("seed_demo", *SMALL)
    again = run("seed_demo", *SMALL)
    assert again.code == 1
    assert "--clear" in again.err


@pytest.mark.parametrize("option", ["--plugins", "--days", "--calls"])
def test_nothing_is_no_demo(run: Run, demo: Path, option: str) -> None:
    assert run("seed_demo", option, "0").code == 1
    assert not demo.exists()


def test_there_is_no_demo_in_production(run: Run, settings: Any) -> None:
    settings.ZANTARA_DEMO_DIR = None
    assert "production" in run("seed_demo").err


def test_every_plugin_of_the_catalogue_is_written_the_same_each_time() -> None:
    chosen = plugins(300)
    assert len({plugin.name for plugin in chosen}) == 300
    assert [source(plugin) for plugin in chosen] == [source(plugin) for plugin in plugins(300)]


def test_waiting_takes_no_time_and_timers_keep_their_order() -> None:
    chance, loop, woken = Random(1), VirtualTimeLoop(), []

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((seconds, loop.time()))

    async def all_of_them() -> None:
        await asyncio.gather(*(wait(chance.uniform(0, 86_400)) for _ in range(100)))

    loop.run_until_complete(all_of_them())
    loop.close()
    assert woken == sorted(woken)
    assert all(at == pytest.approx(seconds) for seconds, at in woken)
