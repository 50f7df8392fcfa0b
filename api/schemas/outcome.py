"""The report of an outcome: what happened to a payment after its decision, and the answer to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool, StrictInt, StrictStr

from api.schemas.answer import WarningAnswer
from api.schemas.body import Fields, RequestInvalid, read_body, read_fields, values_of
from api.schemas.findings import Findings, InputWarning, Odd, Wrong
from api.schemas.readers import GROUP_READERS
from api.schemas.screening import drop_card_numbers
from api.schemas.values import EARLIEST, code, instant, member_of, text, upper
from engine.iso import CURRENCY_EXPONENTS
from engine.outcome import OF_SCHEMES, Outcome, OutcomeKind
from engine.payment import AMOUNT_MINOR_MAX
from engine.payment_record import payment_of
from engine.scheme_report import SchemeReport

_CLOCK_SKEW = timedelta(days=1)
_NOT_PAST = Odd("out_of_range", "Send a time from 1995 on that is past; the time of receipt is kept beside it.")
_REPORTED = tuple(kind for kind in OutcomeKind if kind not in OF_SCHEMES)
"""Chargebacks and fraud warnings have calls of their own."""
_AUTHENTICATION = ("three_ds_version", "trans_status", "eci", "liability_shift")

OUTCOME_EXAMPLES: dict[str, dict[str, Any]] = {
    "declined": {
        "summary": "The issuer declined",
        "value": {
            "type": "declined",
            "occurred_at": "2025-11-21T17:00:01Z",
            "decline_code": "insufficient_funds",
            "issuer_response_code": "51",
            "avs_result": "Y",
            "cvv_result": "M",
        },
    },
    "authorized": {"summary": "The issuer authorized", "value": {"type": "authorized", "issuer_response_code": "00"}},
    "refunded": {
        "summary": "A part was refunded",
        "value": {"type": "refunded", "occurred_at": "2025-11-30T09:12:00Z", "amount_minor": 2500, "currency": "GBP"},
    },
    "checked": {
        "summary": "3-D Secure ended after the decision",
        "value": {"type": "checked", "authentication": {"trans_status": "Y", "eci": "05", "liability_shift": True}},
    },
}
"""Named examples of the request, as OpenAPI 3.1 has them."""


def _described(description: str, example: object, **schema: JsonValue) -> object:
    return Field(default=None, description=description, examples=[example], json_schema_extra=schema or None)


# As with pydantic's own Field, what stands where the default would be has the field's type.
_field: Callable[..., Any] = _described


class OutcomeAuthentication(Fields):
    """The result of 3-D Secure, as in a decision's `authentication`."""

    three_ds_version: StrictStr | None = _field("Version of the protocol.", "2.2.0")
    trans_status: StrictStr | None = _field("transStatus: Y, N, U, A, C, D, R, I or S.", "Y")
    eci: StrictStr | None = _field("Electronic commerce indicator, 00 to 07.", "05")
    liability_shift: StrictBool | None = _field("Whether the issuer is liable.", example=True)


class OutcomeRequest(Fields):
    """What happened to the payment of a decision. Only `type` is required; what is left out is unknown."""

    type: StrictStr = Field(
        description="authorized, declined, captured; refunded, each part of a refund by itself; or checked: results of "
        "AVS, CVV or 3-D Secure that came after the decision.",
        examples=["declined"],
        json_schema_extra={"enum": [*_REPORTED]},
    )
    occurred_at: StrictStr | None = _field(
        "When it happened by your clock, RFC 3339. Recorded; velocities count the time of receipt.",
        "2025-11-21T17:00:01Z",
    )
    amount_minor: StrictInt | None = _field(
        "The amount in minor units, where it is not the payment's: a partial capture or refund.",
        2500,
        minimum=0,
        maximum=AMOUNT_MINOR_MAX,
    )
    currency: StrictStr | None = _field("ISO 4217; the payment's where it is left out beside an amount.", "GBP")
    decline_code: StrictStr | None = _field("Your processor's decline code, up to 64 characters.", "insufficient_funds")
    issuer_response_code: StrictStr | None = _field(
        "The issuer's own response code (ISO 8583), up to 8 letters or digits.", "51"
    )
    avs_result: StrictStr | None = _field("The processor's AVS code, 1 or 2 letters or digits.", "Y")
    cvv_result: StrictStr | None = _field("The processor's CVV result, 1 or 2 letters or digits.", "M")
    authentication: OutcomeAuthentication | None = Field(
        default=None, description="The result of 3-D Secure, where it came after the decision."
    )


_READERS = {
    "type": member_of(OutcomeKind, _REPORTED),
    "occurred_at": instant,
    "amount_minor": None,
    "currency": upper,
    "decline_code": text(64),
    "issuer_response_code": code("[A-Z0-9]{1,8}", "the issuer's response code, up to 8 letters or digits"),
    "avs_result": GROUP_READERS["credit_card"]["avs_result"],
    "cvv_result": GROUP_READERS["credit_card"]["cvv_result"],
}
_AUTHENTICATION_READERS = {name: GROUP_READERS["authentication"][name] for name in _AUTHENTICATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRead:
    """A report as read: `said` is all that was said beside its kind and time, and what in it was odd."""

    kind: OutcomeKind
    occurred_at: datetime | None
    said: dict[str, Any]
    warnings: Sequence[InputWarning]
    fingerprint: bytes

    @property
    def details(self) -> bytes:
        """What was said, as the ledger keeps it: canonical JSON."""
        return orjson.dumps(self.said, option=orjson.OPT_SORT_KEYS)

    def beside(self, payment: bytes) -> "OutcomeRead":
        """The report of a payment as the ledger keeps it: an amount without a currency is in the payment's."""
        if "amount_minor" not in self.said or "currency" in self.said:
            return self
        return replace(self, said={**self.said, "currency": payment_of(payment).order.currency})


def read_outcome(body: bytes, received_at: datetime) -> OutcomeRead:
    """The report in a body of JSON that came in at `received_at`. Raises MalformedJson or RequestInvalid."""
    tree, fingerprint, findings = read_body(body)
    fields = read_fields(OutcomeRequest, tree, "", findings)
    said: dict[str, Any] = {}
    if fields is not None:
        said = values_of(fields, _READERS, "", findings)
        if fields.authentication is not None:
            group = values_of(fields.authentication, _AUTHENTICATION_READERS, "/authentication", findings)
            said |= {"authentication": group} if group else {}
        drop_card_numbers({"": said}, findings)
        _note_wrong(said, findings)
    if findings.faults:
        raise RequestInvalid(*findings.faults)
    occurred_at = said.pop("occurred_at", None)
    if occurred_at is not None and not EARLIEST <= occurred_at <= received_at + _CLOCK_SKEW:
        findings.note("/occurred_at", _NOT_PAST)
        occurred_at = None
    return OutcomeRead(
        kind=said.pop("type"),
        occurred_at=occurred_at,
        said=said,
        warnings=findings.warnings(),
        fingerprint=fingerprint,
    )


def _note_wrong(said: dict[str, Any], findings: Findings) -> None:
    amount_minor, currency = said.get("amount_minor", 0), said.get("currency")
    if "type" not in said and not findings.faults:
        findings.note("/type", Wrong("missing", "Required."))
    if amount_minor < 0:
        findings.note("/amount_minor", Wrong("amount_negative", "An amount is zero or more."))
    elif amount_minor > AMOUNT_MINOR_MAX:
        findings.note("/amount_minor", Wrong("amount_too_large", f"At most {AMOUNT_MINOR_MAX}."))
    if currency is not None and currency not in CURRENCY_EXPONENTS:
        findings.note("/currency", Wrong("currency_unknown", "Use an ISO 4217 alphabetic code such as USD."))


def outcome_bytes(outcome: Outcome, read: OutcomeRead) -> bytes:
    """The answer to a report as it is sent, stored and listed (JSON)."""
    said = read.said
    return orjson.dumps(
        {
            "id": outcome.id,
            "decision_id": outcome.decision_id,
            "transaction_id": outcome.transaction_id,
            "merchant_id": outcome.merchant_id,
            "test_mode": outcome.test_mode,
            "type": outcome.kind,
            "occurred_at": outcome.occurred_at,
            "received_at": outcome.received_at,
            **{name: said.get(name) for name in _SAID},
            "warnings": [
                {"code": each.code, "input_pointer": each.input_pointer, "warning": each.warning}
                for each in read.warnings
            ],
        }
    )


def scheme_outcome_bytes(outcome: Outcome, report: SchemeReport) -> bytes:
    """The answer that stands for what a card scheme reported, as it is stored and listed (JSON)."""
    said = {"amount_minor": report.amount_minor, "currency": report.currency}
    read = OutcomeRead(
        kind=outcome.kind, occurred_at=outcome.occurred_at, said=said, warnings=(), fingerprint=outcome.fingerprint
    )
    return outcome_bytes(outcome, read)


_SAID = tuple(name for name in OutcomeRequest.model_fields if name not in {"type", "occurred_at"})


class OutcomeAnswer(BaseModel):
    """The outcome as recorded: what you said, null where you did not."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "out_06439d1a2b3c4d9f2e8a7b1c0d3e5f60",
                    "decision_id": "dec_019ab3f0b2a177f0c3d29e5b8a64",
                    "transaction_id": "order-100017",
                    "merchant_id": "shop-1",
                    "test_mode": False,
                    "type": "declined",
                    "occurred_at": "2025-11-21T17:00:01Z",
                    "received_at": "2025-11-21T17:00:01.412345Z",
                    "amount_minor": None,
                    "currency": None,
                    "decline_code": "insufficient_funds",
                    "issuer_response_code": "51",
                    "avs_result": "Y",
                    "cvv_result": "M",
                    "authentication": None,
                    "warnings": [],
                }
            ]
        }
    )

    id: str = Field(description="The outcome's id.")
    decision_id: str
    transaction_id: str
    merchant_id: str
    test_mode: bool
    type: OutcomeKind
    occurred_at: datetime | None
    received_at: datetime = Field(description="When it was received, UTC: the time that velocities count.")
    amount_minor: int | None
    currency: str | None
    decline_code: str | None
    issuer_response_code: str | None
    avs_result: str | None
    cvv_result: str | None
    authentication: dict[str, str | bool] | None
    warnings: list[WarningAnswer]


class OutcomeList(BaseModel):
    """Outcomes of a decision in the order of receipt."""

    data: list[OutcomeAnswer]
    has_more: bool
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null at the end.")
