"""Executions that a real worker process runs."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable

from tests.celery.conftest import COMES_BACK, SWEEP, Queue
from tests.serving import free_port, wait_until

TWICE = """
from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.services import background
send = background._send
background._send = lambda *message: (send(*message), send(*message))
print(background.enqueue("lab.write", {}, caller=SYSTEM_CALLER, source="cli").id)
"""
SCHEDULED = """
from zantara.celery import app
app.loader.import_default_modules()
tasks = {entry["task"] for entry in app.conf.beat_schedule.values()}
print(tasks <= set(app.tasks), len(tasks))
"""
OLD_ROW = """
from datetime import timedelta
from django.contrib.sessions.models import Session
from django.utils import timezone
from plugins_app.models import ExecutionLog
from zantara.celery import app
old = timezone.now() - timedelta(days=100)
Session.objects.create(session_key="old", session_data="", expire_date=old)
ExecutionLog.objects.create(id="0", plugin="lab.read", status="succeeded", started_at=old)
app.send_task("zantara.prune")
app.send_task("zantara.clear_sessions")
"""


def test_the_worker_runs_what_was_queued_and_the_log_has_one_row_of_it(queue: Queue) -> None:
    ran = queue.run_plugin("lab.read", "--set", "word=hello", "--queue", "--wait", "--json")
    answer = json.loads(ran.stdout)

    assert (ran.returncode, answer["data"]) == (0, {"word": "hello!"}), ran.stderr
    where = f"id = '{answer['metadata']['execution_id']}'"
    [(status, source, worker)] = queue.rows("status, source, worker", where)
    assert (status, source) == ("succeeded", "cli")
    assert f":{queue._worker.pid}" not in worker  # a process of its pool


def test_a_failure_in_the_worker_is_the_commands_failure(queue: Queue) -> None:
    ran = queue.run_plugin("lab.fail", "--set", "password=tops3cret!", "--queue", "--wait")
    [(status, traceback)] = queue.rows("status, traceback", "plugin = 'lab.fail'")

    assert (ran.returncode, status) == (1, "failed")
    assert "not today" in traceback
    assert "not today" not in ran.stderr
    assert "tops3cret!" not in traceback + queue.log


def test_a_message_that_comes_twice_runs_once(queue: Queue) -> None:
    known = queue.log.count("it was claimed before")
    execution = queue.shell(TWICE).strip()
    where = f"id = '{execution}'"
    wait_until(lambda: queue.log.count("it was claimed before") > known, "the second message")

    assert queue.rows("status, attempts", where) == [("succeeded", 1)]
    assert [line for line in queue.lines if execution in line] == [f"{execution} system"]


def test_what_is_refused_is_never_queued(queue: Queue) -> None:
    ran = queue.run_plugin("lab.write", "--set", "nonsense=1", "--queue", "--json")

    assert (ran.returncode, json.loads(ran.stdout)["code"]) == (1, "invalid_input")
    assert queue.rows("1", "status IN ('queued', 'running')") == []


def test_what_nobody_listens_for_is_ended_and_its_input_was_never_readable(
    queue: Queue, held: Callable[[], list[str]]
) -> None:
    arguments = ("lab.write", "--set", "password=tops3cret!", "--queue", "nobody")
    execution = queue.run_plugin(*arguments).stdout.strip()
    messages, before = str(held()), queue.rows("status, input", f"id = '{execution}'")
    swept = queue.shell(SWEEP)

    assert (len(before), before[0][0], swept) == (1, "queued", "1\n")
    assert queue.rows("status, error_code", f"id = '{execution}'") == [("abandoned", "unavailable")]
    assert "zantara.run" in messages
    assert "tops3cret!" not in messages + str(before)


def test_the_schedule_deletes_what_is_old(queue: Queue) -> None:
    queue.shell(OLD_ROW)

    wait_until(lambda: not queue.rows("id", "id = '0'"), "the pruning")
    wait_until(lambda: not queue.sql("SELECT 1 FROM django_session"), "the sessions' end")


def test_every_task_of_the_schedule_exists(queue: Queue) -> None:
    assert queue.shell(SCHEDULED) == "True 3\n"


def test_on_sigterm_a_worker_ends_what_it_runs(queue: Queue) -> None:
    before = len(queue.lines)
    execution = queue.run_plugin("lab.write", "--set", "seconds=1", "--queue").stdout.strip()
    wait_until(lambda: len(queue.lines) > before, "the start of the run")

    assert queue.stop_worker() == 0
    assert queue.rows(where=f"id = '{execution}'") == [("succeeded",)]
    assert queue.sql("SELECT id FROM plugins_app_worker") == []
    queue.start_worker()


def test_while_the_log_is_away_a_worker_keeps_what_it_was_to_run(queue: Queue) -> None:
    queue.stop_worker()
    before = len(queue.lines)
    execution = queue.run_plugin("lab.write", "--queue").stdout.strip()
    queue.sql("ALTER TABLE plugins_app_executionlog RENAME TO away")
    queue.start_worker()
    wait_until(lambda: "Retry in" in queue.log, "a try in vain")
    assert len(queue.lines) == before
    queue.sql("ALTER TABLE away RENAME TO plugins_app_executionlog")

    wait_until(lambda: queue.rows(where=f"id = '{execution}'") == [("succeeded",)], "the run")
    assert len(queue.lines) == before + 1


def test_what_a_killed_worker_was_running_is_abandoned_and_not_run_again(queue: Queue) -> None:
    before = len(queue.lines)
    execution = queue.run_plugin("lab.write", "--set", "seconds=4", "--queue").stdout.strip()
    wait_until(lambda: len(queue.lines) > before, "the start of the run")
    queue.stop_worker(signal.SIGKILL)

    assert queue.rows(where=f"id = '{execution}'") == [("running",)]
    assert queue.shell(SWEEP) == "1\n"
    assert queue.rows("status, error_code", f"id = '{execution}'") == [
        ("abandoned", "outcome_unknown")
    ]
    queue.shell(COMES_BACK)
    known = queue.log.count("it was claimed before")
    queue.start_worker()
    wait_until(lambda: queue.log.count("it was claimed before") > known, "the message's return")
    assert len(queue.lines) == before + 1


def test_without_its_broker_the_command_says_so_and_leaves_nothing_behind(queue: Queue) -> None:
    ran = queue.run_plugin("lab.write", "--queue", "--json", broker=f"127.0.0.1:{free_port()}")
    document = json.loads(ran.stdout)

    assert (ran.returncode, document["code"]) == (1, "unavailable")
    assert document["error"] == "The broker is not available"
    assert queue.rows("1", "status IN ('queued', 'running')") == []


def test_a_broker_that_does_not_answer_is_not_waited_for(queue: Queue) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        ran = queue.run_plugin("lab.write", "--queue", "--json", broker=address)

    assert json.loads(ran.stdout)["error"] == "The broker is not available"
    assert queue.rows("1", "status IN ('queued', 'running')") == []
