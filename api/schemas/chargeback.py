"""Chargebacks and fraud warnings over HTTP: what is sent, one or many at once, and what is read of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import Field, StrictBool, StrictInt, StrictStr

from api.schemas.body import Fields, RequestInvalid, read_body, read_fields, values_of
from api.schemas.facts import note_id, past
from api.schemas.findings import Findings, Odd, Wrong
from api.schemas.screening import drop_card_numbers
from api.schemas.values import Reader, member_of, one_of, text, upper
from api.schemas.vocabulary import BRAND_ALIASES, BRANDS, listed
from engine.iso import CURRENCY_EXPONENTS
from engine.payment import AMOUNT_MINOR_MAX, ID_LENGTH_MAX
from engine.reference import ReasonCodes
from engine.scheme_report import STAGES, CaseResult, CaseStage, Claim, SchemeReport, SchemeReportKind

REPORTS_MAX = 1_000
FRAUD_TYPES = (
    "card_never_received",
    "fraudulent_card_application",
    "made_with_counterfeit_card",
    "made_with_lost_card",
    "made_with_stolen_card",
    "misc",
    "unauthorized_use_of_card",
)
CODE_LENGTH_MAX = 32
_ID_SCHEMA: dict[str, Any] = {"minLength": 1, "maxLength": ID_LENGTH_MAX}
_STAGES: Final = STAGES[SchemeReportKind.CHARGEBACK]

_UNKNOWN_CODE = Odd(
    "reason_code_unknown",
    "Not a code of this network that is known here. It is kept; what it claims is unknown, so it makes no label.",
)
_CODE_TO_REVIEW = Odd(
    "reason_code_needs_review",
    "This code says fraud of a kind that is not certain for a payment at a distance, so it makes no label. Send "
    "POST /v1/labels once somebody has looked at it.",
)
_NOT_REVERSED = Wrong(
    "value_contradictory", "A reversal is won. Leave the result out, or send the stage that was lost."
)
_NETWORK_UNKNOWN = Wrong("value_unknown", f"Send the card's network: {', '.join(BRANDS)}.")


def _network(value: str) -> str | Wrong:
    found = one_of(BRANDS, BRAND_ALIASES)(value)
    return found if isinstance(found, str) else _NETWORK_UNKNOWN


class _ReportFields(Fields):
    """What chargebacks and fraud warnings have in common."""

    merchant_id: StrictStr | None = Field(
        default=None,
        description="The merchant; may be left out where the key acts for one.",
        examples=["shop-1"],
        json_schema_extra={"maxLength": ID_LENGTH_MAX},
    )
    transaction_id: StrictStr = Field(
        description=f"Your id of the payment, 1-{ID_LENGTH_MAX} characters.",
        examples=["order-100017"],
        json_schema_extra=_ID_SCHEMA,
    )
    case_id: StrictStr = Field(
        description="The scheme's or your acquirer's id of the case, the same at each of its stages.",
        examples=["5812330017"],
        json_schema_extra=_ID_SCHEMA,
    )
    network: StrictStr = Field(description=f"The card's network: {listed(BRANDS)}.", examples=["visa"])
    amount_minor: StrictInt = Field(
        description="The amount in minor units of the currency, above zero.",
        examples=[12500],
        json_schema_extra={"minimum": 1, "maximum": AMOUNT_MINOR_MAX},
    )
    currency: StrictStr = Field(description="ISO 4217; the payment's, or the cardholder's.", examples=["GBP"])
    occurred_at: StrictStr = Field(
        description="When the scheme has it, RFC 3339, from 1995 on and past; a date alone is its midnight, UTC.",
        examples=["2025-11-20T00:00:00Z"],
    )


class ChargebackRequest(_ReportFields):
    """One step of a chargeback, as the scheme or your acquirer reports it."""

    stage: StrictStr | None = Field(
        default=None,
        description="chargeback (default, the first), representment, pre_arbitration, arbitration, or reversal: the "
        "issuer took it back.",
        examples=["chargeback"],
        json_schema_extra={"enum": [*_STAGES]},
    )
    result: StrictStr | None = Field(
        default=None,
        description="How the stage ended for you, won or lost; left out while it is open. Send the stage again for it.",
        examples=["lost"],
        json_schema_extra={"enum": [*CaseResult]},
    )
    reason_code: StrictStr | None = Field(
        default=None,
        description="The network's reason code, such as 10.4 or 4837. Required at the first stage.",
        examples=["10.4"],
        json_schema_extra={"maxLength": CODE_LENGTH_MAX},
    )


class FraudWarningRequest(_ReportFields):
    """An issuer's warning of fraud: Visa's TC40, Mastercard's SAFE, an early fraud warning."""

    fraud_type: StrictStr | None = Field(
        default=None,
        description=f"The type of fraud: {listed(FRAUD_TYPES)}.",
        examples=["unauthorized_use_of_card"],
        json_schema_extra={"enum": [*FRAUD_TYPES]},
    )
    is_withdrawn: StrictBool | None = Field(
        default=None, description="Whether the issuer takes the warning of this case back.", examples=[False]
    )


class ChargebacksRequest(Fields):
    """Several chargebacks at once."""

    chargebacks: list[ChargebackRequest] = Field(
        description=f"1 to {REPORTS_MAX} chargebacks, within the 64 KB of a body.",
        json_schema_extra={"minItems": 1, "maxItems": REPORTS_MAX},
    )


class FraudWarningsRequest(Fields):
    """Several fraud warnings at once."""

    fraud_warnings: list[FraudWarningRequest] = Field(
        description=f"1 to {REPORTS_MAX} fraud warnings, within the 64 KB of a body.",
        json_schema_extra={"minItems": 1, "maxItems": REPORTS_MAX},
    )


class _ChargebacksAlone(Fields):
    chargebacks: list[Any]


class _WarningsAlone(Fields):
    fraud_warnings: list[Any]


_SHARED: dict[str, Reader | None] = {
    "merchant_id": None,
    "transaction_id": None,
    "case_id": None,
    "network": _network,
    "amount_minor": None,
    "currency": upper,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """How reports of one kind are sent."""

    list_name: str
    one: type[_ReportFields]
    alone: type[Fields]
    readers: dict[str, Reader | None]


_FORMS: Final = {
    SchemeReportKind.CHARGEBACK: _Form(
        list_name="chargebacks",
        one=ChargebackRequest,
        alone=_ChargebacksAlone,
        readers={
            **_SHARED,
            "stage": member_of(CaseStage, _STAGES),
            "result": member_of(CaseResult),
            "reason_code": text(CODE_LENGTH_MAX),
        },
    ),
    SchemeReportKind.FRAUD_WARNING: _Form(
        list_name="fraud_warnings",
        one=FraudWarningRequest,
        alone=_WarningsAlone,
        readers={**_SHARED, "fraud_type": one_of(FRAUD_TYPES), "is_withdrawn": None},
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRead:
    """One report as read; the merchant is None where the key is to say it."""

    pointer: str
    merchant_id: str | None
    transaction_id: str
    case_id: str
    build: Callable[..., SchemeReport]
    """Takes what the key and the clock say: id, merchant_id, test_mode, received_at."""


def read_reports(
    kind: SchemeReportKind, body: bytes, received_at: datetime, codes: ReasonCodes
) -> tuple[Sequence[ReportRead], Findings]:
    """The reports in a body of JSON that came in at `received_at`, and what was odd: all of them, or none.

    Raises MalformedJson, or RequestInvalid with the faults of all reports.
    """
    form = _FORMS[kind]
    tree, _, findings = read_body(body)
    rows: list[tuple[str, object]] = [("", tree)]
    if form.list_name in tree:
        items = tree[form.list_name]
        # The list by itself, so that each report's faults are found, also those beyond its types.
        if read_fields(form.alone, tree, "", findings) is not None:
            _note_length(items, f"/{form.list_name}", findings)
        items = items if isinstance(items, list) else []
        rows = [(f"/{form.list_name}/{index}", item) for index, item in enumerate(items[:REPORTS_MAX])]
    read: list[ReportRead] = []
    for pointer, item in rows:
        if findings.has_enough_faults:
            break
        report = _read(kind, item, pointer, received_at, codes, findings)
        read += [] if report is None else [report]
    if findings.faults:
        raise RequestInvalid(*findings.faults)
    return read, findings


def _note_length(items: list[Any], pointer: str, findings: Findings) -> None:
    if not items:
        findings.note(pointer, Wrong("missing", "Send at least one."))
    elif len(items) > REPORTS_MAX:
        findings.note(pointer, Wrong("too_many", f"At most {REPORTS_MAX} at once."))


def _read(
    kind: SchemeReportKind,
    item: object,
    pointer: str,
    received_at: datetime,
    codes: ReasonCodes,
    findings: Findings,
) -> ReportRead | None:
    form = _FORMS[kind]
    fields = read_fields(form.one, item, pointer, findings)
    if fields is None:
        return None
    before = len(findings.faults)
    said = values_of(fields, {**form.readers, "occurred_at": past(received_at)}, pointer, findings)
    drop_card_numbers({pointer: said}, findings)
    _note_wrong(fields, said, pointer, findings)
    is_chargeback = kind is SchemeReportKind.CHARGEBACK
    step = _chargeback(said, pointer, codes, findings) if is_chargeback else _warning(said)
    if len(findings.faults) > before:
        return None
    facts = {name: said[name] for name in _FACTS}
    return ReportRead(
        pointer=pointer,
        merchant_id=said.get("merchant_id"),
        transaction_id=said["transaction_id"],
        case_id=said["case_id"],
        build=lambda **given: SchemeReport(kind=kind, **facts, **step, **given),
    )


_FACTS: Final = ("transaction_id", "case_id", "network", "amount_minor", "currency", "occurred_at")


def _note_wrong(fields: _ReportFields, said: dict[str, Any], pointer: str, findings: Findings) -> None:
    """Note ids that are unfit, what is required and empty, and amounts that are none."""
    for name in ("merchant_id", "transaction_id", "case_id"):
        if name in said:
            note_id(said[name], f"{pointer}/{name}", findings)
    for name in ("transaction_id", "case_id", "network", "currency", "occurred_at"):
        if not getattr(fields, name):
            findings.note(f"{pointer}/{name}", Wrong("missing", "Required and not empty."))
    if not 0 < fields.amount_minor <= AMOUNT_MINOR_MAX:
        mend = f"Above zero, and at most {AMOUNT_MINOR_MAX}: the amount that was charged back, without a sign."
        findings.note(f"{pointer}/amount_minor", Wrong("out_of_range", mend))
    if said.get("currency", "USD") not in CURRENCY_EXPONENTS:
        findings.note(f"{pointer}/currency", Wrong("currency_unknown", "Use an ISO 4217 alphabetic code such as USD."))


def _chargeback(said: dict[str, Any], pointer: str, codes: ReasonCodes, findings: Findings) -> dict[str, Any]:
    stage, result = said.get("stage", CaseStage.CHARGEBACK), said.get("result")
    code = said["reason_code"].upper() if "reason_code" in said else None
    if stage is CaseStage.REVERSAL and result is CaseResult.LOST:
        findings.note(f"{pointer}/result", _NOT_REVERSED)
    if code is None and stage is CaseStage.CHARGEBACK:
        findings.note(f"{pointer}/reason_code", Wrong("missing", "Required at the first stage: the network's code."))
    known = None if code is None else codes.of(said.get("network", ""), code)
    if code is not None and "network" in said:
        if known is None:
            findings.note(f"{pointer}/reason_code", _UNKNOWN_CODE)
        elif known.needs_review:
            findings.note(f"{pointer}/reason_code", _CODE_TO_REVIEW)
    claim = Claim.UNKNOWN if known is None else known.claim
    return {"stage": stage, "result": result, "reason_code": code, "claim": claim}


def _warning(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "stage": CaseStage.WITHDRAWAL if said.get("is_withdrawn") else CaseStage.WARNING,
        "result": None,
        "reason_code": said.get("fraud_type"),
        "claim": Claim.THIRD_PARTY_FRAUD,
    }
