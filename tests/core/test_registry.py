from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest

from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput
from plugins_app.core.errors import LoadError, PluginNotFound
from plugins_app.core.registry import PluginRegistry
from plugins_app.core.snapshot import Policy
from tests.core.conftest import PluginTree


def plugin_class(name: str, **metadata: object) -> type[Plugin[PluginInput, PluginOutput]]:
    class Made(Plugin[PluginInput, PluginOutput]):
        async def execute(self, input_data: PluginInput) -> PluginOutput:
            return PluginOutput(data=self.metadata.version)

    Made.metadata = PluginMetadata(name=name, **metadata)
    Made.__qualname__ = f"Made[{name}@{Made.metadata.version}]"
    return Made


async def loaded(*trees: PluginTree) -> PluginRegistry:
    registry = PluginRegistry(*(tree.source() for tree in trees))
    await registry.load()
    return registry


async def test_three_layouts_are_found(tree: PluginTree) -> None:
    tree.plugin("top.py", "top")
    tree.plugin("family/one.py", "family.one")
    tree.plugin("family/two/plugin.py", "family.two")
    registry = await loaded(tree)
    assert registry.get_all_plugin_names() == ["family.one", "family.two", "top"]


@pytest.mark.parametrize(
    "path",
    ["test_a.py", "conftest.py", "examples/a.py", "family/_a.py", "_family/a.py", "tests/a.py"]
    + [".hidden/a.py", "family/test_it/a.py"],
)
async def test_tests_examples_and_private_files_are_never_imported(
    tree: PluginTree, path: str
) -> None:
    tree.write(path, "raise SystemExit")
    assert (await loaded(tree)).snapshot.errors == ()


async def test_only_concrete_classes_that_the_module_defines_count(tree: PluginTree) -> None:
    tree.plugin("family/a.py", "a")
    tree.plugin(
        "family/b.py",
        "b",
        top="""from .a import Found as Imported
from abc import ABC, abstractmethod
class Base(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="base")
class Abstract(Plugin[PluginInput, PluginOutput], ABC):
    async def execute(self, input_data): ...
    @abstractmethod
    def more(self): ...""",
    )
    registry = await loaded(tree)
    assert (registry.get_all_plugin_names(), registry.snapshot.errors) == (["a", "b"], ())


async def test_a_class_with_two_names_in_its_module_is_one_plugin(tree: PluginTree) -> None:
    tree.write("a.py", tree.plugin("a.py", "a").read_text() + "Again = Found\n")
    assert (await loaded(tree)).get_statistics()["load_errors"] == 0


async def test_the_properties_of_the_deployment_guide_declare_a_plugin(tree: PluginTree) -> None:
    tree.write(
        "guide.py",
        """
        from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput
        class GuideInput(PluginInput):
            city: str
        class Guide(Plugin):
            @property
            def metadata(self): return PluginMetadata(name="guide.weather")
            @property
            def input_schema(self): return GuideInput
            @property
            def output_schema(self): return PluginOutput
            async def execute(self, input_data: GuideInput) -> PluginOutput: ...
        """,
    )
    plugin = (await loaded(tree)).resolve("guide.weather")
    assert plugin.input_schema["required"] == ["city"]


class FakeEntryPoint:
    def __init__(self, module: str) -> None:
        self.module = module


async def test_entry_points_of_installed_packages_are_found(
    tree: PluginTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plugins_app.core import discovery

    tree.plugin("acme.py", "acme.tool")
    monkeypatch.syspath_prepend(tree.root)
    broken = FakeEntryPoint("no_such_distribution.plugin")
    points = {"zantara.plugins": [FakeEntryPoint("acme"), broken]}
    monkeypatch.setattr(discovery, "entry_points", lambda group: points[group])
    registry = PluginRegistry(discovery.EntryPointSource())
    await registry.load()
    assert registry.get_all_plugin_names() == ["acme.tool"]
    assert registry.snapshot.errors[0].module == "no_such_distribution.plugin"


def edited(tree: PluginTree, old: str, new: str) -> None:
    file = tree.plugin("x.py", "x")
    file.write_text(file.read_text().replace(old, new))


Spoil = Callable[[PluginTree], object]


@pytest.mark.parametrize(
    ("spoil", "type_", "said", "place"),
    [
        (lambda t: t.write("x.py", "a = 1\ndef broken(:\n"), "SyntaxError", "invalid", "x.py:2"),
        (
            lambda t: t.write("x.py", "\n\nimport no_such_module_\n"),
            "ModuleNotFoundError",
            "no_such_module_",
            "x.py:3",
        ),
        (lambda t: t.write("x.py", "import sys\nsys.exit(3)"), "SystemExit", "3", "x.py:2"),
        (lambda t: t.plugin("x.py", "x", version="one"), "ValidationError", "semantic", "x.py:5"),
        (lambda t: t.plugin("x.py", "good"), "LoadError", "also defined by good@1.0.0", "x.py"),
        (
            lambda t: t.plugin("x.py", "x", aliases=("the-good",)),
            "LoadError",
            "'the-good' is claimed by x@1.0.0",
            "x.py",
        ),
        (
            lambda t: t.plugin("x.py", "x", aliases=("good__one",)),
            "LoadError",
            "'good__one' is claimed by",
            "x.py",
        ),
        (
            lambda t: t.plugin("x.py", "x", body="def on_load(self): 1 / 0"),
            "ZeroDivisionError",
            "division by zero",
            "x.py:6",
        ),
        (
            lambda t: t.plugin("x.py", "x", body="def on_load(self): exit(1)"),
            "RuntimeError",
            "called sys.exit",
            "x.py",
        ),
        (
            lambda t: t.plugin("x.py", "x", body="def __init__(self, a): pass"),
            "TypeError",
            "without arguments",
            "x.py:4",
        ),
        (
            lambda t: t.plugin("x.py", "x", dependencies=("nobody",)),
            "LoadError",
            "'nobody' is not loaded",
            "x.py",
        ),
        (
            lambda t: t.plugin("x.py", "x", dependencies=("good>=2.0.0",)),
            "LoadError",
            "only 1.0.0 is loaded",
            "x.py",
        ),
        (
            lambda t: t.plugin("x.py", "x", dependencies=("x y",)),
            "LoadError",
            "not 'name' or 'name>=1.0.0'",
            "x.py",
        ),
        (
            lambda t: edited(t, "async def", "def"),
            "LoadError",
            "not async",
            "x.py:4",
        ),
        (
            lambda t: edited(t, "input_data", "*a"),
            "LoadError",
            r"takes \(self, input_data\)",
            "x.py:4",
        ),
        (
            lambda t: edited(t, "[PluginInput", "[int"),
            "LoadError",
            "names no PluginInput model",
            "x.py:4",
        ),
        (
            lambda t: t.plugin("x.py", "x", top="class Bad(PluginOutput):\n    data: int\n",
                body="output_model = Bad"),
            "LoadError",
            "redefines data",
            "x.py:6",
        ),
    ],
)  # fmt: skip
async def test_a_broken_plugin_is_recorded_with_its_place_and_the_others_serve(
    tree: PluginTree, spoil: Spoil, type_: str, said: str, place: str
) -> None:
    tree.plugin("good.py", "good", aliases=("the-good",))
    tree.plugin("good_one.py", "good.one")
    spoil(tree)
    registry = await loaded(tree)
    assert registry.get_all_plugin_names() == ["good", "good.one"]
    failure = registry.snapshot.errors[0]
    assert failure.error_type == type_
    assert re.search(said, failure.message)
    assert failure.location.endswith(place)


async def test_a_failure_carries_its_traceback_and_time(tree: PluginTree) -> None:
    tree.write("x.py", "1 / 0")
    failure = (await loaded(tree)).snapshot.errors[0]
    assert "ZeroDivisionError" in failure.traceback
    assert failure.at is not None


async def test_a_circle_of_dependencies_is_named_and_others_serve(tree: PluginTree) -> None:
    tree.plugin("a.py", "a", dependencies=("b",))
    tree.plugin("b.py", "b", dependencies=("a",))
    tree.plugin("c.py", "c")
    registry = await loaded(tree)
    assert registry.get_all_plugin_names() == ["c"]
    messages = [failure.message for failure in registry.snapshot.errors]
    assert messages == ["Circular dependency: a -> b -> a", "Circular dependency: b -> a -> b"]


async def test_dependencies_load_first_whatever_the_order_of_files(tree: PluginTree) -> None:
    order = "import builtins; builtins.order_ = getattr(builtins, 'order_', [])"
    body = "def on_load(self): builtins.order_.append(self.metadata.name)"
    tree.plugin("a.py", "a", dependencies=("z>=1.0.0, <2.0.0",), top=order, body=body)
    tree.plugin("z.py", "z", top=order, body=body)
    registry = await loaded(tree)
    import builtins

    assert builtins.__dict__.pop("order_") == ["z", "a"]
    assert registry.snapshot.errors == ()


@pytest.mark.parametrize("hook", ["def on_load(self): Event().wait()", "on_load = forever"])
async def test_an_on_load_that_never_returns_is_a_failure(tree: PluginTree, hook: str) -> None:
    top = """from threading import Event
import asyncio
async def forever(self): await asyncio.Event().wait()"""
    tree.plugin("slow.py", "slow", top=top, body=hook)
    tree.plugin("x.py", "x")
    registry = PluginRegistry(tree.source(), on_load_seconds=0.02)
    await registry.load()
    assert registry.get_all_plugin_names() == ["x"]
    assert "on_load did not return within 0.02 s" in registry.snapshot.errors[0].message


async def test_resolving_a_plugin_that_failed_says_why(tree: PluginTree) -> None:
    tree.plugin("x.py", "x", body="def on_load(self): raise RuntimeError('no key')")
    with pytest.raises(LoadError, match="no key"):
        (await loaded(tree)).resolve("x")


async def test_an_unknown_name_is_answered_with_suggestions(tree: PluginTree) -> None:
    tree.plugin("x.py", "team.list_members")
    with pytest.raises(PluginNotFound) as caught:
        (await loaded(tree)).resolve("team.list_member")
    assert caught.value.suggestions == ("team.list_members",)


async def test_a_missing_directory_is_a_failure_and_others_serve(
    tree: PluginTree, other_tree: PluginTree
) -> None:
    tree.plugin("x.py", "x")
    other_tree.root.rmdir()
    registry = await loaded(other_tree, tree)
    assert registry.get_all_plugin_names() == ["x"]
    assert "does not exist" in registry.snapshot.errors[0].message


async def test_two_directories_are_one_catalogue(tree: PluginTree, other_tree: PluginTree) -> None:
    tree.plugin("x.py", "x")
    other_tree.plugin("y.py", "y", dependencies=("x",))
    assert (await loaded(other_tree, tree)).get_all_plugin_names() == ["x", "y"]


async def test_two_directories_of_one_package_name_are_a_failure_that_names_both(
    tree: PluginTree, other_tree: PluginTree
) -> None:
    other_tree.package = tree.package
    errors = (await loaded(tree, other_tree)).snapshot.errors
    assert str(tree.root) in errors[0].message
    assert str(other_tree.root) in errors[0].message


async def test_the_highest_version_is_the_default(tree: PluginTree) -> None:
    tree.plugin("old.py", "x", version="1.9.0")
    tree.plugin("new.py", "x", version="1.10.0")
    registry = await loaded(tree)
    assert registry.resolve("x").version == "1.10.0"
    assert registry.resolve("x@1.9.0").version == "1.9.0"
    assert registry.get("x@1.8.0") is None


async def test_a_policy_pins_a_version(tree: PluginTree) -> None:
    tree.plugin("old.py", "x", version="1.9.0", aliases=("ex",))
    tree.plugin("new.py", "x", version="1.10.0")
    registry = await loaded(tree)
    registry.apply_policies({"x": Policy(pinned_version="1.9.0")})
    assert registry.resolve("x").version == "1.9.0"
    assert registry.resolve("ex@1.10.0").version == "1.10.0"


async def test_a_pinned_version_that_is_gone_gives_way_to_the_highest(tree: PluginTree) -> None:
    tree.plugin("x.py", "x", version="2.0.0")
    registry = await loaded(tree)
    registry.apply_policies({"x": Policy(pinned_version="1.0.0")})
    assert registry.resolve("x").version == "2.0.0"


async def test_plugins_without_a_policy_are_disabled_once_there_are_policies(
    tree: PluginTree,
) -> None:
    tree.plugin("x.py", "x")
    registry = await loaded(tree)
    assert registry.resolve("x").enabled
    registry.apply_policies({})
    assert not registry.resolve("x").enabled


async def test_policies_outlive_a_reload(tree: PluginTree) -> None:
    tree.plugin("x.py", "x")
    registry = await loaded(tree)
    registry.apply_policies({"x": Policy(enabled=False)})
    assert not (await registry.reload("x")).enabled


async def test_aliases_tool_names_and_versions_find_the_plugin(tree: PluginTree) -> None:
    tree.plugin("x.py", "a.b", aliases=("bali-zero.b", "b@home"), legacy_handler_key="get_b")
    registry = await loaded(tree)
    names = ["a.b", "a__b", "bali-zero.b", "b@home", "get_b", "get_b@1.0.0", "b@home@1.0.0"]
    assert [registry.resolve(name).name for name in names] == ["a.b"] * len(names)


async def test_an_alias_never_takes_the_place_of_another_plugins_version(tree: PluginTree) -> None:
    tree.plugin("x.py", "x")
    tree.plugin("thief.py", "thief", aliases=("x@1.0.0",))
    assert (await loaded(tree)).resolve("x@1.0.0").name == "x"


async def test_registering_a_class_loads_it_once() -> None:
    registry, cls = PluginRegistry(), plugin_class("x")
    first = await registry.register(cls)
    assert await registry.register(cls) is first
    assert registry.get_statistics()["total_versions"] == 1


async def test_registering_a_neighbour_leaves_the_live_object_alone() -> None:
    registry = PluginRegistry()
    first = await registry.register(plugin_class("x"))
    await registry.register(plugin_class("y"))
    assert registry.resolve("x").plugin is first.plugin


async def test_registering_a_twin_raises_and_forgets_it() -> None:
    registry = PluginRegistry()
    await registry.register(plugin_class("x", author="first"))
    twin = plugin_class("x", author="second")
    twin.__qualname__ = "Twin"
    with pytest.raises(LoadError, match="also defined by"):
        await registry.register(twin)
    assert (await registry.load()).errors == ()
    assert registry.resolve("x").metadata.author == "first"


@pytest.mark.parametrize("register_first", [True, False])
async def test_registering_and_discovering_the_same_class_makes_no_duplicate(
    tree: PluginTree, *, register_first: bool
) -> None:
    import importlib

    tree.plugin("family/x.py", "x")
    registry = PluginRegistry()
    if not register_first:
        await registry.discover_plugins(tree.root, tree.package)
    next(tree.source().modules())  # makes the package importable
    module = importlib.import_module(f"{tree.package}.family.x")
    await registry.register(module.Found)
    snapshot = await registry.discover_plugins(tree.root, tree.package)
    assert (len(list(snapshot.all_versions())), snapshot.errors) == (1, ())


async def test_discovering_a_directory_twice_changes_nothing(tree: PluginTree) -> None:
    tree.plugin("x.py", "x")
    registry = PluginRegistry()
    first = await registry.discover_plugins(tree.root, tree.package)
    second = await registry.discover_plugins(str(tree.root), tree.package)
    assert second.plugins["x"]["1.0.0"] is first.plugins["x"]["1.0.0"]


async def test_lists_filter_by_category_any_tag_and_any_model() -> None:
    registry = PluginRegistry()
    await registry.register(plugin_class("a", category="tax", tags=("fast", "free")))
    await registry.register(plugin_class("b", category="legal", allowed_models=("opus",)))
    names = lambda **filters: [p.name for p in registry.list_plugins(**filters)]  # noqa: E731
    assert names() == ["a", "b"]
    assert names(category="tax") == ["a"]
    assert names(tags=["free", "paid"]) == ["a"]
    assert names(allowed_models=["opus"]) == ["a", "b"]
    assert names(allowed_models=["haiku"]) == ["a"]


async def test_statistics_count_plugins_versions_and_categories(tree: PluginTree) -> None:
    tree.plugin("a1.py", "a", version="1.0.0", category="tax", aliases=("aa",))
    tree.plugin("a2.py", "a", version="2.0.0", category="tax", aliases=("aa", "ab"))
    tree.plugin("b.py", "b")
    tree.write("c.py", "1 / 0")
    assert (await loaded(tree)).get_statistics() == {
        "total_plugins": 2,
        "categories": 2,
        "category_counts": {"general": 1, "tax": 1},
        "total_versions": 3,
        "aliases": 2,
        "enabled": 2,
        "load_errors": 1,
    }


async def test_configured_values_reach_the_plugin_before_on_load(tree: PluginTree) -> None:
    tree.plugin(
        "x.py",
        "x",
        top="from pydantic import BaseModel, SecretStr\n"
        "class Config(BaseModel):\n    key: SecretStr",
        body="config_model = Config\n    def on_load(self): self.seen = self.config.key",
    )
    values = {"x": {"key": "hush"}}
    registry = PluginRegistry(tree.source(), config_for=lambda name: values.get(name, {}))
    await registry.load()
    assert registry.resolve("x").plugin.seen.get_secret_value() == "hush"


async def test_a_refused_secret_is_not_quoted_in_the_failure(tree: PluginTree) -> None:
    top = """from pydantic import BaseModel, SecretStr, field_validator
class Config(BaseModel):
    key: SecretStr
    @field_validator("key")
    def check(cls, key): raise ValueError("bad key " + key.get_secret_value())"""
    tree.plugin("x.py", "x", top=top, body="config_model = Config")
    registry = PluginRegistry(tree.source(), config_for=lambda name: {"key": "hunter2"})
    failure = (await registry.load()).errors[0]
    assert "key: invalid" in failure.message
    assert "hunter2" not in failure.message + failure.traceback


async def test_progress_is_told_module_by_module(tree: PluginTree) -> None:
    tree.plugin("a.py", "a")
    tree.write("b.py", "1 / 0")
    seen: list[tuple[int, int, str]] = []
    registry = PluginRegistry(tree.source())
    await registry.load(progress=lambda *step: seen.append(step))
    assert seen == [(1, 2, f"{tree.package}.a"), (2, 2, f"{tree.package}.b")]


async def test_closing_unloads_every_plugin_even_if_one_hangs_or_fails() -> None:
    unloaded: list[str] = []

    class Hangs(plugin_class("hangs")):  # type: ignore[misc]
        async def on_unload(self) -> None:
            await asyncio.Event().wait()

    class Well(plugin_class("well")):  # type: ignore[misc]
        def on_unload(self) -> None:
            unloaded.append("well")

    registry = PluginRegistry(on_load_seconds=0.02)
    await registry.register(Hangs)
    await registry.register(Well)
    await registry.close()
    assert unloaded == ["well"]
    assert registry.get_all_plugin_names() == []
