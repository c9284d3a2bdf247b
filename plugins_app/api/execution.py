"""Execute, from a request's bytes to an answer's bytes; shared by every HTTP door."""

from __future__ import annotations

import math
from typing import Annotated, Any

import orjson
from django.http import HttpResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from plugins_app.api.problems import error_response
from plugins_app.core.errors import InvalidInput
from plugins_app.core.execution import Execution
from plugins_app.core.executor import describe
from plugins_app.core.masking import Masker
from plugins_app.core.middleware.validate import field_errors

_NO_SECRETS = Masker({})


class ExecuteRequest(BaseModel):
    """The body of an execute call. `timeout_ms` is the deadline of the whole call."""

    model_config = ConfigDict(extra="forbid", strict=True)

    input_data: dict[str, Any] = Field(default_factory=dict)
    use_cache: bool = True
    timeout_ms: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


def parse_execute(body: Any) -> ExecuteRequest:
    """From parsed JSON; raises InvalidInput with pointers into the body."""
    try:
        return ExecuteRequest.model_validate(body)
    except ValidationError as error:
        fields = field_errors(error, body, _NO_SECRETS)
        raise InvalidInput("The request body is not what execute takes", fields) from None


def execution_response(execution: Execution) -> HttpResponse:
    """An ended execution as HTTP. A plugin's own success=False is an answer: 200."""
    headers = rate_headers(execution)
    if execution.error is not None or execution.answer is None:
        assert execution.error is not None
        return error_response(
            execution.error,
            request_id=execution.request_id,
            execution=execution,
            headers=headers,
        )
    answer = execution.answer
    body = {
        "success": answer.success,
        "ok": answer.success,
        "data": orjson.Fragment(answer.data),
        "error": answer.error,
        "metadata": describe(execution),
    }
    response = HttpResponse(orjson.dumps(body, default=str), content_type="application/json")
    for name, value in headers.items():
        response[name] = value
    return response


def rate_headers(execution: Execution) -> dict[str, str]:
    """The draft's structured fields, and the older X- ones. Seconds are rounded up."""
    rate = execution.admission.rate if execution.admission else None
    headers = {}
    if rate:
        reset = str(math.ceil(rate.reset))
        headers = {
            "RateLimit-Policy": f'"plugin";q={rate.limit};w={math.ceil(rate.window)}',
            "RateLimit": f'"plugin";r={rate.remaining};t={reset}',
            "X-RateLimit-Limit": str(rate.limit),
            "X-RateLimit-Remaining": str(rate.remaining),
            "X-RateLimit-Reset": reset,
        }
    if execution.plugin and execution.plugin.name != execution.name.partition("@")[0]:
        headers["Content-Location"] = f"/api/plugins/{execution.plugin.name}"
    return headers
