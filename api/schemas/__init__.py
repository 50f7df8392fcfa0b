"""The request's edge: bytes to a Payment with warnings, a decision to bytes, and the documents of both."""

from typing import Any

from pydantic.json_schema import models_json_schema

from api.schemas.answer import PROBLEM_RESPONSES, DecisionAnswer, Problem, Review, answer_bytes, less_full
from api.schemas.chargeback import (
    ChargebackRequest,
    ChargebacksRequest,
    FraudWarningRequest,
    FraudWarningsRequest,
)
from api.schemas.examples import DECISION_EXAMPLES
from api.schemas.findings import InputWarning
from api.schemas.groups import Explain
from api.schemas.label import LabelRequest, LabelsRequest
from api.schemas.lists import NewEntries
from api.schemas.outcome import OutcomeRequest
from api.schemas.reading import AskedRequest, read_request
from api.schemas.request import DecisionRequest

__all__ = [
    "DECISION_EXAMPLES",
    "OPENAPI_SCHEMAS",
    "PROBLEM_RESPONSES",
    "AskedRequest",
    "DecisionAnswer",
    "DecisionRequest",
    "Explain",
    "InputWarning",
    "Problem",
    "Review",
    "answer_bytes",
    "less_full",
    "read_request",
]

_READ_BY_ROUTES = (
    DecisionRequest,
    OutcomeRequest,
    LabelRequest,
    LabelsRequest,
    ChargebackRequest,
    ChargebacksRequest,
    FraudWarningRequest,
    FraudWarningsRequest,
    NewEntries,
    Problem,
)
OPENAPI_SCHEMAS: dict[str, Any] = models_json_schema(
    [(each, "validation") for each in _READ_BY_ROUTES],
    ref_template="#/components/schemas/{model}",
)[1]["$defs"]
"""Schemas by name that no route declares, for `components`: the decision call reads its body itself."""
