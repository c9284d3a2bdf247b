from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from plugins_app.core import PluginCategory, PluginOutput, wrap_handler
from plugins_app.core.handlers import wrap_handler_as_plugin
from plugins_app.core.testing import memory_executor
from tests.core.conftest import PluginTree
from tests.core.test_registry import loaded


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: int = 0


class Person(BaseModel):
    name: str


async def call(function: Any, data: Any = None, **metadata: Any) -> PluginOutput:
    executor = await memory_executor(wrap_handler(function, name="h", **metadata))
    return await executor.execute("h", data)


def schema(function: Any) -> dict[str, Any]:
    model = wrap_handler(function, name="h").input_model
    assert model is not None
    return model.model_json_schema()


async def test_an_async_function_runs_inline_and_a_sync_one_in_a_thread() -> None:
    async def nimble(a: int) -> int:
        return a + 1

    def slow(a: int) -> int:
        return a + 2

    assert (await call(nimble, {"a": 1})).data == 2
    assert (await call(slow, {"a": 1})).data == 3
    assert wrap_handler(nimble, name="h").metadata.isolation == "inline"
    assert wrap_handler(slow, name="h").metadata.isolation == "thread"


async def test_types_and_defaults_become_the_input_model() -> None:
    def handler(
        a: int,
        b: str = "b",
        *,
        c: Literal["x", "y"] = "x",
        d: Colour | None = None,
        e: int = None,  # type: ignore[assignment]  # noqa: RUF013
    ) -> list[Any]:
        return [a, b, c, d and d.name, e]

    assert schema(handler)["required"] == ["a"]
    assert sorted(schema(handler)["properties"]) == list("abcde")
    assert (await call(handler, {"a": 1})).data == [1, "b", "x", None, None]
    given = {"a": 1, "b": "q", "c": "y", "d": "red", "e": None}
    assert (await call(handler, given)).data == [1, "q", "y", "RED", None]


@pytest.mark.parametrize("data", [{}, {"a": "x"}, {"a": 1, "z": 1}, {"field_0": 1}])
async def test_other_input_is_refused(data: dict[str, Any]) -> None:
    def handler(a: int) -> None: ...

    output = await call(handler, data)
    assert output.metadata["error_code"] == "invalid_input"


async def test_dataclasses_and_models_arrive_as_such() -> None:
    def handler(point: Point, person: Person) -> list[Any]:
        return [type(point).__name__, point.y, type(person).__name__]

    data = {"point": {"x": 1}, "person": {"name": "Ni"}}
    assert (await call(handler, data)).data == ["Point", 0, "Person"]


async def test_positional_only_and_awkwardly_named_parameters_work() -> None:
    def handler(a: int, /, json: int, copy: int, _b: int = 0) -> int:
        return a * 1000 + json * 100 + copy * 10 + _b

    assert (await call(handler, {"a": 1, "json": 2, "copy": 3, "_b": 4})).data == 1234


async def test_untyped_parameters_take_anything() -> None:
    def handler(a, b=None):  # type: ignore[no-untyped-def]
        return [a, b]

    assert (await call(handler, {"a": {"any": 1}, "b": "x"})).data == [{"any": 1}, "x"]


@pytest.mark.parametrize("typed", [True, False])
async def test_a_single_params_takes_the_whole_object(*, typed: bool) -> None:
    def with_type(params: dict[str, Any]) -> Any:
        return params

    def without(params):  # type: ignore[no-untyped-def]
        return params

    data = {"anything": [1], "at": {"all": 2}}
    assert (await call(with_type if typed else without, data)).data == data
    assert schema(with_type)["additionalProperties"] is True


async def test_a_params_of_another_type_is_a_field() -> None:
    def handler(params: list[int]) -> int:
        return sum(params)

    assert (await call(handler, {"params": [1, 2]})).data == 3


@pytest.mark.parametrize(
    ("result", "success", "data", "error"),
    [
        ({"success": True, "data": [1]}, True, [1], None),
        ({"ok": True, "data": [1]}, True, [1], None),
        ({"ok": True, "success": True, "data": [1], "error": None}, True, [1], None),
        ({"success": False, "error": "no"}, False, None, "no"),
        ({"ok": False, "error": {"message": "no", "code": 7}}, False, None, "no"),
        ({"ok": False}, False, None, "The handler failed"),
        ({"success": True, "data": [1], "page": 2}, True, ..., None),
        ({"success": True, "rows": 2}, True, ..., None),
        ({"success": "yes", "data": 1}, True, ..., None),
        ([1, 2], True, ..., None),
        (None, True, ..., None),
    ],
)
async def test_envelopes_are_opened_and_everything_else_is_the_data(
    result: Any, success: bool, data: Any, error: str | None
) -> None:
    async def handler() -> Any:
        return result

    output = await call(handler)
    assert (output.success, output.error) == (success, error)
    assert output.data == (result if data is ... else data)


async def test_an_output_object_passes_as_it_is() -> None:
    async def handler() -> PluginOutput:
        return PluginOutput.fail("closed")

    assert (await call(handler)).error == "closed"


def test_the_docstrings_first_paragraph_describes_the_plugin() -> None:
    def handler() -> None:
        """Counts the
        sheep.

        More of it.
        """

    assert wrap_handler(handler, name="h").metadata.description == "Counts the sheep."
    assert wrap_handler(handler, name="h", description="Other").metadata.description == "Other"


def _variadic(*values: int) -> None: ...


def _keywords(**options: int) -> None: ...


def _strange(event: asyncio.Event) -> None: ...


def _unknown(a: NoSuchType) -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (_variadic, r"_variadic\(\): parameter 'values' \(\*values\)"),
        (_keywords, r"parameter 'options' \(\*\*options\)"),
        (_strange, "parameter 'event' has a type that JSON cannot fill"),
        (_unknown, "NoSuchType"),
    ],
)
def test_a_signature_that_json_cannot_fill_is_refused_by_name(function: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        wrap_handler(function, name="h")


async def test_methods_partials_and_callable_objects_are_functions_too() -> None:
    class Service:
        def method(self, a: int) -> int:
            return a + 1

        async def __call__(self, a: int) -> int:
            return a + 2

    def two(a: int, b: int) -> int:
        return a * b

    assert (await call(Service().method, {"a": 1})).data == 2
    assert (await call(Service(), {"a": 1})).data == 3
    assert (await call(partial(two, b=5), {"a": 3})).data == 15


def test_the_deployment_guides_order_of_arguments_makes_the_same_plugin() -> None:
    def handler() -> None: ...

    cls = wrap_handler_as_plugin(
        "bali-zero.pricing", PluginCategory.BALI_ZERO, "Prices", handler, requires_auth=True
    )
    assert cls.metadata.name == "bali-zero.pricing"
    assert (cls.metadata.description, cls.metadata.requires_auth) == ("Prices", True)
    assert cls.__name__ == "BaliZeroPricingPlugin"


async def test_a_wrapped_import_is_discovered_in_the_module_that_wraps_it(
    tree: PluginTree,
) -> None:
    tree.write(
        "legacy.py",
        """
        from base64 import b64decode
        from plugins_app.core import wrap_handler
        Decode = wrap_handler(b64decode, name="legacy.decode")
        """,
    )
    registry = await loaded(tree)
    assert registry.get_all_plugin_names() == ["legacy.decode"]
    assert registry.resolve("legacy.decode").path.endswith("legacy.py")
