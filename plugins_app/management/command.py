"""What all our commands share: streams, exit codes, progress, and the end of the engine.

Human text goes to stdout, prose and progress to stderr; `--json` leaves one document on stdout.
Exit codes: 0 ok, 1 failure, 2 usage, 3 partial success, 4 plugin not found, 130 interrupted.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import orjson
from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console
from rich.progress import Progress

from plugins_app.core.errors import LoadError, PluginNotFound, ZantaraError
from plugins_app.runtime.engine import close_engine

FAILED, PARTIAL, NOT_FOUND, INTERRUPTED = 1, 3, 4, 130
Advance = Callable[[int, int, str], None]
_LINES_OF_PROGRESS = 10
_WORTH_PROGRESS = 20


class ZantaraCommand(BaseCommand):
    """Subclasses write `run` and, where they have any, `arguments`."""

    requires_system_checks: list[str] = []
    run: Callable[..., None]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON document on stdout.")
        self.arguments(parser)

    def arguments(self, parser: CommandParser) -> None:
        pass

    def handle(self, *args: Any, **options: Any) -> None:
        self.json, self.verbosity = options["json"], options["verbosity"]
        if self.verbosity < 2:
            logging.getLogger("plugins_app").setLevel(logging.ERROR)
        try:
            self._run_translating(options)
        except CommandError as error:
            if self.json and not self._emitted:
                self.emit({"success": False, "error": str(error), "code": error.returncode})
            raise
        finally:
            close_engine()

    _emitted = False

    def _run_translating(self, options: dict[str, Any]) -> None:
        try:
            self.run(**options)
        except KeyboardInterrupt:
            self.fail("Interrupted", INTERRUPTED)
        except PluginNotFound as error:
            self.fail(str(error), NOT_FOUND)
        except LoadError as error:
            place = f" ({error.location})" if error.location else ""
            self.fail(f"{error}{place}")
        except ZantaraError as error:
            self.fail(str(error))
        except DatabaseError as error:
            self.fail(f"The database is not ready: {error}. Run: python manage.py migrate")

    def fail(self, message: str, code: int = FAILED) -> NoReturn:
        raise CommandError(message, returncode=code)

    # --- output -----------------------------------------------------------------------------------

    def say(self, text: str = "") -> None:
        """The result, for people."""
        if not self.json and self.verbosity > 0:
            self.stdout.write(text)

    def note(self, text: str) -> None:
        """Prose beside the result."""
        if self.verbosity > 0:
            self.stderr.write(text, style_func=str)

    def emit(self, document: Any) -> None:
        """The result, for machines; written only with `--json`."""
        if self.json:
            self._emitted = True
            text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
            self.stdout.write(text.decode())

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Columns as wide as their widest cell; numbers stand right."""
        cells = [[str(header).upper() for header in headers]]
        cells += [["-" if cell is None else str(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        right = [
            bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(headers))
        ]
        for line in cells:
            padded = [
                cell.rjust(width) if to_right else cell.ljust(width)
                for cell, width, to_right in zip(line, widths, right, strict=True)
            ]
            self.say("  ".join(padded).rstrip())

    @contextmanager
    def progress(self, what: str) -> Iterator[Advance]:
        """A bar on a terminal, else a line per tenth; silent for little work, -v0 and --json."""
        if self.verbosity < 1 or self.json:
            yield lambda done, total, name: None
        elif sys.stderr.isatty():
            with Progress(console=Console(stderr=True), transient=True) as bar:
                task = bar.add_task(what, total=None)
                yield lambda done, total, name: bar.update(task, completed=done, total=total)
        else:
            yield self._line_per_tenth(what)

    def _line_per_tenth(self, what: str) -> Advance:
        def advance(done: int, total: int, name: str) -> None:
            step = max(1, total // _LINES_OF_PROGRESS)
            if total >= _WORTH_PROGRESS and done % step == 0:
                self.note(f"{what}: {done} of {total}")

        return advance

    def confirm(self, question: str, *, ask: bool) -> None:
        """Goes on only after a yes; without a terminal nobody can say it."""
        if not ask:
            return
        if not sys.stdin.isatty():
            self.fail(f"{question} Repeat with --no-input to confirm.")
        if input(f"{question} [y/N] ").strip().lower() not in {"y", "yes"}:
            self.fail("Nothing was changed.")


def _is_number(cell: Any) -> bool:
    return cell is None or isinstance(cell, (int, float)) or str(cell).rstrip(" %ms").isdecimal()
