"""Plugins of the benchmark of isolation."""

from __future__ import annotations

from benchmarks.bench_plugins.bench.echo import EchoInput, EchoOutput
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput


class Busy(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="bench.busy", isolation="process", timeout=0.5)

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        while True:
            pass


class Calm(Plugin[EchoInput, EchoOutput]):
    metadata = PluginMetadata(name="bench.calm")

    async def execute(self, input_data: EchoInput) -> EchoOutput:
        return EchoOutput(text=input_data.text, count=input_data.count)
