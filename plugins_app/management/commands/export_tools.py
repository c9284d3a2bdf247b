from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from plugins_app.core.caller import model_allowed, model_family
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import MODEL_FAMILIES
from plugins_app.core.tools import anthropic_tools, name_map, openai_tools
from plugins_app.management.command import FAILED, PARTIAL, ZantaraCommand
from plugins_app.management.files import replace_file
from plugins_app.management.selection import add_filters, filtered, selected
from plugins_app.management.tables import to_json
from plugins_app.services.catalogue import PluginView

_DIALECTS = {"anthropic": anthropic_tools, "openai": openai_tools}


class Command(ZantaraCommand):
    help = "Write the enabled plugins as tool definitions for an AI provider, always as JSON."

    def arguments(self, parser: CommandParser) -> None:
        add_filters(parser)
        parser.add_argument("--format", default="anthropic", choices=_DIALECTS)
        parser.add_argument("--model", type=_model, help="Only what its assistants may call.")
        parser.add_argument(
            "--names", type=_names, default=[], help="Names, aliases or globs with commas."
        )
        parser.add_argument("--all", action="store_true", help="Disabled plugins as well.")
        parser.add_argument("--bare", action="store_true", help="Only the array of tools.")
        parser.add_argument(
            "--output", metavar="FILE", help="Instead of stdout; replaced in one step."
        )

    def run(self, *, output: str | None, model: str | None, **options: Any) -> None:
        views = selected(options) if options["names"] else filtered(options)
        left_out = _left_out(views, model, disabled_too=options["all"])
        plugins = [view.loaded for view in views if view.loaded and view.name not in left_out]
        for name, reason in left_out.items():
            self.note(f"{name} left out: {reason}")
        if options["names"] and left_out and not plugins:
            self.fail("None of the plugins can be exported")
        self._write(_document(plugins, options["format"]), output, bare=options["bare"])
        if options["names"] and left_out:
            self.fail(f"{len(left_out)} of {len(views)} plugins were left out", PARTIAL)

    def _write(self, document: dict[str, Any], output: str | None, *, bare: bool) -> None:
        data = document["tools"] if bare else document
        if output is None or output == "-":
            self._print(data)
            return
        try:
            replace_file(Path(output), to_json(data) + "\n")
        except OSError as error:
            self.fail(f"Cannot write {output}: {error.strerror}", FAILED)
        self.note(f"{document['count']} tools written to {output}")
        self.emit({"success": True, "count": document["count"], "output": output})

    def _print(self, data: Any) -> None:
        """With and without `--json`, which is how everything of this command is written."""
        self.json = True
        self.emit(data)


def _document(plugins: list[LoadedPlugin], dialect: str) -> dict[str, Any]:
    tools = _DIALECTS[dialect](plugins)
    return {"success": True, "count": len(tools), "tools": tools, "name_map": name_map(plugins)}


def _left_out(views: list[PluginView], model: str | None, *, disabled_too: bool) -> dict[str, str]:
    """Plugin -> why it is no tool."""
    reasons = {view.name: _reason(view, model, disabled_too) for view in views}
    return {name: reason for name, reason in reasons.items() if reason}


def _reason(view: PluginView, model: str | None, disabled_too: bool) -> str:
    if view.loaded is None:
        return view.failure.message if view.failure else "it could not be loaded"
    if not (view.enabled or disabled_too):
        return "it is disabled"
    if not model_allowed(model, view.loaded.metadata.allowed_models):
        return f"it is not for {model}"
    return ""


def _model(text: str) -> str:
    if model_family(text) is None:
        raise ArgumentTypeError(f"{text!r} is none of {', '.join(MODEL_FAMILIES)}")
    return text


def _names(text: str) -> list[str]:
    names = [name for each in text.split(",") if (name := each.strip())]
    if not names:
        raise ArgumentTypeError("it names no plugin")
    return names
