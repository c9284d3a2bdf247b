from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from django.contrib.auth import get_user_model
from django.core.management import CommandParser

from plugins_app.core.caller import SYSTEM_CALLER, Caller
from plugins_app.core.errors import InvalidInput, PluginNotFound, ZantaraError
from plugins_app.core.execution import Execution
from plugins_app.core.executor import to_output
from plugins_app.core.json_gate import MalformedJson, PayloadTooLarge, loads
from plugins_app.core.plugin import PluginOutput
from plugins_app.management.command import FAILED, NOT_FOUND, USAGE, ZantaraCommand
from plugins_app.management.durations import positive_span
from plugins_app.models import ExecutionLog
from plugins_app.services import background
from plugins_app.services.access import caller_of_user
from plugins_app.services.execute import execute_and_wait


class Command(ZantaraCommand):
    help = "Run a plugin through the whole engine; the run shows up in the execution log."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="Name, alias, tool name, or name@version.")
        parser.add_argument("--input", default="{}", help="JSON, @FILE, or - for stdin.")
        parser.add_argument(
            "--set", action="append", default=[], metavar="K=V", help="One field; a.b=1 nests."
        )
        parser.add_argument("--no-cache", action="store_true", help="Neither read nor fill it.")
        parser.add_argument("--timeout", type=positive_span, help="For the whole call, like 10s.")
        parser.add_argument("--user", help="Run as this user instead of as the system.")
        parser.add_argument(
            "--queue", nargs="?", const="", metavar="QUEUE", help="Have a worker run it."
        )
        parser.add_argument("--wait", action="store_true", help="Wait for what the worker says.")

    def run(self, *, name: str, timeout: timedelta | None, no_cache: bool, **options: Any) -> None:
        call = {
            "caller": self._caller(options["user"]),
            "source": "cli",
            "use_cache": not no_cache,
            "timeout_ms": timeout / timedelta(milliseconds=1) if timeout else None,
        }
        data = self._input(options["input"], options["set"])
        if options["queue"] is None:
            self._run_here(name, data, wait=options["wait"], call=call)
        else:
            self._run_there(name, data, options["queue"], wait=options["wait"], call=call)

    def _run_here(self, name: str, data: Any, *, wait: bool, call: dict[str, Any]) -> None:
        if wait:
            self.fail("--wait goes with --queue", USAGE)
        execution = execute_and_wait(name, data, **call)
        self._show(to_output(execution), _summary(execution), execution.error)

    def _run_there(
        self, name: str, data: Any, queue: str, *, wait: bool, call: dict[str, Any]
    ) -> None:
        execution = background.enqueue(name, data, queue=queue, **call)
        if execution.error:
            self._show(to_output(execution), _summary(execution), execution.error)
        elif wait:
            self._wait(execution.id)
        else:
            self.emit({"success": True, "status": "queued", "execution_id": execution.id})
            self.say(execution.id)

    def _wait(self, execution_id: str) -> None:
        row = background.wait(execution_id, background.longest_wait())
        if row is None:
            self.fail(f"Nothing is known of execution {execution_id}")
        output = background.output_of(row)
        self._show(output, _summary_of_row(row), None)

    def _show(self, output: PluginOutput, summary: str, error: Exception | None) -> None:
        self.emit({**output.model_dump(mode="json"), **_failure(error)})
        if output.success:
            self.say(orjson.dumps(output.data, option=orjson.OPT_INDENT_2).decode())
        self.note(summary)
        if not output.success:
            self._fail(error, output.error or "The plugin answered success=false")

    def _fail(self, error: Exception | None, message: str) -> None:
        if isinstance(error, InvalidInput):
            fields = [f"  {field.pointer or '/'}: {field.message}" for field in error.fields]
            message = "\n".join(["The input is not valid", *fields]) if fields else message
        self.fail(message, NOT_FOUND if isinstance(error, PluginNotFound) else FAILED)

    def _input(self, source: str, assignments: list[str]) -> dict[str, Any]:
        data = self._parse(self._read(source))
        if not isinstance(data, dict):
            self.fail("The input is not a JSON object")
        for assignment in assignments:
            self._assign(data, assignment)
        return data

    def _read(self, source: str) -> bytes:
        if source == "-":
            return sys.stdin.buffer.read()
        if not source.startswith("@"):
            return source.encode("utf-8", "surrogateescape")
        try:
            return Path(source[1:]).read_bytes()
        except OSError as error:
            self.fail(f"Cannot read {source[1:]}: {error.strerror}")

    def _parse(self, text: bytes) -> Any:
        try:
            return loads(text)
        except (MalformedJson, PayloadTooLarge) as error:
            self.fail(f"Input: {error}")

    def _assign(self, data: dict[str, Any], assignment: str) -> None:
        path, equals, text = assignment.partition("=")
        *parents, field = parts = path.split(".")
        if not equals or not all(parts):
            self.fail(f"--set {assignment!r} is not like field=value")
        for parent in parents:
            data = data.setdefault(parent, {})
            if not isinstance(data, dict):
                self.fail(f"--set {assignment!r}: {parent!r} is not an object")
        data[field] = _value(text)

    def _caller(self, username: str | None) -> Caller:
        if username is None:
            return SYSTEM_CALLER
        user = get_user_model().objects.filter(username=username, is_active=True).first()
        if user is None:
            self.fail(f"There is no active user {username!r}")
        return caller_of_user(user)


def _failure(error: Exception | None) -> dict[str, Any]:
    """What a machine needs beside the envelope."""
    if not isinstance(error, ZantaraError):
        return {}
    found: dict[str, Any] = {"code": error.code}
    if isinstance(error, InvalidInput):
        found["errors"] = [asdict(field) for field in error.fields]
    if isinstance(error, PluginNotFound):
        found["suggestions"] = list(error.suggestions)
    return found


def _value(text: str) -> Any:
    """JSON where it is some, else the text itself."""
    try:
        return loads(text.encode("utf-8", "surrogateescape"))
    except (MalformedJson, PayloadTooLarge):
        return text


def _summary(execution: Execution) -> str:
    plugin = execution.plugin
    version = f" {plugin.version}" if plugin else ""
    cached = ", cached" if execution.cached else ""
    record = f", execution {execution.id}" if execution.admitted else ""
    milliseconds = round(execution.duration * 1000)
    return f"{execution.name}{version}: {execution.status} in {milliseconds} ms{cached}{record}"


def _summary_of_row(row: ExecutionLog) -> str:
    cached = ", cached" if row.cached else ""
    milliseconds = round(row.duration_ms or 0)
    return (
        f"{row.plugin} {row.version}: {row.status} in {milliseconds} ms{cached}, execution {row.pk}"
    )
