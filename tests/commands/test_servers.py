"""Commands beside a running server, in processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from tests.commands.plugins import BROKEN, plugin
from tests.serving import ROOT, Installation, wait_until

SOON = 5.0


def test_a_running_server_serves_what_was_just_discovered(installation: Installation) -> None:
    installation.start()
    installation.write("shop/buy.py", plugin("shop.buy"))

    assert installation.manage("discover_plugins").returncode == 0

    wait_until(lambda: installation.execute("shop.buy").status_code == 200, "serving", SOON)


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
    wait_until(lambda: installation.execute("shop.buy").status_code == 409, "disabling", SOON)


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
