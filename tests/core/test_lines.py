"""What is logged while a call runs is kept with the call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from plugins_app.core import Context, PluginOutput, TransientError
from plugins_app.core.execution import Execution
from plugins_app.core.lines import MOST_CHARACTERS, MOST_LINES, KeepLines, Line, Lines
from plugins_app.core.testing import memory_executor
from tests.core.calls import Number, echo, plugin
from tests.core.test_executor import run


@pytest.fixture(autouse=True)
def _kept() -> Iterator[None]:
    root, handler = logging.getLogger(), KeepLines()
    before, level = root.handlers[:], root.level
    others = [each for each in before if not isinstance(each, KeepLines)]
    root.handlers[:] = [*others, handler]
    root.setLevel(logging.INFO)
    yield
    root.handlers[:] = before
    root.setLevel(level)


def texts(execution: Execution) -> list[str]:
    return [line.text for line in execution.lines.first] if execution.lines else []


def line(number: int, size: int = 5) -> Line:
    return Line(float(number), logging.INFO, str(number).zfill(size), {})


def numbers(lines: Lines) -> list[int]:
    return [int(each.at) for each in (*lines.first, *lines.last)]


async def test_lines_have_their_level_and_fields() -> None:
    async def execute(self: Any, input_data: Number, context: Context) -> PluginOutput:
        context.log.warning("slow %s", "upstream", extra={"host": "example.com", "tries": 2})
        return PluginOutput()

    execution = await run(await memory_executor(plugin(execute)))
    assert execution.lines
    (said,) = execution.lines.first
    assert (said.level, said.text) == (logging.WARNING, "slow upstream")
    assert said.fields == {"host": "example.com", "tries": 2}


async def test_lines_below_the_logger_s_level_are_not_kept() -> None:
    async def execute(self: Any, input_data: Number, context: Context) -> PluginOutput:
        context.log.debug("details")
        return PluginOutput()

    assert texts(await run(await memory_executor(plugin(execute)))) == []


@pytest.mark.parametrize("isolation", ["inline", "thread"])
async def test_libraries_that_a_call_uses_speak_for_the_call(isolation: str) -> None:
    async def execute(self: Any, input_data: Number) -> PluginOutput:
        logging.getLogger("some.library").info("connected")
        await asyncio.create_task(later())
        return PluginOutput()

    async def later() -> None:
        logging.getLogger("some.library").info("later")

    made = plugin(execute, isolation=isolation)
    assert texts(await run(await memory_executor(made))) == ["connected", "later"]


async def test_calls_at_once_and_calls_within_have_each_their_own() -> None:
    async def inner(self: Any, input_data: Number, context: Context) -> PluginOutput:
        context.log.info("inner %s", input_data.n)
        await asyncio.sleep(0)
        context.log.info("inner %s again", input_data.n)
        return PluginOutput()

    async def outer(self: Any, input_data: Number, context: Context) -> PluginOutput:
        context.log.info("before %s", input_data.n)
        await executor.execute("inner", {"n": input_data.n})
        context.log.info("after %s", input_data.n)
        return PluginOutput()

    executor = await memory_executor(plugin(inner, name="inner"), plugin(outer))
    both = await asyncio.gather(run(executor, {"n": 1}), run(executor, {"n": 2}))
    assert [texts(each) for each in both] == [["before 1", "after 1"], ["before 2", "after 2"]]


async def test_all_attempts_of_a_call_and_tracebacks_are_kept() -> None:
    async def execute(self: Any, input_data: Number, context: Context) -> PluginOutput:
        try:
            raise TransientError("busy")
        except TransientError:
            context.log.exception("failed")
            raise

    made = plugin(execute, read_only=True, max_attempts=2)
    found = texts(await run(await memory_executor(made)))
    assert len(found) == 2
    assert all("Traceback" in each and "TransientError: busy" in each for each in found)


async def test_a_call_that_says_nothing_has_no_lines() -> None:
    execution = await run(await memory_executor(plugin(echo)))
    logging.getLogger("outside").info("of no call")
    assert execution.lines is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [(2**70, str(2**70)), (10**5000, "<int>"), (True, True), (None, None), ([1], "[1]")],
    ids=["wide", "too wide", "truth", "nothing", "list"],
)
async def test_fields_are_kept_as_plain_values(value: Any, kept: Any) -> None:
    async def execute(self: Any, input_data: Number, context: Context) -> PluginOutput:
        context.log.info("said", extra={"value": value})
        return PluginOutput()

    execution = await run(await memory_executor(plugin(execute)))
    assert execution.lines
    assert execution.lines.first[0].fields == {"value": kept}


async def test_colours_are_not_kept_and_a_line_that_cannot_be_written_harms_nobody() -> None:
    async def execute(self: Any, input_data: Number, context: Context) -> PluginOutput:
        context.log.info("\x1b[1;31mred\x1b[0m")
        logging.raiseExceptions = False
        context.log.info("%d", "no number")
        return PluginOutput(data=1)

    execution = await run(await memory_executor(plugin(execute)))
    logging.raiseExceptions = True
    assert execution.answer
    assert texts(execution) == ["red"]


def test_of_many_lines_the_first_and_the_last_are_kept() -> None:
    lines, most = Lines(), MOST_LINES
    for number in range(most + 5):
        lines.add(line(number))
    assert lines.left_out == 5
    assert numbers(lines) == [*range(most // 2), *range(most // 2 + 5, most + 5)]


def test_of_long_lines_so_many_are_kept_as_fit() -> None:
    lines, size = Lines(), 8_000
    for number in range(1_000):
        lines.add(line(number, size))
    kept = numbers(lines)
    assert len(kept) + lines.left_out == 1_000
    assert MOST_CHARACTERS * 0.95 < len(kept) * size <= MOST_CHARACTERS
    assert (kept[0], kept[-1]) == (0, 999)
