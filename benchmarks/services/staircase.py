"""The same echo as ASGI functions, each with one more of what a call goes through."""

from __future__ import annotations

import hmac
import os
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from benchmarks.bench_plugins.bench.echo import EchoInput, Lookup
from plugins_app.core.caller import ALL_SCOPES, Caller, CallerKind
from plugins_app.core.execution import Journal
from plugins_app.core.executor import PluginExecutor, describe
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.registry import PluginRegistry

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = Callable[[Scope, bytes], Awaitable[bytes]]
PEPPER = b"benchmark"
KEYS_FILE = "ZANTARA_BENCH_KEYS"
_HEADERS = [(b"content-type", b"application/json")]


class Service:
    """`prepare` runs once, on the server's loop, and gives what answers bodies with bodies."""

    def __init__(self, prepare: Callable[[], Awaitable[Answer]]) -> None:
        self._prepare = prepare

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self._answer = await self._prepare()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        message = await receive()
        answer = await self._answer(scope, message["body"])
        length = (b"content-length", str(len(answer)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, length]})
        await send({"type": "http.response.body", "body": answer})


async def _echo() -> Answer:
    async def answer(scope: Scope, body: bytes) -> bytes:
        return b'{"success": true, "data": %b}' % body

    return answer


async def _parse() -> Answer:
    plugin = Lookup()

    async def answer(scope: Scope, body: bytes) -> bytes:
        checked = EchoInput.model_validate(orjson.loads(body)["input_data"])
        output = await plugin.execute(checked)
        return orjson.dumps({"success": output.success, "data": output.model_dump(mode="json")})

    return answer


def _keys() -> dict[str, Caller]:
    """Digest -> caller."""
    keys = Path(os.environ[KEYS_FILE]).read_text().split()
    return {
        _digest(key.encode()): Caller(f"key:{key[:12]}", CallerKind.KEY, scopes=ALL_SCOPES)
        for key in keys
    }


def _digest(key: bytes) -> str:
    return hmac.new(PEPPER, key, sha256).hexdigest()


def _caller(keys: dict[str, Caller], scope: Scope) -> Caller:
    header: bytes = next(value for name, value in scope["headers"] if name == b"authorization")
    return keys[_digest(header.removeprefix(b"Bearer "))]


async def _with_key() -> Answer:
    keys, parsed = _keys(), await _parse()

    async def answer(scope: Scope, body: bytes) -> bytes:
        _caller(keys, scope)
        return await parsed(scope, body)

    return answer


async def _through_engine(journal: Journal) -> Answer:
    keys, registry = _keys(), PluginRegistry()
    await registry.register(Lookup)
    executor = PluginExecutor(registry, MemoryState(), journal)

    async def answer(scope: Scope, body: bytes) -> bytes:
        execution = await executor.run(
            "bench.lookup",
            orjson.loads(body)["input_data"],
            caller=_caller(keys, scope),
            source="rest",
        )
        if execution.answer is None:
            raise RuntimeError(str(execution.error))
        data = orjson.Fragment(execution.answer.data)
        return orjson.dumps({"success": True, "data": data, "metadata": describe(execution)})

    return answer


async def _without_journal() -> Answer:
    from benchmarks.inprocess import NoJournal

    return await _through_engine(NoJournal())


async def _with_journal() -> Answer:
    import django

    django.setup()
    from plugins_app.runtime.journal import ExecutionJournal

    return await _through_engine(ExecutionJournal(worker="benchmark"))


bare, parsed, keyed = Service(_echo), Service(_parse), Service(_with_key)
engine, journalled = Service(_without_journal), Service(_with_journal)
