"""FastAPI as one would write it for these plugins alone, with none of the protections: the body is
validated, the plugin runs, its output is the response model."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.bench_plugins.bench.echo import EchoInput, EchoOutput, Lookup
from benchmarks.services.pricing import loaded_pricing
from plugins.bali_zero.pricing_plugin import PricingInput, PricingOutput

echo = Lookup()
pricing: Any = None


@asynccontextmanager
async def lifespan(app: FastAPI) -> Any:
    global pricing
    pricing = await loaded_pricing()
    yield


app = FastAPI(lifespan=lifespan)


class EchoRequest(BaseModel):
    input_data: EchoInput


class PricingRequest(BaseModel):
    input_data: PricingInput


@app.post("/api/plugins/bench.lookup/execute")
async def execute_echo(request: EchoRequest) -> EchoOutput:
    return await echo.execute(request.input_data)


@app.post("/api/plugins/bali_zero.pricing/execute")
async def execute_pricing(request: PricingRequest) -> PricingOutput:
    return await pricing.execute(request.input_data, None)
