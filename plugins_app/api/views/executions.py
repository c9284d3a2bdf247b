"""Reading the execution log: one's own, or with the scope `logs` everybody's."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from rest_framework.request import Request

from plugins_app.api import answers, listing
from plugins_app.api.operation import operation
from plugins_app.api.parameters import ExecutionParameters, LogParameters
from plugins_app.api.problems import Problem
from plugins_app.api.views.base import ApiView, ConditionalView
from plugins_app.core.caller import Caller, Scope
from plugins_app.core.errors import Forbidden
from plugins_app.models import ExecutionLog
from plugins_app.services import executions, presentation
from plugins_app.services.runs.lines import kept_of, wanted


def _reader(view: ApiView, request: Request) -> Caller:
    caller = view.caller(request)
    if not (caller.may(Scope.LOGS) or caller.may(Scope.EXECUTE)):
        raise Forbidden("Reading executions needs the scope 'logs', one's own 'execute'")
    return caller


class ExecutionListView(ApiView):
    scope = None  # `_reader` decides
    anonymous = False  # such callers share an address with others, so nothing is their own
    tag = "executions"

    @operation(
        "list_executions",
        answers.Executions,
        query=ExecutionParameters,
        problems=("forbidden",),
    )
    def get(self, request: Request, query: ExecutionParameters) -> HttpResponse:
        """Your executions, or with the scope `logs` everybody's; the newest first."""
        listing.check_fields(query.fields, presentation.EXECUTION_FIELDS)
        caller = _reader(self, request)
        page = executions.page(caller, query.wanted, limit=query.limit, cursor=query.cursor)
        rows = [
            listing.only(presentation.execution_in_list(row), query.fields) for row in page.rows
        ]
        following = _address_of(request, page.following) if page.following else None
        return self.answer({"success": True, "next": following, "executions": rows})


def _address_of(request: Request, cursor: str) -> str:
    query = request.query_params.copy()
    query["cursor"] = cursor
    return f"{request.path}?{urlencode(list(query.lists()), doseq=True)}"


class ExecutionView(ConditionalView):
    scope = None  # `_reader` decides
    anonymous = False  # such callers share an address with others, so nothing is their own
    tag = "executions"

    @operation(
        "get_execution",
        answers.ExecutionAnswer,
        problems=("forbidden", "not_found"),
    )
    def get(self, request: Request, id: str) -> HttpResponse:  # noqa: A002  (its address says so)
        """One execution with its input and output, sensitive fields masked."""
        caller = _reader(self, request)
        row = _found(caller, id)
        return self.answer(
            {"success": True, "execution": presentation.execution_in_detail(row, caller)}
        )


class ExecutionLogView(ConditionalView):
    scope = Scope.LOGS
    tag = "executions"

    @operation(
        "get_execution_log",
        answers.ExecutionLogAnswer,
        query=LogParameters,
        problems=("forbidden", "not_found"),
    )
    def get(
        self,
        request: Request,
        id: str,  # noqa: A002  (its address says so)
        query: LogParameters,
    ) -> HttpResponse:
        """What was logged while the execution ran, secrets masked."""
        kept = kept_of(_found(self.caller(request), id))
        lines = wanted(kept.lines, level=query.level, find=query.find)
        told = [presentation.log_line(line) for line in lines]
        return self.answer(
            {"success": True, "execution_id": id, "left_out": kept.left_out, "lines": told}
        )


def _found(caller: Caller, execution_id: str) -> ExecutionLog:
    row = executions.find(caller, execution_id)
    if row is None:
        raise Problem("not_found", f"There is no execution {execution_id!r}")
    return row
