"""What all our commands share: streams, exit codes, progress, and the end of the engine.

Human text goes to stdout, prose and progress to stderr; `--json` leaves one document on stdout.
Exit codes: 0 ok, 1 failure, 2 usage, 3 partial success, 4 plugin not found, 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from rich.console import Console
from rich.progress import Progress

from plugins_app.core.errors import LoadError, PluginNotFound, Unavailable, ZantaraError
from plugins_app.management import tables
from plugins_app.runtime.engine import close_engine

FAILED, USAGE, PARTIAL, NOT_FOUND, INTERRUPTED = 1, 2, 3, 4, 130
Advance = Callable[[int, int, str], None]
_WORTH_PROGRESS = 20
_QUIETER = {"plugins_app": logging.ERROR, "plugins": logging.WARNING}
"""A command tells itself what happened; only what it cannot know is worth a line on stderr."""


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
        self._colors = {"no_color": options["no_color"], "force": options["force_color"]}
        self._emitted = False
        try:
            with _quieter_logs(self.verbosity):
                self._run_and_close(options)
        except CommandError as error:
            self._tell(error)
            raise

    def _run_and_close(self, options: dict[str, Any]) -> None:
        try:
            self._run_translating(options)
        finally:
            close_engine()

    def _run_translating(self, options: dict[str, Any]) -> None:
        try:
            self.run(**options)
        except KeyboardInterrupt as error:
            raise CommandError("Interrupted", returncode=INTERRUPTED) from error
        except PluginNotFound as error:
            raise CommandError(str(error), returncode=NOT_FOUND) from error
        except ZantaraError as error:
            raise CommandError(_with_place(error)) from error
        except DatabaseError as error:
            raise CommandError(_of_database(error)) from error
        except BrokenPipeError:
            _point_stdout_nowhere()
            raise SystemExit(FAILED) from None

    def _tell(self, error: CommandError) -> None:
        """Where Django's one line on stderr is not enough."""
        if self.verbosity > 2 and error.__cause__:
            self.stderr.write("".join(traceback.format_exception(error.__cause__)), style_func=str)
        if not self._emitted:
            self.emit({"success": False, "error": str(error), "code": _code_of(error)})

    def fail(self, message: str, returncode: int = FAILED) -> NoReturn:
        raise CommandError(message, returncode=returncode)

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
            self.stdout.write(tables.to_json(document))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        for line in tables.lines(headers, rows, tables.width_of(self.stdout)):
            self.say(line)

    def facts(self, title: str, facts: Mapping[str, Any]) -> None:
        """Name and value below each other."""
        self.say(f"\n{title}")
        for name, value in facts.items():
            self.say(f"  {name:<20} {tables.cell(value)}")

    # --- progress and questions -------------------------------------------------------------------

    @contextmanager
    def progress(self, what: str) -> Iterator[Advance]:
        """A bar on a terminal, else a line per tenth, or per item with -v2; little work is done
        without a word."""
        if self.verbosity < 1:
            yield lambda done, total, name: None
        elif self.verbosity > 1:
            yield lambda done, total, name: self.note(f"{what}: {done} of {total}  {name}")
        elif self.stderr.isatty():
            with Progress(console=self._console(), transient=True) as bar:
                task = bar.add_task(what, total=None)
                yield lambda done, total, name: bar.update(task, completed=done, total=total)
        else:
            yield self._line_per_tenth(what)

    def _console(self) -> Console:
        force = self._colors["force"] or None
        return Console(stderr=True, no_color=self._colors["no_color"], force_terminal=force)

    def _line_per_tenth(self, what: str) -> Advance:
        told = 0

        def advance(done: int, total: int, name: str) -> None:
            nonlocal told
            tenth = done * 10 // max(total, 1)
            if total >= _WORTH_PROGRESS and tenth > told:
                self.note(f"{what}: {done} of {total}")
            told = tenth

        return advance

    def confirm(self, question: str, *, ask: bool) -> None:
        """Goes on only after a yes; without a terminal nobody can say it."""
        if not ask:
            return
        if not sys.stdin.isatty():
            self.fail(f"{question} Repeat with --no-input to confirm.")
        self.stderr.write(f"{question} [y/N] ", style_func=str, ending="")
        self.stderr.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            self.fail("Nothing was changed.")


_CODES = {PARTIAL: "partial", NOT_FOUND: PluginNotFound.code, INTERRUPTED: "interrupted"}


def _code_of(error: CommandError) -> str:
    """The failure's stable name, for machines."""
    if isinstance(error.__cause__, ZantaraError):
        return error.__cause__.code
    if isinstance(error.__cause__, DatabaseError):
        return Unavailable.code
    return _CODES.get(error.returncode, "failed")


def _point_stdout_nowhere() -> None:
    """Whoever read it has left, and Python would complain once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _with_place(error: ZantaraError) -> str:
    place = error.location if isinstance(error, LoadError) else ""
    return f"{error} ({place})" if place else str(error)


def _of_database(error: DatabaseError) -> str:
    text = (str(error).splitlines() or [type(error).__name__])[0]
    if any(sign in text for sign in ("no such table", "no such column", "does not exist")):
        return f"The database is not migrated ({text}). Run: python manage.py migrate"
    return f"The database does not do its part: {text}. More: python manage.py doctor"


@contextmanager
def _quieter_logs(verbosity: int) -> Iterator[None]:
    """Not the loggers themselves: what a call logs is kept with the call all the same."""
    streams = [h for h in logging.getLogger().handlers if isinstance(h, logging.StreamHandler)]
    try:
        for stream in streams if verbosity < 2 else ():
            stream.addFilter(_is_worth_a_line)
        yield
    finally:
        for stream in streams:
            stream.removeFilter(_is_worth_a_line)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    return record.levelno >= _QUIETER.get(record.name.partition(".")[0], logging.NOTSET)
