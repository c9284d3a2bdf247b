"""The price list: one figure per record, checked when it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ._jsonl import Line, Record, read_lines

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Key = tuple[str, str, str]

OFFICIAL_PRICE_LIST = Path(__file__).parent / "data" / "services_2025.jsonl"


class ServiceType(StrEnum):
    VISA = "visa"
    KITAS = "kitas"
    KITAP = "kitap"
    BUSINESS_SETUP = "business_setup"
    TAX_CONSULTING = "tax_consulting"
    LEGAL = "legal"
    PACKAGES = "packages"
    ALL = "all"


class Basis(StrEnum):
    FIXED = "fixed"
    FROM = "from"
    APPROX = "approx"
    QUOTE = "quote"


_DISPLAY = {Basis.FIXED: "", Basis.FROM: "from ", Basis.APPROX: "about "}


class PriceListInfo(Record):
    """First line of the file."""

    year: int = Field(ge=2000, le=2100, description="Year for which the prices hold.")
    source: Text = Field(description="Where the prices come from.")
    currency: Literal["IDR"] = Field(description="Currency of all amounts.")


class Duration(Record):
    """A year counts as 365 days. The list does not say whether it is a stay or the processing."""

    min_days: int | None = Field(ge=1, description="Shortest duration in days, where stated.")
    max_days: int | None = Field(ge=1, description="Longest duration in days, where stated.")
    note: Text = Field(description="The duration in the words of the price list.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_days and self.max_days and self.min_days > self.max_days:
            raise ValueError(f"min_days {self.min_days} is above max_days {self.max_days}")
        return self


class PriceRow(Record):
    """`codes` and `concepts` (of the lexicon) are what queries find it by."""

    group: Text
    service: Text
    variant: Text
    service_type: ServiceType
    amount_idr: int | None = Field(gt=0, le=10**12)
    basis: Basis
    duration: Duration | None
    codes: tuple[Text, ...]
    concepts: frozenset[str]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.service_type is ServiceType.ALL:
            raise ValueError("service_type 'all' is for callers, not for a service")
        if (self.amount_idr is None) != (self.basis is Basis.QUOTE):
            rule = "has no amount" if self.basis is Basis.QUOTE else "needs an amount"
            raise ValueError(f"amount_idr: a price with basis {self.basis.value!r} {rule}")
        return self

    @property
    def key(self) -> Key:
        return self.group, self.service, self.variant

    @property
    def display(self) -> str:
        if self.amount_idr is None:
            return "on request"
        return f"{_DISPLAY[self.basis]}IDR {self.amount_idr:,}"


@dataclass(frozen=True)
class PriceList:
    info: PriceListInfo
    rows: tuple[PriceRow, ...]

    @cached_property
    def codes(self) -> frozenset[str]:
        """Visa codes of all services, in lower case."""
        return frozenset(code.lower() for row in self.rows for code in row.codes)

    def of_type(self, service_type: ServiceType) -> list[PriceRow]:
        everything = service_type is ServiceType.ALL
        return [row for row in self.rows if everything or row.service_type is service_type]


def load_price_list(path: Path, known_concepts: frozenset[str]) -> PriceList:
    """Raises PluginError naming the file and the line."""
    first, *rest = read_lines(path)
    info = first.parse(PriceListInfo)
    if not rest:
        raise first.error("no prices follow")
    return PriceList(info, tuple(_rows(rest, known_concepts)))


def _rows(lines: list[Line], known_concepts: frozenset[str]) -> list[PriceRow]:
    rows: dict[Key, PriceRow] = {}
    numbers: dict[Key, int] = {}
    for line in lines:
        row = line.parse(PriceRow)
        if row.key in rows:
            raise line.error(f"{' / '.join(row.key)} is already in line {numbers[row.key]}")
        if unknown := sorted(row.concepts - known_concepts):
            raise line.error(f"concepts: {unknown} are not in the lexicon")
        rows[row.key], numbers[row.key] = row, line.number
    return list(rows.values())
