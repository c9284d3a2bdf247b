"""The page about one execution, and running it again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from plugins_app.admin.runs.detail import payload, try_url
from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.core.masking import MASK
from plugins_app.models import AuditEvent, ExecutionLog, Status, User
from plugins_app.runtime.ids import made_at
from plugins_app.services import sync
from plugins_app.services.audit import CLI
from plugins_app.services.execute import execute_and_wait
from tests.admin._runs import EXECUTIONS, write
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

Login = Callable[..., Client]


def run(**input_data: Any) -> str:
    done = execute_and_wait(PRICING, input_data, caller=SYSTEM_CALLER, source="cli")
    return done.id


def page_of(client: Client, id: str) -> Any:
    return client.get(f"{EXECUTIONS}{id}/")


def test_the_page_shows_a_run_and_leads_on(admin: Client) -> None:
    response = page_of(admin, run(query="E33G"))
    body = response.content.decode()
    assert "&quot;query&quot;: &quot;E33G&quot;" in body
    assert f'href="/admin/plugins/{PRICING}/"' in body
    assert f'href="{EXECUTIONS}?q=plugin%3A{PRICING}&amp;range=7d"' in body
    assert "curl -X POST" in text(response)
    assert "Succeeded" in text(response)


def test_a_failure_says_why_and_what_is_next(admin: Client) -> None:
    (id,) = write(status=Status.TIMED_OUT, error_code="timeout", error="It took too long")
    response = page_of(admin, id)
    assert "It took too long" in text(response)
    assert "allow it more time" in text(response)
    assert 'href="/problems/timeout"' in response.content.decode()
    assert f'href="/admin/plugins/{PRICING}/config/"' in response.content.decode()


def test_duration_and_attempts_are_told_of_their_limits(admin: Client) -> None:
    ExecutionLog.objects.filter(pk=(id := run(query="x"))).update(duration_ms=1240, cached=False)
    assert "1.24 s of" in text(page_of(admin, id))
    ExecutionLog.objects.filter(pk=id).update(version="0.0.1")
    assert "1.24 s of" not in text(page_of(admin, id))


def test_hostile_values_are_shown_as_text(admin: Client) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    (id,) = write(caller_name=hostile, error=hostile, traceback=hostile, input=hostile, plugin="-")
    for path in (EXECUTIONS, f"{EXECUTIONS}{id}/", f"{EXECUTIONS}?group=error"):
        assert hostile not in admin.get(path).content.decode()


def test_the_traceback_is_for_those_who_may_see_all_runs(login: Login) -> None:
    client = login("execute_plugin")
    caller = f"user:{User.objects.get().pk}"
    (own,) = write(1, 1, caller=caller, status=Status.FAILED, traceback="deep inside")
    (foreign,) = write(1, 2, status=Status.FAILED, traceback="deep inside")
    assert page_of(client, own).status_code == 200
    assert b"deep inside" not in page_of(client, own).content
    assert b"deep inside" not in client.get(f"{EXECUTIONS}{own}/run.json").content
    assert page_of(client, foreign).status_code == 404
    assert client.post(f"{EXECUTIONS}{foreign}/again/").status_code == 404


def test_nobody_else_sees_runs(login: Login) -> None:
    (id,) = write()
    client = login()
    assert page_of(client, id).status_code == 403
    assert client.get(f"{EXECUTIONS}{id}/run.json").status_code == 403


@pytest.mark.parametrize("id", ["01", "%00", "x" * 400, "..", "%F0%9F%98%80"])
def test_what_is_not_there_is_a_page(admin: Client, id: str) -> None:
    assert page_of(admin, id).status_code == 404


def test_a_run_can_be_kept_as_a_file(admin: Client) -> None:
    id = run(query="E33G")
    response = admin.get(f"{EXECUTIONS}{id}/run.json")
    assert "attachment" in response["Content-Disposition"]
    told = json.loads(response.content)
    assert told["id"] == id
    assert told["input"] == {"query": "E33G"}


def test_payloads_are_kept_as_long_as_the_row(admin: Client, settings: Any) -> None:
    settings.ZANTARA_RETENTION_DAYS = 10
    (id,) = write(ago=timedelta(days=1))
    until = ExecutionLog.objects.get().started_at + timedelta(days=10)
    assert f"Kept until {until:%Y-%m-%d}" in text(page_of(admin, id))


def test_payloads_tell_what_was_masked_and_cut() -> None:
    masked = payload(json.dumps({"a": MASK, "b": [MASK, 1]}))
    assert masked
    assert masked.note == "2 values masked before it was stored."
    cut = payload(json.dumps({"truncated": True, "bytes": 70_000, "sha256": "-", "head": "{"}))
    assert cut
    assert "70,000 bytes" in cut.note
    assert not cut.complete


# --- again ----------------------------------------------------------------------------------------


def test_a_run_is_run_again_as_the_operator_and_audited(admin: Client) -> None:
    id = run(query="E33G")
    response = admin.post(f"{EXECUTIONS}{id}/again/")
    new = ExecutionLog.objects.exclude(pk=id).get()
    assert response["Location"] == f"{EXECUTIONS}{new.pk}/"
    assert (new.caller_name, new.source, new.cached) == ("ayu", "admin", False)
    assert json.loads(new.input) == {"query": "E33G"}
    event = AuditEvent.objects.get(action="execute.again")
    assert event.after == {"again": id, "execution_id": new.pk, "status": "succeeded"}


def test_a_run_is_run_again_with_edits(admin: Client) -> None:
    id = run(query="E33G")
    admin.post(f"{EXECUTIONS}{id}/again/", {"input": '{"query": "C1"}'})
    assert json.loads(ExecutionLog.objects.exclude(pk=id).get().input) == {"query": "C1"}


@pytest.mark.parametrize("typed", ["{", "", '{"a": 1, "a": 2}', "NaN", '"\0"', "[" * 5000])
def test_what_is_not_json_is_told_and_kept(admin: Client, typed: str) -> None:
    id = run(query="E33G")
    response = admin.post(f"{EXECUTIONS}{id}/again/", {"input": typed})
    assert response.status_code == 400
    assert b'role="alert"' in response.content
    assert ExecutionLog.objects.count() == 1


def test_what_the_plugin_refuses_is_told(admin: Client) -> None:
    id = run(query="E33G")
    response = admin.post(f"{EXECUTIONS}{id}/again/", {"input": '{"nonsense": 1}'})
    assert response.status_code == 400
    assert "nonsense" in response.content.decode()


@pytest.mark.parametrize("kept", ["", json.dumps({"query": MASK})])
def test_an_input_that_is_not_whole_is_not_sent_again(admin: Client, kept: str) -> None:
    (id,) = write(input=kept)
    assert admin.post(f"{EXECUTIONS}{id}/again/").status_code == 400
    assert ExecutionLog.objects.count() == 1


def test_running_again_needs_the_right(login: Login) -> None:
    (id,) = write(input="{}")
    client = login("view_executionlog")
    assert client.post(f"{EXECUTIONS}{id}/again/").status_code == 403
    assert "plugins_app.execute_plugin" in text(page_of(client, id))
    assert client.get(f"{EXECUTIONS}{id}/again/").status_code == 405


def test_what_deletes_is_confirmed_by_its_name(family: Any, admin: Client) -> None:
    (family / "wipe_plugin.py").write_text(
        "from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput\n"
        "class WipePlugin(Plugin[PluginInput, PluginOutput]):\n"
        "    metadata = PluginMetadata(name='pages.wipe', version='1.0.0', description='Wipes.',"
        " destructive=True)\n"
        "    async def execute(self, input_data):\n"
        "        return PluginOutput()\n"
    )
    sync.discover(CLI)
    (id,) = write(plugin="pages.wipe", input="{}")
    again = f"{EXECUTIONS}{id}/again/"
    assert admin.post(again, {"input": "{}"}).status_code == 400
    assert admin.post(again).status_code == 400
    assert admin.post(again, {"input": "{}", "confirm": "pages.wipe"}).status_code == 302


def test_an_input_is_changed_in_the_form_of_the_plugin(admin: Client) -> None:
    body = page_of(admin, run(query="Ā ❤ <b>")).content.decode()
    link = re.search(rf'href="(/admin/plugins/{PRICING}/try/\?input=[^"]+)"', body)
    assert link
    assert "Ā ❤ &lt;b&gt;" in admin.get(link[1]).content.decode()


def test_an_input_that_no_address_can_carry_is_changed_on_the_page(admin: Client) -> None:
    long = {"query": "x" * 20_000}
    (id,) = write(input=json.dumps(long))
    body = page_of(admin, id).content.decode()
    assert "/try/?input=" not in body
    assert '<textarea id="again-input"' in body
    assert try_url("no such/plugin", {}) == ""


def test_what_was_masked_is_given_anew_in_the_form(admin: Client) -> None:
    (id,) = write(input=json.dumps({"query": MASK}))
    page = page_of(admin, id)
    assert "1 value of its input masked: give them anew." in text(page)
    assert "/try/?input=" in page.content.decode()
    assert 'aria-describedby="why-not-again"' in page.content.decode()


def test_the_page_shows_where_the_time_went(admin: Client) -> None:
    (id,) = write(duration_ms=8_000)
    assert "Where the time went" not in text(page_of(admin, id))
    stages = [["check", 0], ["attempt", 1_000], ["pause:timeout", 2_000_000]]
    stages += [["attempt", 3_000_000], ["settle", 7_999_000]]
    ExecutionLog.objects.filter(pk=id).update(stages=stages, started_at=made_at(id))
    page = text(page_of(admin, id))
    assert "Where the time went plugin 7.00 s waiting 1.00 s platform 2.0 ms" in page
    assert "Attempt 1 2.00 s Paused after a failure timeout 1.00 s Attempt 2 5.00 s" in page


def test_a_real_run_shows_where_its_time_went(admin: Client) -> None:
    page = text(page_of(admin, run(query="E33G")))
    assert "Name, rights and input checked" in page
    assert "Ran" in page


def test_the_file_of_a_run_holds_its_stages(admin: Client) -> None:
    told = json.loads(admin.get(f"{EXECUTIONS}{run(query='E33G')}/run.json").content)
    assert told["stages"][0] | {"ms": 0} == {"stage": "check", "begin_ms": 0.0, "ms": 0}
