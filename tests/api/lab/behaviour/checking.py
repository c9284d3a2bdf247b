"""Plugins whose own check of their input ends in every way in which it can end."""

from __future__ import annotations

import asyncio

from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput


class Number(PluginInput):
    number: int = 0


class Picky(Plugin[Number, PluginOutput]):
    metadata = PluginMetadata(name="lab.picky")

    async def validate(self, input_data: Number) -> None:
        if input_data.number % 2:
            raise ValueError("Odd numbers are not taken")

    async def execute(self, input_data: Number) -> PluginOutput:
        return PluginOutput(data=input_data.number)


class Ponders(Plugin[Number, PluginOutput]):
    metadata = PluginMetadata(name="lab.ponders", timeout=0.05)

    async def validate(self, input_data: Number) -> None:
        await asyncio.Event().wait()

    async def execute(self, input_data: Number) -> PluginOutput:
        return PluginOutput()


class Stumbles(Plugin[Number, PluginOutput]):
    metadata = PluginMetadata(name="lab.stumbles")

    async def validate(self, input_data: Number) -> None:
        raise RuntimeError("the password is swordfish")

    async def execute(self, input_data: Number) -> PluginOutput:
        return PluginOutput()
