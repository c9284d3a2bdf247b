"""Data files as JSON Lines.

Not CSV: a value's type is written down (an integer, null) instead of guessed from text, a record
can hold nested values, and it always is exactly one line, so that an error can name it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from plugins_app.core import PluginError


class Record(BaseModel):
    """Base of records: no coercion, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


RecordT = TypeVar("RecordT", bound=Record)


@dataclass(frozen=True, slots=True)
class Line:
    file: str
    number: int
    raw: bytes

    def parse(self, model: type[RecordT]) -> RecordT:
        try:
            return model.model_validate_json(self.raw.decode())
        except UnicodeDecodeError as error:
            raise self.error(f"is not UTF-8 (byte {error.start + 1})") from error
        except ValidationError as error:
            raise self.error(_first_problem(error)) from error

    def error(self, problem: str) -> PluginError:
        return PluginError(f"{self.file}, line {self.number}: {problem}")


def read_lines(path: Path) -> list[Line]:
    """The lines that are not blank; their numbers are those of the file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PluginError(f"{path.name} cannot be read: {error.strerror}") from error
    lines = [Line(path.name, number, raw) for number, raw in enumerate(content.splitlines(), 1)]
    if filled := [line for line in lines if line.raw.strip()]:
        return filled
    raise PluginError(f"{path.name}, line 1: the file is empty")


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(map(str, first["loc"]))
    # The parser sees one line at a time, so its "line 1" would contradict the number in front.
    message = first["msg"].removeprefix("Value error, ").replace(" at line 1 column", " at column")
    return f"{field}: {message}" if field else message
