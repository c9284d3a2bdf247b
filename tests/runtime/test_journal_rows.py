"""Payloads in the log: masked, cut, or left out."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from plugins_app.core.context import Context
from plugins_app.core.lines import Line, Lines
from plugins_app.core.plugin import PluginInput, PluginOutput
from plugins_app.core.testing import memory_executor
from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.journal import ExecutionJournal
from plugins_app.runtime.journal_rows import row_of
from tests.core.calls import plugin
from tests.runtime._journal import row, run
from tests.runtime.conftest import MakeExecutor, MakeJournal


class Account(BaseModel):
    owner: str
    pin: str = Field(json_schema_extra={"x-sensitive": True})


class Payment(PluginInput):
    token: SecretStr = SecretStr("")
    accounts: list[Account] = []
    note: Any = None


class Receipt(PluginOutput):
    account: Account


async def pay(self: Any, input_data: Payment) -> Receipt:
    return Receipt(account=Account(owner="Ayu", pin="4321"))


async def test_secrets_are_masked_in_nested_models(serve: MakeExecutor) -> None:
    executor = await serve(plugin(pay, input=Payment, output=Receipt))
    accounts = [{"owner": "Budi", "pin": "1234"}]
    await run(executor, {"token": "hush", "accounts": accounts, "note": "n"})
    written = await row()
    assert json.loads(written.input) == {
        "token": "********",
        "accounts": [{"owner": "Budi", "pin": "********"}],
        "note": "n",
    }
    assert json.loads(written.output) == {"account": {"owner": "Ayu", "pin": "********"}}


async def test_a_model_that_was_handed_over_is_masked_like_its_json(serve: MakeExecutor) -> None:
    executor = await serve(plugin(pay, input=Payment, output=Receipt))
    data = Payment(token=SecretStr("hush"), accounts=[Account(owner="Budi", pin="1234")])
    await run(executor, data)
    written = await row()
    assert "1234" not in written.input
    assert "hush" not in written.input
    assert json.loads(written.input)["accounts"][0]["owner"] == "Budi"


async def test_a_long_payload_is_cut_and_hashed(serve: MakeExecutor) -> None:
    async def long(self: Any, input_data: Any) -> PluginOutput:
        return PluginOutput(data="x" * 70_000)

    execution = await run(await serve(plugin(long)))
    assert execution.answer
    written = json.loads((await row()).output)
    assert written["bytes"] == 70_002
    assert written["sha256"] == hashlib.sha256(execution.answer.data).hexdigest()
    assert len(json.dumps(written)) < 2_000


async def test_a_payload_of_64_kib_is_kept_whole(serve: MakeExecutor) -> None:
    async def long(self: Any, input_data: Any) -> PluginOutput:
        return PluginOutput(data="x" * (64 * 1024 - 2))

    await run(await serve(plugin(long)))
    assert len((await row()).output) == 64 * 1024


async def test_payloads_can_be_left_out(make_journal: MakeJournal) -> None:
    journal: Any = make_journal(payloads=False)
    executor = await memory_executor(plugin(pay, input=Payment, output=Receipt), journal=journal)
    await run(executor, {"note": "n"})
    written = await row()
    assert (written.status, written.input, written.output) == ("succeeded", "", "")


async def test_what_json_cannot_hold_is_still_written_down(serve: MakeExecutor) -> None:
    async def take(self: Any, input_data: Payment) -> PluginOutput:
        return PluginOutput()

    executor = await serve(plugin(take, input=Payment))
    for odd in ("\ud800", 2**80, b"\xff", {1, 2}, object(), {(1, 2): 3}):
        assert (await run(executor, {"note": odd})).error is None


async def test_an_integer_too_long_to_be_written_leaves_the_input_out(serve: MakeExecutor) -> None:
    async def take(self: Any, input_data: Payment) -> PluginOutput:
        return PluginOutput()

    execution = await run(await serve(plugin(take, input=Payment)), {"note": 10**5000})
    written = await row()
    assert (execution.error, written.status, written.input) == (None, "succeeded", "")


async def test_a_wide_integer_beside_a_secret_is_written_exactly(serve: MakeExecutor) -> None:
    async def take(self: Any, input_data: Payment) -> PluginOutput:
        return PluginOutput()

    await run(await serve(plugin(take, input=Payment)), {"note": [2**80, float("nan")]})
    assert json.loads((await row()).input)["note"] == [2**80, None]


class Statement(PluginOutput):
    total: int
    pin: str = Field(default="4321", json_schema_extra={"x-sensitive": True})


@pytest.mark.parametrize("total", [2**64 + 1, -(10**30), 10**400])
async def test_wide_integers_in_an_answer_that_is_masked_stay_exact(
    serve: MakeExecutor, total: int
) -> None:
    async def state(self: Any, input_data: Any) -> Statement:
        return Statement(total=total)

    execution = await run(await serve(plugin(state, output=Statement)))
    written = await row()
    assert (execution.error, written.status) == (None, "succeeded")
    assert json.loads(written.output) == {"total": total, "pin": "********"}


async def test_an_answer_with_an_integer_too_long_to_be_read_is_left_out(
    serve: MakeExecutor,
) -> None:
    async def state(self: Any, input_data: Any) -> Statement:
        return Statement(total=10**4000)

    executor = await serve(plugin(state, output=Statement))
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(1_000)
    try:
        execution = await run(executor)
    finally:
        sys.set_int_max_str_digits(before)
    written = await row()
    assert (execution.error, written.status, written.output) == (None, "succeeded", "")


async def test_refused_input_is_not_kept(serve: MakeExecutor, journal: ExecutionJournal) -> None:
    executor = await serve(plugin(pay, input=Payment, output=Receipt))
    await run(executor, {"tokn": "hush"})
    await in_database_thread(journal.close)
    written = await row()
    assert (written.status, written.error_code, written.input) == ("refused", "invalid_input", "")


async def test_the_row_says_where_the_time_went(serve: MakeExecutor) -> None:
    execution = await run(await serve(plugin(pay, input=Payment, output=Receipt)))
    stages = (await row()).stages
    assert stages[0] == ["check", 0]
    assert [stage for stage, *_ in stages] == [
        "check", "admit", "accept", "attempt", "output", "settle",
    ]  # fmt: skip
    begun = [at for _, at in stages]
    assert begun == sorted(begun)
    assert begun[-1] <= execution.duration * 1e6


async def speak(self: Any, input_data: Payment, context: Context) -> PluginOutput:
    secret = input_data.token.get_secret_value()
    context.log.info("paying with %s", secret, extra={"token": secret, "amount": 5})
    return PluginOutput()


async def test_lines_are_kept_without_what_is_secret(serve: MakeExecutor) -> None:
    executor = await serve(plugin(speak, input=Payment))
    await run(executor, {"token": "hunter2hunter2"})
    outline = json.loads((await row()).lines)
    ((at, level, text, fields),) = outline.pop("lines")
    assert outline == {"first": 1, "left_out": 0}
    assert (level, text) == (logging.INFO, "paying with ********")
    assert fields == {"token": "********", "amount": 5}
    assert 0 <= at < 60_000_000


async def test_where_payloads_are_not_kept_lines_are_not_either(
    make_journal: MakeJournal,
) -> None:
    journal: Any = make_journal(payloads=False)
    executor = await memory_executor(plugin(speak, input=Payment), journal=journal)
    await run(executor, {"token": "hunter2hunter2"})
    assert (await row()).lines == ""


async def test_lines_that_a_database_could_not_hold_are_kept_escaped(serve: MakeExecutor) -> None:
    async def execute(self: Any, input_data: Any, context: Context) -> PluginOutput:
        context.log.info("nul \0", extra={"not": float("nan")})
        return PluginOutput()

    execution = await run(await serve(plugin(execute)))
    ((_, _, text, fields),) = json.loads((await row()).lines)["lines"]
    assert (text, fields) == ("nul \0", {"not": None})

    execution.lines = Lines()
    execution.lines.add(Line(0.0, logging.INFO, "\ud800", {}))
    told = row_of(execution, worker="", payloads=True)["lines"]
    assert told.encode().endswith(rb'"\ud800", {}]]}')
