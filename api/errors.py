"""Errors to problems: the one table of statuses, and the one broad except of the product."""

from collections.abc import Mapping, Sequence
from functools import reduce
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.backtests.turns import GuardBusy
from api.metrics import Metrics
from api.middleware import new_request_id
from api.observing import Leaving
from api.problems import Problem, ProblemRaised
from api.promoting import GateNotPassed
from api.schemas.findings import FINDINGS_MAX, pointer_to
from engine.errors import (
    ApprovalRefused,
    AssayError,
    CaseContradicted,
    DeadlineExceeded,
    Fault,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    JobFinished,
    LedgerUnavailable,
    ListExists,
    ListInUse,
    ListsInvalid,
    MalformedJson,
    ModelChanged,
    ModelInvalid,
    Overloaded,
    PaymentInvalid,
    PolicyChanged,
    PolicyInvalid,
    PromotionRefused,
    RateLimited,
    RulesetChanged,
    RulesetRefused,
    RulesInvalid,
    TooManyJobs,
)
from models.learners.errors import ParametersInvalid

log = structlog.get_logger()

_STATUSES: dict[type[AssayError], int] = {
    MalformedJson: 400,
    PaymentInvalid: 422,
    CaseContradicted: 422,
    IdempotencyKeyReused: 422,
    IdempotencyInProgress: 409,
    LedgerUnavailable: 503,
    DeadlineExceeded: 503,
    Overloaded: 503,
    RateLimited: 429,
    PolicyInvalid: 422,
    PolicyChanged: 412,
    RulesInvalid: 422,
    RulesetRefused: 422,
    RulesetChanged: 412,
    ApprovalRefused: 409,
    ModelChanged: 412,
    ModelInvalid: 409,
    PromotionRefused: 409,
    GateNotPassed: 409,
    ParametersInvalid: 422,
    ListsInvalid: 422,
    ListExists: 409,
    ListInUse: 409,
    TooManyJobs: 429,
    GuardBusy: 429,
    JobFinished: 409,
}
_WITH_FAULTS = (PaymentInvalid, PolicyInvalid, ListsInvalid, RulesetRefused, RulesInvalid)
_RETRY_AFTER: dict[type[AssayError], str] = {
    **dict.fromkeys((IdempotencyInProgress, LedgerUnavailable, DeadlineExceeded, Overloaded, RateLimited), "1"),
    TooManyJobs: "30",
    GuardBusy: "10",
}
_FAULTS = {
    "missing": ("missing", "Required."),
    "extra_forbidden": ("field_unknown", "There is no such field."),
    "frozen_set_type": ("value_invalid", "Send a list."),
    "too_short": ("value_invalid", "Send at least one."),
    "model_attributes_type": ("value_invalid", "Send a JSON object, with 'Content-Type: application/json'."),
    "timezone_aware": ("value_invalid", "Send a time with its zone, such as 2026-11-23T00:00:00Z."),
}
"""Pydantic's faults in our words; its other messages stand as they are, and none repeats what was sent."""
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}


def install(app: FastAPI) -> None:
    """Have every error leave as problem+json."""
    app.add_exception_handler(AssayError, _of_known)
    app.add_exception_handler(ProblemRaised, _of_known)
    app.add_exception_handler(HTTPException, _of_http_exception)
    app.add_exception_handler(RequestValidationError, _of_validation_error)


def request_id(request: Request) -> str:
    """The id under which this request is found in the logs."""
    return str(request.scope.get("assay.request_id", ""))


def problem_of(error: AssayError | ProblemRaised) -> Problem:
    """The problem that an error is to its caller."""
    if isinstance(error, ProblemRaised):
        return error.problem
    if (
        isinstance(error, PaymentInvalid | PolicyInvalid | ListsInvalid | RulesetRefused | RulesInvalid)
        and error.faults
    ):
        return _of_faults(error.code, error.faults[:FINDINGS_MAX])
    retry_after = _RETRY_AFTER.get(type(error))
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Problem(status=_STATUSES.get(type(error), 500), code=error.code, detail=str(error), headers=headers)


async def _of_known(request: Request, error: Exception) -> Response:
    assert isinstance(error, AssayError | ProblemRaised)
    return problem_of(error).response(request_id(request))


def _of_faults(code: str, faults: Sequence[Fault]) -> Problem:
    refused = "card_data_refused"
    if any(fault.code == refused for fault in faults):
        detail = "The request carries card data that must never be sent here; nothing of it was kept."
        return Problem(status=422, code=refused, detail=detail, errors=faults)
    first = faults[0]
    more = f" (and {len(faults) - 1} more in errors)" if len(faults) > 1 else ""
    detail = f"{first.pointer}: {first.detail}{more}"
    return Problem(status=422, code=code, detail=detail, errors=faults)


async def _of_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, "http_error")
    detail = {
        404: "There is no such path; /openapi.json lists all.",
        405: "This path does not take this method; see the Allow header.",
    }.get(error.status_code, str(error.detail))
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(request) or headers.get("Allow", "")
    problem = Problem(status=error.status_code, code=code, detail=detail, headers=headers)
    return problem.response(request_id(request))


def _allowed(request: Request) -> str:
    """All methods of a path: each has a route of its own, and the framework names the first one's."""
    path = request.scope["path"]
    routes = [route for route in request.app.state.routes if isinstance(route, Route) and route.path_regex.match(path)]
    return ", ".join(sorted({method for route in routes for method in route.methods or ()}))


async def _of_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    details = error.errors()
    if any(detail["type"] == "json_invalid" for detail in details):
        problem = Problem(status=400, code=MalformedJson.code, detail="The body is not JSON.")
    else:
        # pydantic's messages carry no input; its `input` does and is left out, and its codes are its own.
        faults = [
            Fault(
                pointer=_place(detail["loc"][1:]),
                code=code,
                detail=words,
            )
            for detail in details
            for code, words in (_said_of(detail["type"], detail.get("ctx", {}), detail["msg"]),)
        ]
        place = "query parameter " if details[0]["loc"][0] == "query" else ""
        said = f"{place}{faults[0].pointer}: {faults[0].detail}"
        problem = Problem(status=422, code="request_invalid", detail=said, errors=faults)
    return problem.response(request_id(request))


def _said_of(kind: str, bounds: Mapping[str, object], message: str) -> tuple[str, str]:
    """The code and words of a fault of pydantic's; `bounds` are what it broke."""
    if kind == "string_too_short":
        least = bounds["min_length"]
        return "value_invalid", "Not empty." if least == 1 else f"At least {least} characters."
    if kind == "string_pattern_mismatch":
        pattern = str(bounds["pattern"])
        is_text = pattern.startswith("^[^\\x00")
        return "value_invalid", "Without control characters." if is_text else f"It is of the form {pattern}."
    return _FAULTS.get(kind, ("value_invalid", message))


def _place(path: Sequence[str | int]) -> str:
    """The JSON pointer of a fault; a name that is not fit to be repeated ends it."""
    return reduce(pointer_to, path, "") or "/"


class LastResort:
    """The outermost layer of what admission lets in: each request gets its id, and what leaves is looked at.

    A bug of ours becomes a 500 problem with the request's id, and a log entry without data.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap the application; `metrics` count its problems."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on; answer for what it could not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["assay.request_id"] = found_under = new_request_id()
        leaving = Leaving(scope, send, self._metrics)
        try:
            await self._app(scope, receive, leaving)
        except Exception as error:
            # Neither the message nor locals are logged: either may hold what a shopper typed.
            log.error(  # noqa: TRY400 - a traceback would carry the data
                "request_failed", error=type(error).__name__, where=_where(error), request_id=found_under
            )
            if leaving.is_started:
                raise
            detail = "Something went wrong here; retry with the same key, and report the request id."
            response = Problem(status=500, code="internal_error", detail=detail).response(found_under)
            await response(scope, receive, leaving)


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
