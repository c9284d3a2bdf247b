from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import Field, computed_field

from plugins_app.core import PluginOutput
from plugins_app.core.execution import Execution
from plugins_app.core.executor import ExecutorOptions
from plugins_app.core.testing import memory_executor
from tests.core.calls import Number, plugin
from tests.core.test_executor import code, run


class Price(PluginOutput):
    amount: int
    currency: str = Field("IDR", alias="cur")

    @computed_field
    def doubled(self) -> int:
        return 2 * self.amount


async def answering(value: Any, output: type[PluginOutput] = Price, **options: Any) -> Execution:
    async def execute(self: Any, input_data: Number) -> Any:
        return value

    executor = await memory_executor(
        plugin(execute, output=output), options=ExecutorOptions(**options)
    )
    return await run(executor)


def data(execution: Execution) -> Any:
    return orjson.loads(execution.answer.data) if execution.answer else None


async def test_the_data_is_the_subclasss_own_fields() -> None:
    execution = await answering(Price(amount=5, metadata={"a": 1}))
    assert data(execution) == {"amount": 5, "cur": "IDR", "doubled": 10}
    assert execution.answer.metadata == {"a": 1}  # type: ignore[union-attr]


async def test_a_plain_output_passes_its_data_through() -> None:
    value = {"any": [1, None, {"x": "y"}]}
    assert data(await answering(PluginOutput(data=value), PluginOutput)) == value


async def test_fail_skips_required_fields_and_keeps_its_public_message() -> None:
    execution = await answering(Price.fail("No price", tried=3))
    assert (code(execution), execution.answer.success) == ("", False)  # type: ignore[union-attr]
    assert execution.answer.error == "No price"  # type: ignore[union-attr]
    assert execution.answer.metadata == {"tried": 3}  # type: ignore[union-attr]
    assert data(execution) == {"cur": "IDR"}


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        {"amount": "x"},
        PluginOutput(data=1),
        Price.model_construct(amount="garbage"),
        Price.model_construct(),
        Price.model_construct(success=False, error=5, metadata={}),
        Price.model_construct(success=False, error="x", metadata=None),
        Price(amount=1, metadata={"a": object()}),
    ],
)
async def test_anything_that_is_not_the_declared_output_is_refused(value: Any) -> None:
    execution = await answering(value)
    assert (code(execution), execution.answer) == ("invalid_output", None)
    assert "garbage" not in str(execution.error)


@pytest.mark.parametrize("value", [object(), "\ud800", b"\xff", {"a": {1: object()}}])
async def test_data_that_is_not_json_is_refused(value: Any) -> None:
    assert code(await answering(PluginOutput(data=value), PluginOutput)) == "invalid_output"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
async def test_numbers_that_json_does_not_know_become_null(value: Any) -> None:
    expected = [None] if isinstance(value, list) else None
    assert data(await answering(PluginOutput(data=value), PluginOutput)) == expected


async def test_an_answer_above_the_limit_is_refused() -> None:
    fits = await answering(PluginOutput(data="x" * 98), PluginOutput, max_output=100)
    large = await answering(PluginOutput(data="x" * 99), PluginOutput, max_output=100)
    assert (code(fits), code(large)) == ("", "invalid_output")
    assert str(large.error) == "Plugin 't' answered 101 bytes; 100 are allowed"


async def test_a_dict_that_fits_the_model_is_an_answer() -> None:
    assert data(await answering({"amount": 5}))["amount"] == 5


def test_ok_is_the_former_name_of_success() -> None:
    assert PluginOutput().model_dump()["ok"] is True
    assert PluginOutput.fail("no").ok is False
