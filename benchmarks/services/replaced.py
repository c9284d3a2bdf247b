"""FastAPI with the behaviour of the system that ZANTARA replaces, rebuilt for comparison: a
registry in a dict, an executor that does everything in one method, a list of moments per caller as
rate limit, a dict as circuit breaker, metrics per call, a pydantic response model. Without Redis
it caches nothing; it logs nothing and believes the caller's name.

Written to be fair: nothing here is slower than that design asks for.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel, ValidationError

from benchmarks.bench_plugins.bench.echo import CALLS_PER_MINUTE, Lookup
from benchmarks.services.pricing import loaded_pricing

WINDOW_SECONDS = 60
FAILURES_THAT_OPEN = 5
OPEN_SECONDS = 60

registry: dict[str, Any] = {}


class ExecuteRequest(BaseModel):
    input_data: dict[str, Any]
    use_cache: bool = True


class ExecuteResponse(BaseModel):
    success: bool
    data: Any = None
    error: str | None = None
    metadata: dict[str, Any] | None = None


class Executor:
    def __init__(self) -> None:
        self.metrics: dict[str, dict[str, Any]] = defaultdict(
            lambda: {"calls": 0, "successes": 0, "failures": 0, "total_time": 0.0, "last": None}
        )
        self.rate_limits: dict[str, list[float]] = defaultdict(list)
        self.breakers: dict[str, dict[str, Any]] = defaultdict(
            lambda: {"failures": 0, "state": "closed", "opened": 0.0}
        )

    async def execute(self, name: str, data: dict[str, Any], user: str) -> ExecuteResponse:
        started = time.time()
        plugin = registry.get(name)
        if plugin is None:
            raise HTTPException(404, f"Plugin {name} not found")
        if self._is_open(name):
            return self._failed(name, started, "Circuit breaker is open")
        if not self._is_within_limit(f"{name}:{user}", CALLS_PER_MINUTE):
            return self._failed(name, started, "Rate limit exceeded")
        try:
            checked = plugin.input_model(**data)
        except ValidationError as error:
            return self._failed(name, started, f"Input validation failed: {error}")
        timeout = plugin.metadata.estimated_time * 2
        try:
            output = await asyncio.wait_for(plugin.run(checked), timeout)
        except Exception as error:
            self._count_failure(name)
            return self._failed(name, started, str(error))
        self.breakers[name]["failures"] = 0
        taken = self._count(name, started, output.success)
        return ExecuteResponse(
            success=output.success,
            data=output.model_dump(exclude={"success", "ok", "data", "error", "metadata"}),
            error=output.error,
            metadata={"plugin": name, "version": "1.0.0", "execution_time": taken},
        )

    def _is_open(self, name: str) -> bool:
        breaker = self.breakers[name]
        if breaker["state"] != "open":
            return False
        if time.time() - breaker["opened"] > OPEN_SECONDS:
            breaker["state"] = "half-open"
            return False
        return True

    def _is_within_limit(self, key: str, limit: int) -> bool:
        now = time.time()
        self.rate_limits[key] = [at for at in self.rate_limits[key] if now - at < WINDOW_SECONDS]
        if len(self.rate_limits[key]) >= limit:
            return False
        self.rate_limits[key].append(now)
        return True

    def _count_failure(self, name: str) -> None:
        breaker = self.breakers[name]
        breaker["failures"] += 1
        if breaker["failures"] >= FAILURES_THAT_OPEN:
            breaker.update(state="open", opened=time.time())

    def _count(self, name: str, started: float, success: bool) -> float:
        taken = time.time() - started
        metrics = self.metrics[name]
        metrics["calls"] += 1
        metrics["successes" if success else "failures"] += 1
        metrics["total_time"] += taken
        metrics["last"] = datetime.now(UTC).isoformat()
        return taken

    def _failed(self, name: str, started: float, error: str) -> ExecuteResponse:
        taken = self._count(name, started, success=False)
        return ExecuteResponse(success=False, error=error, metadata={"execution_time": taken})


class Registered:
    """A plugin with its input model at hand, as the replaced system's plugins had it."""

    def __init__(self, plugin: Any, input_model: type[BaseModel], *, context: bool) -> None:
        self.plugin, self.input_model, self._context = plugin, input_model, context
        self.metadata = plugin.metadata

    def run(self, checked: Any) -> Any:
        execute = self.plugin.execute
        return execute(checked, None) if self._context else execute(checked)


@asynccontextmanager
async def lifespan(app: FastAPI) -> Any:
    from benchmarks.bench_plugins.bench.echo import EchoInput
    from plugins.bali_zero.pricing_plugin import PricingInput

    registry["bench.lookup"] = Registered(Lookup(), EchoInput, context=False)
    registry["bali_zero.pricing"] = Registered(await loaded_pricing(), PricingInput, context=True)
    yield


executor = Executor()
app = FastAPI(lifespan=lifespan)


@app.post("/api/plugins/{plugin_name}/execute", response_model=ExecuteResponse)
async def execute_plugin(
    plugin_name: str, request: ExecuteRequest, authorization: Annotated[str, Header()]
) -> ExecuteResponse:
    return await executor.execute(plugin_name, request.input_data, authorization)
