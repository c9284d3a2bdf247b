"""Plugins that misbehave in every way that a process can, and some that behave."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from plugins_app.core import (
    Context,
    Plugin,
    PluginError,
    PluginInput,
    PluginMetadata,
    PluginOutput,
    TransientError,
)

LIMIT = 0.5
KEPT: list[bytes] = []


class What(PluginInput):
    do: str = "pid"
    word: str = ""
    secret: SecretStr = SecretStr("")


class Did(PluginOutput):
    said: Any = None


class Settings(BaseModel):
    greeting: str = "none"


def metadata(name: str, **given: Any) -> PluginMetadata:
    return PluginMetadata(name=name, isolation="process", **{"timeout": LIMIT, **given})


def grandchildren(count: int = 1) -> list[int]:
    command = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
    return [subprocess.Popen(command).pid for _ in range(count)]


def spin() -> None:
    while True:
        pass


def print_for_ever() -> None:
    while True:
        print("x" * 1_000)  # noqa: T201


def eat() -> list[bytes]:
    return [bytes(1 << 20) for _ in range(1 << 20)]


def told(file: str) -> None:
    """Tell the test which processes there are, before the code goes wild."""
    Path(file).write_text(" ".join(map(str, [os.getpid(), *grandchildren(3)])))


class Wild(Plugin[What, Did]):
    metadata = metadata("wild", max_attempts=1)

    async def execute(self, input_data: What) -> Did:
        if input_data.word:
            told(input_data.word)
        match input_data.do:
            case "spin":
                spin()
            case "sleep":
                time.sleep(600)  # noqa: ASYNC251
            case "wait":
                await asyncio.Event().wait()
            case "stubborn":
                while True:
                    try:
                        await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        continue
            case "print":
                print_for_ever()
            case "large":
                return Did(said="x" * (9 << 20))
            case "forge":
                os.write(int(sys.argv[1]), bytes([0, 0, 0, 9, 255, 255, 255, 255]))
                await asyncio.Event().wait()
            case "garble":
                os.write(int(sys.argv[1]), bytes([0, 0, 0, 3, 0, 0, 0, 0]) + b"???")
                await asyncio.Event().wait()
            case "keep":
                KEPT.append(b"x" * (220 << 20))
            case "eat":
                eat()
            case "exit":
                os._exit(3)
            case "sys.exit":
                sys.exit(3)
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "crash":
                raise KeyError("what stays in the log")
            case "refuse":
                raise PluginError("what the caller may know")
            case "transient":
                raise TransientError("later", retry_after=7)
            case "lost":
                raise ConnectionResetError
        return Did(said=os.getpid())


class Blocking(Plugin[What, Did]):
    metadata = metadata("blocking")

    def execute(self, input_data: What) -> Did:  # type: ignore[override]
        if input_data.do == "sleep":
            time.sleep(600)
        return Did(said=threading.current_thread() is threading.main_thread())


class Keeper(Wild):
    """Has the time to take much memory."""

    metadata = metadata("keeper", timeout=10)


class Quick(Plugin[What, Did]):
    metadata = metadata("quick", timeout=10)

    async def execute(self, input_data: What) -> Did:
        return Did(said=os.getpid())


class Slow(Plugin[What, Did]):
    metadata = metadata("slow", timeout=10)

    async def execute(self, input_data: What) -> Did:
        await asyncio.sleep(0.1)
        return Did(said=os.getpid())


class Fragile(Plugin[What, Did]):
    metadata = metadata("fragile", read_only=True, max_attempts=2, timeout=10)

    async def execute(self, input_data: What) -> Did:
        once = Path(input_data.word)
        if not once.exists():  # noqa: ASYNC240
            once.touch()  # noqa: ASYNC240
            raise ConnectionResetError
        return Did(said="second")


class Ported(Plugin[What, Did]):
    metadata = metadata("ported", timeout=10)

    async def execute(self, input_data: What, context: Context) -> Did:
        if input_data.do == "missing":
            await context.mail.send(to=["a@example.com"], subject="s", text="t")
        if input_data.do == "nobody":
            await context.call("nobody")
        if input_data.do == "log":
            context.log.warning("look at %s", input_data.word, extra={"count": 3})
            print("printed " + input_data.word + input_data.secret.get_secret_value())  # noqa: T201
            context.progress(0.5, "half")
            return Did(said=logging.getLogger().getEffectiveLevel())
        await context.store.put("notes", "k", {"n": 1})
        await context.store.shared().put("notes", "k", {"n": 2})
        found = [await s.get("notes", "k") for s in (context.store, context.store.shared())]
        rows = await context.store.search("notes")
        response = await context.http.request("GET", "https://example.com/")
        entries = await context.catalogue.list()
        return Did(
            said=[
                found,
                rows,
                response.body.decode(),
                [entry.name for entry in entries],
                await context.call("double", {"n": 4}),
                context.caller.id,
                context.remaining > 0,
            ]
        )


class Nested(Plugin[What, Did]):
    metadata = metadata("nested", timeout=10)

    async def execute(self, input_data: What, context: Context) -> Did:
        return Did(said=await context.call("quick", {}))


class Hooked(Plugin[What, Did]):
    metadata = metadata("hooked", timeout=10)
    config_model = Settings
    loaded_in = 0

    def on_load(self) -> None:
        self.loaded_in = os.getpid()

    def on_unload(self) -> None:
        if path := os.environ.get("HOOKED"):
            with Path(path).open("a") as file:
                file.write(f"{os.getpid()}\n")

    async def execute(self, input_data: What) -> Did:
        return Did(said=[self.loaded_in == os.getpid(), self.config.greeting])
