"""Plugins that end in every way in which a call can end."""

from __future__ import annotations

import asyncio
import datetime
from typing import Any

from pydantic import Field

from plugins_app.core import Context, Plugin, PluginError, PluginInput, PluginMetadata, PluginOutput
from plugins_app.core.metadata import Deprecation


class Nothing(PluginInput):
    pass


class Text(PluginOutput):
    text: str = ""


class EchoInput(PluginInput):
    text: str
    times: int = Field(1, ge=1, le=3)
    inner: dict[str, int] = {}


class Echo(Plugin[EchoInput, Text]):
    metadata = PluginMetadata(
        name="lab.echo", description="Says it again.", tags=("loud",), aliases=("echo-it",)
    )

    async def execute(self, input_data: EchoInput, context: Context) -> Text:
        return Text(text=input_data.text * input_data.times, metadata={"caller": context.caller.id})


class Limited(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.limited", rate_limit=2, read_only=True, cache_ttl=60)

    async def execute(self, input_data: Nothing) -> Text:
        return Text(text="there you are")


class Single(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.single", max_concurrency=1)

    async def execute(self, input_data: Nothing) -> Text:
        return Text()


class Crashes(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.crashes")

    async def execute(self, input_data: Nothing) -> Text:
        raise RuntimeError("the password is swordfish")


class Fails(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.fails")

    async def execute(self, input_data: Nothing) -> Text:
        raise PluginError("The printer is out of paper")


class Declines(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.declines")

    async def execute(self, input_data: Nothing) -> Text:
        return Text.fail("No such customer")


class Lies(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.lies")

    async def execute(self, input_data: Nothing) -> Any:
        return {"text": ["not a string"]}


class Hangs(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.hangs", timeout=0.05)

    async def execute(self, input_data: Nothing) -> Text:
        await asyncio.Event().wait()
        return Text()


class Chatty(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.chatty")

    async def execute(self, input_data: Nothing) -> Text:
        return Text(text="ok", metadata={"big": 2**70, "odd": "\ud800"})


class Private(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.private", requires_auth=True, category="legal")

    async def execute(self, input_data: Nothing) -> Text:
        return Text(text="for members")


class Admin(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.admin", requires_admin=True)

    async def execute(self, input_data: Nothing) -> Text:
        return Text(text="for administrators")


class Opus(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.opus", allowed_models=("opus",))

    async def execute(self, input_data: Nothing) -> Text:
        return Text()


class PinInput(PluginInput):
    pin: int = Field(json_schema_extra={"x-sensitive": True})


class Safe(Plugin[PinInput, Text]):
    metadata = PluginMetadata(name="lab.safe")

    async def execute(self, input_data: PinInput) -> Text:
        return Text()


class Old(Plugin[Nothing, Text]):
    metadata = PluginMetadata(
        name="lab.old",
        deprecated=Deprecation(date=datetime.date(2030, 1, 2), replacement="lab.echo"),
    )

    async def execute(self, input_data: Nothing) -> Text:
        return Text()


class One(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.versioned", version="1.0.0")

    async def execute(self, input_data: Nothing) -> Text:
        return Text(text="one")


class Two(Plugin[Nothing, Text]):
    metadata = PluginMetadata(name="lab.versioned", version="2.0.0")

    async def execute(self, input_data: Nothing) -> Text:
        return Text(text="two")
