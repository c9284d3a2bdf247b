"""Every kind of failure that the HTTP door can answer: the one table from error code to status,
and what it means to whoever calls. The pages below /problems/ show it, docs/errors.md holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Retry(StrEnum):
    """Whether the same request, sent again, can succeed."""

    NO = "No: the same request fails again."
    LATER = "Yes, after the seconds that Retry-After names."
    CHECK = (
        "Only where the plugin is read_only or idempotent, or once you know that nothing was "
        "done: the work may have been, or a part of it."
    )


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """`meaning` is what happened, `remedy` what the author of a client does about it."""

    status: int
    title: str
    meaning: str
    remedy: str
    retry: Retry


def slug_of(code: str) -> str:
    return code.replace("_", "-")


def page_of(code: str) -> str:
    """The `type` of a problem, which is also the address of its page."""
    return f"/problems/{slug_of(code)}"


PROBLEMS: Mapping[str, ProblemKind] = MappingProxyType(
    {
        "malformed_json": ProblemKind(
            400,
            "Malformed JSON",
            "The body is not JSON that everybody reads alike: a syntax error, a key that comes "
            "twice, a number that is not finite or too long, a NUL, more than 64 levels or 10,000 "
            "values.",
            "Send UTF-8 JSON from a JSON library, a part at a time where it is large; the detail "
            "says what is wrong.",
            Retry.NO,
        ),
        "malformed_request": ProblemKind(
            400,
            "Malformed request",
            "The request itself is broken or asks for something that this version does not have: "
            "a wrong Host or Content-Length, a body that ended early, an Idempotency-Key of "
            "other than 1 to 255 visible ASCII characters.",
            "Correct what the detail names; if a proxy stands between, see what it changes.",
            Retry.NO,
        ),
        "unknown_parameter": ProblemKind(
            400,
            "Unknown parameter",
            "The address carries a query parameter that this endpoint does not have.",
            "Leave it out or correct its spelling; /api/docs lists the parameters.",
            Retry.NO,
        ),
        "invalid_parameter": ProblemKind(
            400,
            "Invalid parameter",
            "A query parameter has a value that it cannot have, or comes more than once.",
            "Correct the parameter that the answer names in parameter.",
            Retry.NO,
        ),
        "unauthenticated": ProblemKind(
            401,
            "Authentication required",
            "There is no API key or login where one is needed, or the key is unknown, expired, "
            "disabled, revoked, or not for this address. A wrong key is refused even where "
            "anonymous callers may enter.",
            "Send Authorization: Bearer zan_... with a valid key; ask an operator for one.",
            Retry.NO,
        ),
        "forbidden": ProblemKind(
            403,
            "Not allowed",
            "It is known who calls, and this caller may not do this: the key lacks the scope, the "
            "user lacks the permission, or a session posts without its CSRF token.",
            "Ask an operator for the scope that the detail names; from a page, send X-CSRFToken.",
            Retry.NO,
        ),
        "model_not_allowed": ProblemKind(
            403,
            "Model not allowed",
            "The plugin may be used by certain AI models only, and the caller stands for another.",
            "Use an allowed model (allowed_models of the plugin), stated by the key or by "
            "X-Zantara-Model.",
            Retry.NO,
        ),
        "plugin_not_found": ProblemKind(
            404,
            "Plugin not found",
            "There is no plugin of this name, or this caller may not see it: both look the same.",
            "Try the names in suggestions, or list what you may see with GET "
            "/api/plugins/list; an operator sees the rest.",
            Retry.NO,
        ),
        "not_found": ProblemKind(
            404,
            "Not found",
            "There is nothing at this address, or nothing that this caller may see.",
            "Compare the address with /api/docs; no address of the API ends with a slash.",
            Retry.NO,
        ),
        "method_not_allowed": ProblemKind(
            405,
            "Method not allowed",
            "The address exists, but not for this method.",
            "Use a method that the header Allow lists.",
            Retry.NO,
        ),
        "not_acceptable": ProblemKind(
            406,
            "Not acceptable",
            "The header Accept leaves out JSON, and there is nothing else.",
            "Accept application/json, or leave the header out.",
            Retry.NO,
        ),
        "plugin_disabled": ProblemKind(
            409,
            "Plugin is disabled",
            "The plugin exists, but an operator has not switched it on, or has switched it off.",
            "Ask an operator to enable it; until then do without it.",
            Retry.NO,
        ),
        "idempotency_in_progress": ProblemKind(
            409,
            "Idempotency key in progress",
            "The first request with this Idempotency-Key has not been answered yet.",
            "Send the same request again after Retry-After: it gets the first one's answer.",
            Retry.LATER,
        ),
        "idempotency_outcome_unknown": ProblemKind(
            409,
            "Outcome of the idempotency key unknown",
            "The first request with this Idempotency-Key was begun, and its process ended before "
            "it could say how it went. The key is never run again.",
            "Look where the effect would show; to run the plugin once more, use another key.",
            Retry.NO,
        ),
        "reload_rejected": ProblemKind(
            409,
            "Reload rejected, old version still serving",
            "The new code of the plugin could not be loaded. Nothing changed: the version in "
            "serving still answers.",
            "Correct the code at location, then reload again.",
            Retry.NO,
        ),
        "precondition_failed": ProblemKind(
            412,
            "Precondition failed",
            "If-Match names an ETag that the answer no longer has.",
            "Fetch the answer anew and decide again, with its new ETag.",
            Retry.NO,
        ),
        "payload_too_large": ProblemKind(
            413,
            "Payload too large",
            "The body is larger than 1 MiB.",
            "Send less at once: pages of a list, a reference instead of a file.",
            Retry.NO,
        ),
        "uri_too_long": ProblemKind(
            414,
            "Address too long",
            "Path and query together are longer than 8 KiB.",
            "Send a long search as POST /api/plugins/search, and fewer parameters elsewhere.",
            Retry.NO,
        ),
        "unsupported_media_type": ProblemKind(
            415,
            "Unsupported media type",
            "The body is not declared as plain JSON, or it is compressed.",
            "Send Content-Type: application/json, in UTF-8 and without Content-Encoding.",
            Retry.NO,
        ),
        "idempotency_mismatch": ProblemKind(
            422,
            "Idempotency key of another request",
            "This Idempotency-Key was used for the same plugin with another body.",
            "Make a new key for each request, and send it with nothing but repeats of that one.",
            Retry.NO,
        ),
        "invalid_input": ProblemKind(
            422,
            "Input validation failed",
            "The JSON is well-formed but does not fit: a field is missing, unknown, of the wrong "
            "type or out of its range. The plugin did not run.",
            "Correct each field of errors (JSON pointer, code, message); POST "
            "/api/plugins/{name}/validate tries an input without running it.",
            Retry.NO,
        ),
        "rate_limited": ProblemKind(
            429,
            "Rate limit reached",
            "The plugin, the key or the anonymous address has used up its calls for now.",
            "Wait, spread the calls with the help of the header RateLimit, or ask an operator for "
            "a higher limit; an API key lifts the limit of anonymous callers.",
            Retry.LATER,
        ),
        "concurrency_limited": ProblemKind(
            429,
            "Too many calls at once",
            "As many calls of this plugin are running as may run at the same time.",
            "Send fewer in parallel and repeat those that were refused.",
            Retry.LATER,
        ),
        "headers_too_large": ProblemKind(
            431,
            "Header fields too large",
            "All header fields together are larger than 64 KiB.",
            "Send fewer or shorter headers; often it is cookies.",
            Retry.NO,
        ),
        "plugin_error": ProblemKind(
            500,
            "Plugin failed",
            "The plugin ran and failed. Its own words stand in the detail where it meant them for "
            "callers; otherwise only the operators' log has them.",
            "Read the detail; if it says nothing, give the operators the execution_id.",
            Retry.CHECK,
        ),
        "internal_error": ProblemKind(
            500,
            "Internal error",
            "Something failed that should not: a fault of ZANTARA, not of the request.",
            "Give the operators the request_id; their log tells what happened.",
            Retry.CHECK,
        ),
        "invalid_output": ProblemKind(
            502,
            "Plugin answered something invalid",
            "The plugin ran, but its answer does not fit its own output schema, or is too large.",
            "Give the plugin's author the execution_id: the code has to change.",
            Retry.CHECK,
        ),
        "circuit_open": ProblemKind(
            503,
            "Plugin is resting after failures",
            "The plugin failed so often lately, or an operator decided, that calls are refused "
            "for a while. This one did not reach it.",
            "Wait and repeat; an operator may look into the cause and reset the breaker.",
            Retry.LATER,
        ),
        "load_error": ProblemKind(
            503,
            "Plugin could not be loaded",
            "The code of the plugin does not import or is not a valid plugin. Why, and where, is "
            "shown to staff and to keys with the scope admin.",
            "Nothing in the request helps: tell the operators; they reload it after the repair.",
            Retry.LATER,
        ),
        "draining": ProblemKind(
            503,
            "Server is shutting down",
            "This process ends its running calls and takes no new ones.",
            "Repeat; another process, or the restarted one, answers.",
            Retry.LATER,
        ),
        "unavailable": ProblemKind(
            503,
            "Service unavailable",
            "The call was not begun, since something that it needs is away for the moment: "
            "usually the database.",
            "Wait and repeat, each time longer; if it lasts, tell the operators.",
            Retry.LATER,
        ),
        "outcome_unknown": ProblemKind(
            503,
            "Outcome unknown",
            "The plugin may have done its work, but the record of it could not be written.",
            "Look where the effect would show before you repeat; give the operators the "
            "request_id.",
            Retry.CHECK,
        ),
        "cancelled": ProblemKind(
            503,
            "Call was cancelled",
            "The call ended before the plugin had answered, because its caller went away or the "
            "server stopped.",
            "Look where the effect would show before you repeat.",
            Retry.CHECK,
        ),
        "timeout": ProblemKind(
            504,
            "Plugin did not answer in time",
            "The deadline of the call passed: the plugin's own, the timeout_ms of the request, "
            "or the most that the server allows.",
            "Allow more with timeout_ms or ask for less at once; if the plugin is always slow, "
            "its author raises its timeout.",
            Retry.CHECK,
        ),
    }
)
