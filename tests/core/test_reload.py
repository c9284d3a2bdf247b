from __future__ import annotations

import asyncio
import os
import py_compile
import sys
from pathlib import Path

import pytest

from plugins_app.core.discovery import DirectorySource
from plugins_app.core.errors import LoadError, PluginNotFound, ReloadRejected
from plugins_app.core.registry import PluginRegistry
from tests.core.conftest import PluginTree
from tests.core.test_registry import loaded


async def answer(registry: PluginRegistry, name: str) -> object:
    output = await registry.resolve(name).plugin.execute(None, None)
    return output.data


def tell(tree: PluginTree, path: str, name: str, said: str, **metadata: object) -> Path:
    """A plugin whose execute answers `said` from a module-level name."""
    file = tree.plugin(path, name, **metadata)
    text = file.read_text().replace("(self, input_data)", "(self, input_data, context=None)")
    file.write_text(text.replace("data=ANSWER", f"data={said}"))
    return file


async def test_a_reload_serves_the_new_source(tree: PluginTree) -> None:
    tell(tree, "x.py", "x", "'old'")
    registry = await loaded(tree)
    tell(tree, "x.py", "x", "'newer'")
    await registry.reload("x")
    assert await answer(registry, "x") == "newer"


@pytest.mark.parametrize("edit", ["x.py", "_helper.py"])
async def test_an_edit_of_same_size_within_the_same_second_is_seen(
    tree: PluginTree, edit: str
) -> None:
    """Bytecode caches compare size and whole seconds, so they would miss it."""
    helper = tree.write("family/_helper.py", "WORD = 'aaa'\n")
    tree.plugin("family/x.py", "x", top="from ._helper import WORD")
    plugin = tell(tree, "family/x.py", "x", "'aaa' + WORD")
    plugin.write_text(plugin.read_text().replace("ANSWER =", "from ._helper import WORD\nANSWER ="))
    for file in (helper, plugin):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    registry = await loaded(tree)
    edited = tree.root / "family" / edit
    edited.write_text(edited.read_text().replace("aaa", "bbb"))
    os.utime(edited, (1_700_000_000, 1_700_000_000))
    await registry.reload("x")
    assert await answer(registry, "x") == ("bbbaaa" if edit == "x.py" else "aaabbb")


async def test_a_load_takes_in_what_changed_and_leaves_the_rest_alone(tree: PluginTree) -> None:
    tell(tree, "x.py", "x", "'old'")
    tree.plugin("y.py", "y")
    registry = await loaded(tree)
    before = registry.resolve("y").plugin
    tell(tree, "x.py", "x", "'new'")
    await registry.load()
    assert await answer(registry, "x") == "new"
    assert registry.resolve("y").plugin is before


async def test_loading_everything_makes_new_objects(tree: PluginTree) -> None:
    tree.plugin("x.py", "x")
    registry = await loaded(tree)
    before = registry.resolve("x").plugin
    await registry.load(everything=True)
    assert registry.resolve("x").plugin is not before


async def test_families_that_use_a_reloaded_one_are_imported_anew(tree: PluginTree) -> None:
    tree.plugin("base/x.py", "x")
    tree.write("base/_shared.py", "WORD = 'old'\n")
    user = f"from {tree.package}.base import _shared"
    tell(tree, "user/y.py", "y", "_shared.WORD")
    file = tree.root / "user/y.py"
    file.write_text(f"{user}\n{file.read_text()}")
    registry = await loaded(tree)
    tree.write("base/_shared.py", "WORD = 'new'\n")
    await registry.reload("x")
    assert await answer(registry, "y") == "new"


async def test_reload_by_alias_and_by_tool_name(tree: PluginTree) -> None:
    tree.plugin("x.py", "a.x", aliases=("get_x",))
    registry = await loaded(tree)
    assert (await registry.reload("get_x")).name == "a.x"
    assert (await registry.reload("a__x")).name == "a.x"


async def test_reloading_a_name_that_nobody_knows_is_not_found(tree: PluginTree) -> None:
    with pytest.raises(PluginNotFound):
        await (await loaded(tree)).reload("nobody")


@pytest.mark.parametrize(
    "broken",
    ["def broken(:", "import no_such_module_", "raise SystemExit", "x = 1  # no plugin any more"],
)
async def test_a_broken_edit_is_rejected_and_the_old_version_serves_on(
    tree: PluginTree, broken: str
) -> None:
    tell(tree, "family/x.py", "x", "'old'")
    tree.plugin("family/y.py", "y")
    registry = await loaded(tree)
    modules = {n: m for n, m in sys.modules.items() if n.startswith(tree.package)}
    live = registry.resolve("x").plugin, registry.resolve("y").plugin
    tree.write("family/x.py", broken)
    with pytest.raises(ReloadRejected):
        await registry.reload("x")
    assert (registry.resolve("x").plugin, registry.resolve("y").plugin) == live
    assert {n: m for n, m in sys.modules.items() if n.startswith(tree.package)} == modules
    assert sys.modules[tree.package].family is modules[f"{tree.package}.family"]


async def test_a_rejected_reload_says_where_the_cause_is(tree: PluginTree) -> None:
    tree.plugin("family/x.py", "x", top="from . import _helper")
    tree.write("family/_helper.py", "a = 1\n")
    registry = await loaded(tree)
    tree.write("family/_helper.py", "a = 1\nb = a /\n")
    with pytest.raises(ReloadRejected) as caught:
        await registry.reload("x")
    assert caught.value.location.endswith("family/_helper.py:2")
    assert "b = a /" in caught.value.traceback


async def test_a_reload_that_breaks_a_live_neighbour_is_rejected(tree: PluginTree) -> None:
    tree.plugin("family/x.py", "x")
    tree.plugin("family/y.py", "y")
    registry = await loaded(tree)
    live = registry.resolve("x").plugin
    tree.plugin("family/y.py", "y", body="def on_load(self): raise OSError('no disk')")
    with pytest.raises(ReloadRejected, match="no disk"):
        await registry.reload("x")
    assert registry.resolve("x").plugin is live


async def test_a_neighbour_that_never_worked_does_not_stop_a_reload(tree: PluginTree) -> None:
    tree.plugin("family/x.py", "x")
    tree.write("family/y.py", "1 / 0")
    registry = await loaded(tree)
    tree.plugin("family/x.py", "x", version="2.0.0")
    assert (await registry.reload("x")).version == "2.0.0"


async def test_what_was_loaded_for_a_rejected_reload_is_unloaded(tree: PluginTree) -> None:
    tree.plugin("family/x.py", "x", body="gone = []\n    def on_unload(self): self.gone.append(1)")
    tree.plugin("family/y.py", "y")
    registry = await loaded(tree)
    marker = tree.root / "unloaded"
    tree.plugin("family/x.py", "x", body=f"def on_unload(self): open({str(marker)!r}, 'w').close()")
    tree.write("family/y.py", "1 / 0")
    with pytest.raises(ReloadRejected):
        await registry.reload("y")
    await registry.close()
    assert marker.exists()


async def test_a_plugin_renamed_by_an_edit_rejects_its_reload_but_not_a_load(
    tree: PluginTree,
) -> None:
    tree.plugin("x.py", "x")
    registry = await loaded(tree)
    tree.plugin("x.py", "renamed")
    with pytest.raises(ReloadRejected, match="does not define 'x' any more"):
        await registry.reload("x")
    await registry.load()
    assert registry.get_all_plugin_names() == ["renamed"]


async def test_a_load_keeps_the_live_version_of_what_broke(tree: PluginTree) -> None:
    tell(tree, "x.py", "x", "'old'")
    registry = await loaded(tree)
    tree.write("x.py", "def broken(:")
    snapshot = await registry.load()
    assert await answer(registry, "x") == "old"
    assert (snapshot.errors[0].plugin, snapshot.errors[0].serving) == ("x", "1.0.0")


async def test_all_versions_of_a_plugin_survive_the_breaking_of_one(tree: PluginTree) -> None:
    tree.plugin("one.py", "x", version="1.0.0")
    tree.plugin("two.py", "x", version="2.0.0")
    registry = await loaded(tree)
    tree.write("two.py", "def broken(:")
    await registry.load()
    assert registry.resolve("x").version == "2.0.0"


async def test_a_plugin_whose_new_on_load_fails_serves_on_in_its_old_version(
    tree: PluginTree,
) -> None:
    tree.plugin("x.py", "x", version="1.0.0")
    tree.plugin("user.py", "user", dependencies=("x",))
    registry = await loaded(tree)
    tree.plugin("x.py", "x", version="1.1.0", body="def on_load(self): 1 / 0")
    await registry.load(everything=True)
    assert registry.resolve("x").version == "1.0.0"


async def test_a_plugin_that_failed_comes_back_after_the_fix(tree: PluginTree) -> None:
    """The failed module's bytecode must not be taken for the fixed one's: same size and second."""
    file = tell(tree, "x.py", "x", "'fixed'")
    good = file.read_text()
    file.write_text(good.replace("ANSWER = '1.0.0'", "ANSWER = 1 /  0"))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    registry = await loaded(tree)
    assert registry.get("x") is None
    file.write_text(good)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    await registry.load()
    assert await answer(registry, "x") == "fixed"


async def test_reload_retries_a_plugin_whose_on_load_failed(tree: PluginTree) -> None:
    marker = tree.root / "ready"
    tree.plugin("x.py", "x", body=f"def on_load(self): open({str(marker)!r}).close()")
    registry = await loaded(tree)
    with pytest.raises(LoadError):
        registry.resolve("x")
    marker.touch()
    assert (await registry.reload("x")).name == "x"
    assert registry.snapshot.errors == ()


async def test_a_plugin_that_missed_its_dependency_loads_when_it_appears(tree: PluginTree) -> None:
    tree.plugin("user.py", "user", dependencies=("x",))
    registry = await loaded(tree)
    tree.plugin("x.py", "x")
    await registry.load()
    assert registry.get_all_plugin_names() == ["user", "x"]


async def test_a_vanished_file_drops_its_plugin_and_a_new_one_adds_its_own(
    tree: PluginTree,
) -> None:
    file = tree.plugin("family/x.py", "x")
    registry = await loaded(tree)
    file.unlink()
    tree.plugin("family/y.py", "y")
    await registry.load()
    assert registry.get_all_plugin_names() == ["y"]


async def test_a_snapshot_in_hand_never_changes(tree: PluginTree) -> None:
    file = tree.plugin("x.py", "x")
    registry = await loaded(tree)
    before = registry.snapshot
    file.unlink()
    await registry.load()
    assert before.find("x") is not None
    assert registry.get("x") is None
    with pytest.raises(AttributeError):
        before.plugins = {}  # type: ignore[misc]


async def test_on_unload_waits_for_the_last_call_on_the_old_object(tree: PluginTree) -> None:
    body = "unloaded = False\n    def on_unload(self): self.unloaded = True"
    tree.plugin("x.py", "x", body=body)
    registry = await loaded(tree)
    old = registry.resolve("x")
    old.calls.enter()
    old.calls.enter()
    await registry.reload("x")
    old.calls.leave()
    await asyncio.gather(*registry._background)
    assert not old.plugin.unloaded
    old.calls.leave()
    await asyncio.gather(*registry._background)
    assert old.plugin.unloaded


async def test_reloads_at_the_same_time_follow_one_another(tree: PluginTree) -> None:
    tree.plugin("x.py", "x")
    tree.plugin("y.py", "y")
    registry = await loaded(tree)
    await asyncio.gather(*(registry.reload(name) for name in "xyxyxy"))
    assert (registry.get_all_plugin_names(), registry.snapshot.errors) == (["x", "y"], ())


async def test_the_source_hash_follows_the_module_and_its_helpers_but_not_its_neighbours(
    tree: PluginTree,
) -> None:
    tree.plugin("family/x.py", "x")
    helper = tree.write("family/_helper.py", "A = 1\n")
    registry = await loaded(tree)
    hashes = [registry.resolve("x").source_hash]
    for change in (
        lambda: tree.plugin("family/y.py", "y"),
        lambda: helper.write_text("A = 2\n"),
        lambda: tree.plugin("family/x.py", "x", version="1.0.1"),
    ):
        change()
        await registry.load()
        hashes.append(registry.resolve("x").source_hash)
    assert hashes[0] == hashes[1]
    assert len(set(hashes[1:])) == 3


async def test_another_process_bytecode_of_the_same_second_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    family = tmp_path / f"other_{tmp_path.name}" / "fam"
    family.mkdir(parents=True)
    file, moment = family / "p.py", 1_700_000_000
    text = SAME_SECOND.format(version="1.0.0")
    file.write_text(text)
    os.utime(file, (moment, moment))
    cached = Path(py_compile.compile(str(file)))
    os.utime(cached, (moment + 0.3, moment + 0.3))
    file.write_text(text.replace("1.0.0", "1.1.0"))
    os.utime(file, (moment + 0.6, moment + 0.6))

    registry = PluginRegistry(DirectorySource(family.parent))
    await registry.load()

    assert registry.resolve("fam.p").version == "1.1.0"


SAME_SECOND = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput
class P(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="fam.p", version="{version}")
    async def execute(self, input_data): return PluginOutput()
"""
