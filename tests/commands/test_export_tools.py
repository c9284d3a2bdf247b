"""export_tools: plugins as a provider's tools, on stdout or in a file."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins_app.core.tools import anthropic_tools, openai_tools
from plugins_app.management import files
from plugins_app.services.registry import loaded_registry
from tests.commands.conftest import Ran
from tests.commands.plugins import BROKEN, plugin

Run = Callable[..., Ran]


@pytest.fixture
def shop(family: Path) -> Path:
    (family / "buy.py").write_text(plugin("shop.buy", more="category='tax'"))
    (family / "sell.py").write_text(plugin("shop.sell", more="allowed_models=('opus',)"))
    return family


def exported(ran: Ran) -> list[str]:
    return list(ran.document["name_map"].values())


def test_stdout_is_the_answer_of_the_api(run: Run, shop: Path) -> None:
    document = run("export_tools").document

    registry = loaded_registry()
    plugins = [registry.resolve(name) for name in ("shop.buy", "shop.sell")]
    assert document == {
        "success": True,
        "count": 2,
        "tools": anthropic_tools(plugins),
        "name_map": {"shop__buy": "shop.buy", "shop__sell": "shop.sell"},
    }


def test_openai_is_another_format(run: Run, shop: Path) -> None:
    document = run("export_tools", "--format", "openai", "--names", "shop.buy").document

    assert document["tools"] == openai_tools([loaded_registry().resolve("shop.buy")])


def test_bare_is_what_a_provider_takes(run: Run, shop: Path) -> None:
    document = run("export_tools", "--bare").document

    assert [tool["name"] for tool in document] == ["shop__buy", "shop__sell"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (["--category", "tax"], ["shop.buy"]),
        (["--model", "claude-3-5-haiku"], ["shop.buy"]),
        (["--model", "opus"], ["shop.buy", "shop.sell"]),
        (["--names", "shop__sell, shop.buy"], ["shop.buy", "shop.sell"]),
        (["--names", "*.buy"], ["shop.buy"]),
        (["--category", "legal"], []),
    ],
)
def test_category_model_and_names_choose(
    run: Run, shop: Path, chosen: list[str], expected: list[str]
) -> None:
    assert exported(run("export_tools", *chosen)) == expected


def test_disabled_plugins_are_left_out_unless_all_are_wanted(run: Run, shop: Path) -> None:
    run("disable_plugins", "shop.buy")

    assert exported(run("export_tools")) == ["shop.sell"]
    assert exported(run("export_tools", "--all")) == ["shop.buy", "shop.sell"]


def test_what_was_asked_for_and_is_left_out_is_told(run: Run, shop: Path) -> None:
    ran = run("export_tools", "--names", "shop.buy,shop.sell", "--model", "haiku")

    assert (ran.code, exported(ran)) == (3, ["shop.buy"])
    assert "shop.sell left out: it is not for haiku" in ran.err


def test_nothing_is_written_when_nothing_of_it_can_be_exported(
    run: Run, shop: Path, tmp_path: Path
) -> None:
    run("disable_plugins", "shop.buy")
    ran = run("export_tools", "--names", "shop.buy", "--output", str(tmp_path / "tools.json"))

    assert (ran.code, (tmp_path / "tools.json").exists()) == (1, False)
    assert "shop.buy left out: it is disabled" in ran.err


def test_a_plugin_that_does_not_load_is_told_beside_the_others(run: Run, shop: Path) -> None:
    (shop / "lend.py").write_text(BROKEN)
    ran = run("export_tools")

    assert (ran.code, exported(ran)) == (0, ["shop.buy", "shop.sell"])
    assert "no_such_module" in ran.err


def test_an_unknown_plugin_exits_with_four(run: Run, shop: Path) -> None:
    assert run("export_tools", "--names", "shop.none").code == 4


@pytest.mark.parametrize(
    "wrong", [["--model", "gpt"], ["--names", " , "], ["--format", "mcp"], ["--category", "x"]]
)
def test_a_wrong_option_is_refused(run: Run, shop: Path, wrong: list[str]) -> None:
    assert run("export_tools", *wrong).out == ""


# --- into a file ----------------------------------------------------------------------------------


def test_a_file_holds_what_stdout_would(run: Run, shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "tools.json"
    ran = run("export_tools", "--bare", "--output", str(file))

    assert json.loads(file.read_text()) == run("export_tools", "--bare").document
    assert (ran.code, ran.out) == (0, "")
    assert f"2 tools written to {file}" in ran.err


def test_json_tells_where_the_file_is(run: Run, shop: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "tools.json")

    assert run("export_tools", "--output", file, "--json").document == {
        "success": True,
        "count": 2,
        "output": file,
    }


def test_a_file_that_was_there_keeps_its_mode_and_its_links(
    run: Run, shop: Path, tmp_path: Path
) -> None:
    file, link = tmp_path / "tools.json", tmp_path / "link.json"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    run("export_tools", "--output", str(link))

    assert (stat.S_IMODE(file.stat().st_mode), link.is_symlink()) == (0o640, True)
    assert json.loads(file.read_text())["count"] == 2


@pytest.mark.parametrize("where", ["none/tools.json", "file/tools.json", ".", "pipe"])
def test_a_place_that_cannot_be_written_is_a_clear_error(
    run: Run, shop: Path, tmp_path: Path, where: str
) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    ran = run("export_tools", "--output", str(tmp_path / where), "--json")

    assert (ran.code, ran.document["success"]) == (1, False)
    assert f"Cannot write {tmp_path / where}: " in ran.document["error"]
    assert "None" not in ran.document["error"]


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "tools.json").write_text("old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        files.replace_file(tmp_path / "tools.json", "new")

    assert (tmp_path / "tools.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["tools.json"]
