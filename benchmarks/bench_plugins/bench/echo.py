"""What every contender runs: as little as a plugin can do, so that what is around it shows."""

from __future__ import annotations

from plugins_app.core import Plugin, PluginCategory, PluginInput, PluginMetadata, PluginOutput

CALLS_PER_MINUTE = 2_000


class EchoInput(PluginInput):
    text: str
    count: int = 1


class EchoOutput(PluginOutput):
    text: str = ""
    count: int = 0


class _Echo(Plugin[EchoInput, EchoOutput]):
    async def execute(self, input_data: EchoInput) -> EchoOutput:
        return EchoOutput(text=input_data.text, count=input_data.count)


class Lookup(_Echo):
    """Reads; its answers are cached."""

    metadata = PluginMetadata(
        name="bench.lookup",
        description="Echoes; cached for each caller",
        category=PluginCategory.SYSTEM,
        read_only=True,
        cache_ttl=3_600,
        rate_limit=CALLS_PER_MINUTE,
    )


class Change(_Echo):
    """Has side effects, as far as the engine knows: its row is committed before it starts."""

    metadata = PluginMetadata(
        name="bench.change",
        description="Echoes; declared to change something",
        category=PluginCategory.SYSTEM,
        rate_limit=CALLS_PER_MINUTE,
    )
