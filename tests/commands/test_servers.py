"""Commands beside a running server, in processes of their own."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

from tests.commands.plugins import BROKEN, HEAD, plugin
from tests.serving import ROOT, Installation, wait_until

SERVED, REFUSED = 3.0, 1.0
"""Seconds within which a running server follows a command."""


def test_a_running_server_serves_what_was_just_discovered(installation: Installation) -> None:
    installation.start()
    installation.write("shop/buy.py", plugin("shop.buy"))

    assert installation.manage("discover_plugins").returncode == 0

    wait_until(lambda: installation.execute("shop.buy").status_code == 200, "serving", SERVED)


def test_a_running_server_takes_over_a_reload_and_a_disabling(installation: Installation) -> None:
    installation.write("shop/buy.py", plugin("shop.buy"))
    installation.manage("discover_plugins")
    installation.start()
    installation.write("shop/buy.py", plugin("shop.buy", answer="no"))

    reloaded = installation.manage("reload_plugins", "shop.buy", "--wait")
    answer = installation.execute("shop.buy").json()
    installation.manage("disable_plugins", "shop.buy")

    assert (reloaded.returncode, "1/1 servers" in reloaded.stdout) == (0, True)
    assert answer["data"] == {"answer": "no"}
    wait_until(lambda: installation.execute("shop.buy").status_code == 409, "disabling", REFUSED)


def test_a_running_server_keeps_serving_when_a_reload_is_rejected(
    installation: Installation,
) -> None:
    file = installation.write("shop/buy.py", plugin("shop.buy"))
    installation.manage("discover_plugins")
    installation.start()
    installation.write("shop/buy.py", "class :\n")

    ran = installation.manage("reload_plugins", "shop.buy")

    assert ran.returncode == 1
    assert f"{file}:1" in ran.stderr
    assert "Version 1.0.0 is still serving" in ran.stderr
    assert installation.execute("shop.buy").json()["data"] == {"answer": "ok"}


def test_an_interrupted_run_is_logged_as_cancelled(installation: Installation) -> None:
    installation.write("shop/slow.py", SLOW)
    command = [sys.executable, str(ROOT / "manage.py"), "run_plugin", "shop.slow", "--json"]
    ran = subprocess.Popen(
        command,
        env=installation.environment | {"STARTED": str(installation.directory / "started")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((installation.directory / "started").exists, "the plugin's start")
    ran.send_signal(signal.SIGINT)
    out, err = ran.communicate(timeout=30)

    assert (ran.returncode, "Traceback" in err) == (130, False)
    assert json.loads(out)["code"] == "interrupted"
    assert logged(installation) == [("shop.slow", "cancelled")]


SLOW = f"""{HEAD}
import asyncio, os, pathlib

class Slow(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="shop.slow", version="1.0.0")

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        pathlib.Path(os.environ["STARTED"]).touch()
        await asyncio.sleep(600)
        return PluginOutput()
"""


def logged(installation: Installation) -> list[tuple[str, str]]:
    database = sqlite3.connect(installation.directory / "var" / "zantara.sqlite3")
    with closing(database):
        return database.execute("SELECT plugin, status FROM plugins_app_executionlog").fetchall()


def test_a_reader_that_leaves_early_is_no_error(installation: Installation) -> None:
    for number in range(3):
        installation.write(f"shop/p{number}.py", plugin(f"shop.p{number}"))
    command = f"{sys.executable} {ROOT / 'manage.py'} list_plugins --columns name | head -0"

    ran = subprocess.run(
        command,
        shell=True,
        env=installation.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.stderr == ""


def test_input_is_read_from_standard_input(installation: Installation) -> None:
    installation.write("shop/buy.py", plugin("shop.buy"))

    ran = installation.manage("run_plugin", "shop.buy", "--input", "-", input='{"word": "y"}')

    assert json.loads(ran.stdout) == {"answer": "oky"}


def test_a_plugin_that_nobody_has_exits_with_four(installation: Installation) -> None:
    ran = installation.manage("run_plugin", "shop.none", "--json")

    assert ran.returncode == 4
    assert json.loads(ran.stdout)["code"] == "plugin_not_found"


def test_a_server_that_is_told_to_end_ends_well(installation: Installation) -> None:
    installation.start()

    code = installation.stop(signal.SIGTERM)

    assert code in (0, -signal.SIGTERM)
    assert "Traceback" not in installation.log


def test_json_stands_alone_on_stdout_whatever_goes_wrong(installation: Installation) -> None:
    installation.write("shop/buy.py", plugin("shop.buy"))
    installation.write("shop/sell.py", BROKEN)

    ran = installation.manage("discover_plugins", "--json")

    assert ran.returncode == 3
    assert json.loads(ran.stdout)["failures"][0]["location"].endswith("sell.py:1")
    assert "1 plugin failed" in ran.stderr


def test_a_database_without_tables_is_a_clear_error(tmp_path) -> None:
    ran = Installation(tmp_path).manage("list_plugins")

    assert ran.returncode == 1
    assert "python manage.py migrate" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_interrupted_command_exits_with_130(installation: Installation) -> None:
    installation.write("shop/slow.py", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")

    ran = installation.manage("discover_plugins")

    assert ran.returncode == 130
    assert "Interrupted" in ran.stderr


def test_wrong_usage_exits_with_two(installation: Installation) -> None:
    assert installation.manage("run_plugin").returncode == 2


def test_a_taken_port_is_told_before_any_work(installation: Installation) -> None:
    installation.start()

    ran = installation.manage("quickstart", "--port", str(installation.port))

    assert ran.returncode == 1
    assert "Choose another: make run PORT=" in ran.stderr


def test_quickstart_prints_the_password_once(tmp_path) -> None:
    installation = Installation(tmp_path)
    command = [sys.executable, str(ROOT / "manage.py"), "quickstart"]
    printed = []
    for _ in range(2):
        server = subprocess.Popen(
            [*command, "--port", str(installation.port)],
            env=installation.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        wait_until(installation.answers, "serving")
        server.terminate()
        printed.append(server.communicate(timeout=30)[0])

    assert "shown this once" in printed[0]
    assert "shown this once" not in printed[1]
    assert f"http://localhost:{installation.port}/admin/plugins/" in printed[1]
