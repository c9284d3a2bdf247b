"""A plugin whose schema tells everything that it takes: no number, of which pydantic takes more
than JSON Schema does (`true` for 1)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput


class Place(BaseModel):
    model_config = ConfigDict(extra="forbid")

    city: str = Field(min_length=1, max_length=40)
    zip: str | None = Field(None, pattern="^[0-9]{5}$")


class Order(PluginInput):
    kind: Literal["visa", "kitas"]
    places: list[Place] = Field(min_length=1, max_length=3)
    notes: dict[str, str] = {}


class Receipt(PluginOutput):
    kind: str
    cities: list[str]


class Exact(Plugin[Order, Receipt]):
    metadata = PluginMetadata(name="lab.exact")

    async def execute(self, input_data: Order) -> Receipt:
        return Receipt(kind=input_data.kind, cities=[place.city for place in input_data.places])
