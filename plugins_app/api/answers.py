"""The shapes of successful answers, for the OpenAPI document. The views build plain dictionaries
with `services.presentation`; tests hold the two against each other."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from plugins_app.core.metadata import PluginCategory, PluginMetadata
from plugins_app.core.state import BreakerState
from plugins_app.models import Status
from plugins_app.services.catalogue import Badge

JsonObject = dict[str, JsonValue]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Success(Shape):
    success: Literal[True]


class Notice(Shape):
    code: str
    message: str


class DeprecationNotice(Shape):
    date: datetime.date
    replacement: str | None
    message: str


class PluginRow(Shape):
    """One line of the catalogue: with `fields`, only these; without loaded code, no metadata."""

    name: str = Field(default="", description="Canonical name.")
    version: str = ""
    description: str = ""
    category: PluginCategory | None = None
    tags: list[str] | None = []
    author: str | None = ""
    requires_auth: bool | None = False
    requires_admin: bool | None = False
    allowed_models: list[str] | None = []
    rate_limit: int | None = Field(default=None, description="Calls per minute and caller.")
    legacy_handler_key: str | None = None
    aliases: list[str] | None = []
    estimated_time: float | None = Field(default=None, description="Seconds.")
    read_only: bool | None = False
    deprecated: DeprecationNotice | None = None
    status: Badge | None = None
    status_detail: str = ""
    enabled: bool = True
    calls_24h: int = 0
    p95_ms: float | None = None


class PluginList(Success):
    count: int = Field(description="All that match, also beyond this page.")
    next: str | None = Field(description="Address of the next page.")
    plugins: list[PluginRow]


class FoundPlugin(PluginRow):
    score: float = Field(gt=0, le=1)


class PluginSearch(Success):
    query: str
    count: int
    results: list[FoundPlugin]


class CatalogueCounts(Shape):
    total_plugins: int
    categories: int
    category_counts: dict[str, int]
    total_versions: int
    aliases: int
    enabled: int
    load_errors: int


class Statistics(Success):
    statistics: CatalogueCounts


class Metrics(Shape):
    """Times in milliseconds, `avg_time` in seconds; a share of nothing is null."""

    calls: int
    successes: int
    failures: int
    success_rate: float | None
    refused: int
    rate_limited: int
    errors: dict[str, int] = Field(description="How often, by error code.")
    timeouts: int
    cache_hits: int
    cache_misses: int
    cache_hit_rate: float | None
    avg_time: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class MetricsNow(Metrics):
    breaker: BreakerState


class Links(Shape):
    self: str
    execute: str
    validate_: str = Field(alias="validate")
    metrics: str
    versions: str


class ToolNames(Shape):
    anthropic: str
    openai: str


class PluginDetail(Shape):
    metadata: PluginMetadata
    status: Badge
    status_detail: str
    enabled: bool
    input_schema: JsonObject = Field(description="JSON Schema 2020-12.")
    output_schema: JsonObject = Field(description="JSON Schema 2020-12 of an answer's `data`.")
    metrics: MetricsNow
    tool_names: ToolNames
    links: Links


class PluginAnswer(Success):
    plugin: PluginDetail
    warnings: list[Notice] = []


class VersionRow(Shape):
    version: str
    source_hash: str = Field(description="SHA-256 of the module's source.")
    serving: bool
    loaded: bool = Field(description="Can be asked for as name@version.")
    first_seen: AwareDatetime
    last_seen: AwareDatetime


class Versions(Success):
    plugin: str
    count: int
    versions: list[VersionRow]


class AllMetrics(Success):
    range: str
    metrics: dict[str, Metrics] = Field(description="By plugin.")


class Point(Shape):
    """One bucket; percentiles are null where nothing was executed."""

    at: AwareDatetime
    succeeded: int
    failed: int
    timed_out: int
    cancelled: int
    cached: int
    refused: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class PluginMetrics(Success):
    plugin: str
    range: str
    metrics: Metrics
    series: list[Point]


class AnthropicTool(Shape):
    name: str
    description: str
    input_schema: JsonObject


class Tools(Success):
    count: int
    name_map: dict[str, str] = Field(description="Tool name -> plugin name.")


class AnthropicTools(Tools):
    tools: list[AnthropicTool]


class OpenAIFunction(Shape):
    name: str
    description: str
    parameters: JsonObject


class OpenAITool(Shape):
    type: Literal["function"]
    function: OpenAIFunction


class OpenAITools(Tools):
    tools: list[OpenAITool]


class CallMetadata(BaseModel):
    """The platform's own facts; a plugin may add others."""

    execution_id: str = ""
    plugin: str
    plugin_version: str
    duration_ms: int
    execution_time: float = Field(description="Seconds.")
    cached: bool
    attempts: int
    error_code: str = ""


class ExecuteAnswer(Shape):
    """`success: false` is a plugin's own answer: it was executed and says that it failed."""

    success: bool
    ok: bool = Field(description="The same as success.")
    data: JsonValue
    error: str | None
    metadata: CallMetadata
    warnings: list[Notice] = []


class ValidateAnswer(Success):
    plugin: str
    plugin_version: str
    input_data: JsonObject = Field(description="As the plugin would get it, secrets masked.")


class Workers(Shape):
    ok: int = Field(description="Serve the new code already.")
    total: int


class Reloaded(Success):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    message: str
    from_: str = Field(alias="from", description="Version that served; empty if none did.")
    to: str
    duration_ms: int
    workers: Workers


class Accepted(Success):
    message: str


class Switched(Success):
    message: str
    plugin: str
    enabled: bool
    changed: bool


class Breaker(Shape):
    state: BreakerState
    forced: bool
    retry_after: float | None = Field(description="Seconds.")


class BreakerMoved(Success):
    plugin: str
    version: str
    breaker: Breaker


class LoadFailure(Shape):
    plugin: str
    module: str
    type: str
    message: str
    location: str
    at: AwareDatetime
    serving: str


class WorkerRow(Shape):
    worker: str
    generation: int
    registry_hash: str
    seen: AwareDatetime
    alive: bool
    load_errors: int


class Health(Shape):
    """The last three are for administrators."""

    success: bool
    status: Literal["healthy", "degraded", "unhealthy"]
    plugins_loaded: int
    load_errors: int
    database: Literal["ok", "away"] = "ok"
    errors: list[LoadFailure] = []
    workers: list[WorkerRow] = []


class ExecutionRow(Shape):
    id: str | None = None
    plugin: str | None = None
    version: str | None = None
    status: Status | None = None
    error_code: str | None = None
    error: str | None = Field(default=None, description="What the caller was told.")
    caller: str | None = None
    caller_name: str | None = None
    source: str | None = Field(default=None, description="The door that it came through.")
    request_id: str | None = None
    model: str | None = None
    cached: bool | None = None
    attempts: int | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    duration_ms: float | None = None


class ExecutionStage(Shape):
    stage: str = Field(
        description="queue, check, admit, follow, accept, attempt, pause, output or settle."
    )
    begin_ms: float = Field(description="Milliseconds after the call was asked for.")
    ms: float = Field(description="Milliseconds.")
    note: str | None = Field(default=None, description="The error's code that a pause comes after.")


class ExecutionDetail(ExecutionRow):
    """Payloads with sensitive fields masked; null where they are not kept. Traceback and worker
    are for staff."""

    input: JsonValue = None
    output: JsonValue = None
    stages: list[ExecutionStage] = Field(
        default=[], description="Where the time went, in order; empty where it was not measured."
    )
    traceback: str = ""
    worker: str = ""


class Executions(Success):
    next: str | None
    executions: list[ExecutionRow]


class ExecutionAnswer(Success):
    execution: ExecutionDetail


class LogLine(Shape):
    number: int = Field(description="From 1; those that are not kept are counted.")
    at: AwareDatetime
    level: str = Field(description="debug, info, warning, error or critical; or printed.")
    message: str
    fields: JsonObject = Field(description="What the line has beside its text.")
    attempt: int = Field(description="From 1; 0 before the first one began.")


class ExecutionLogAnswer(Success):
    """Of many lines the first and the last are kept."""

    execution_id: str
    left_out: int = Field(description="Lines in the middle that are not kept.")
    lines: list[LogLine]


class OpenAPIDocument(BaseModel):
    """OpenAPI 3.1."""

    openapi: str
    info: JsonObject
    paths: JsonObject
    components: JsonObject


class FieldProblem(Shape):
    pointer: str = Field(description="RFC 6901, into the input or into the body.")
    code: str
    message: str


class ProblemDetails(BaseModel):
    """RFC 9457, with the replaced system's `success`, `ok` and `error` beside."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    instance: str = Field(default="", description="Page of the execution, where one was recorded.")
    execution_id: str = ""
    retry_after: int = Field(default=1, description="Seconds.")
    errors: list[FieldProblem] = []
    suggestions: list[str] = []
    success: Literal[False]
    ok: Literal[False]
    error: str
    model_config = ConfigDict(extra="allow")
