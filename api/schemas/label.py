"""Labels over HTTP: what proved true of payments, one or many at once, and the answer to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from api.schemas.answer import WarningAnswer
from api.schemas.body import Fields, RequestInvalid, read_body, read_fields, values_of
from api.schemas.facts import note_id, past
from api.schemas.findings import Findings, InputWarning, Wrong
from api.schemas.screening import drop_card_numbers
from api.schemas.values import instant, member_of, text
from engine.ledger import NEVER_FRAUD, Label, LabelKind
from engine.payment import ID_LENGTH_MAX

LABELS_MAX = 1_000
SOURCE = "api"
"""The source of a label that names none."""
_IS_NEVER_FRAUD = Wrong(
    "value_contradictory", "A label of this kind says by itself that it was no third-party fraud. Send false."
)
_ID_SCHEMA: dict[str, Any] = {"minLength": 1, "maxLength": ID_LENGTH_MAX}

LABEL_EXAMPLES: dict[str, dict[str, Any]] = {
    "one": {
        "summary": "A chargeback for fraud",
        "value": {
            "merchant_id": "shop-1",
            "transaction_id": "order-100017",
            "kind": "chargeback",
            "is_fraud": True,
            "occurred_at": "2025-11-20T00:00:00Z",
            "source": "acquirer",
        },
    },
    "many": {
        "summary": "Several at once",
        "value": {
            "labels": [
                {
                    "merchant_id": "shop-1",
                    "transaction_id": "order-100017",
                    "kind": "fraud_warning",
                    "is_fraud": True,
                    "occurred_at": "2025-11-19T00:00:00Z",
                },
                {
                    "merchant_id": "shop-1",
                    "transaction_id": "order-100018",
                    "kind": "analyst_verdict",
                    "is_fraud": False,
                    "occurred_at": "2025-11-20T11:30:00Z",
                },
            ]
        },
    },
}
"""Named examples of the request, as OpenAPI 3.1 has them."""


class LabelRequest(Fields):
    """What proved true of one payment, and when it happened; when it became known is the time of receipt."""

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
    kind: StrictStr = Field(
        description="chargeback, fraud_warning (TC40, SAFE), cleared, analyst_verdict, first_party_misuse, or "
        "service_dispute.",
        examples=["chargeback"],
        json_schema_extra={"enum": [*LabelKind]},
    )
    is_fraud: StrictBool = Field(
        description="Whether it says third-party fraud: a chargeback for goods that did not come says false.",
        examples=[True],
    )
    occurred_at: StrictStr = Field(
        description="When it happened, RFC 3339, from 1995 on and past.", examples=["2025-11-20T00:00:00Z"]
    )
    source: StrictStr | None = Field(
        default=None,
        description=f"Who says so, up to 255 characters; {SOURCE!r} where it is left out.",
        examples=["acquirer"],
    )


class LabelsRequest(Fields):
    """Several labels at once."""

    labels: list[LabelRequest] = Field(
        description=f"1 to {LABELS_MAX} labels, within the 64 KB of a body.",
        json_schema_extra={"minItems": 1, "maxItems": LABELS_MAX},
    )


_READERS = {
    "merchant_id": None,
    "transaction_id": None,
    "kind": member_of(LabelKind),
    "is_fraud": None,
    "occurred_at": instant,
    "source": text(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRead:
    """One label as read; the merchant is None where the key is to say it."""

    pointer: str
    merchant_id: str | None
    transaction_id: str
    kind: LabelKind
    is_fraud: bool
    occurred_at: datetime
    source: str


def read_labels(body: bytes, received_at: datetime) -> tuple[Sequence[LabelRead], Sequence[InputWarning]]:
    """The labels in a body of JSON that came in at `received_at`, and what was odd: all of them, or none.

    Raises MalformedJson, or RequestInvalid with the faults of all labels.
    """
    tree, _, findings = read_body(body)
    if "labels" in tree:
        items = tree["labels"]
        # The list by itself, so that each label's faults are found, also those beyond its types.
        if read_fields(_LabelsAlone, tree, "", findings) is not None:
            _note_length(items, findings)
        rows = [(f"/labels/{index}", item) for index, item in enumerate(items if isinstance(items, list) else ())]
    else:
        rows = [("", tree)]
    read: list[LabelRead] = []
    for pointer, item in rows[:LABELS_MAX]:
        if findings.has_enough_faults:
            break
        label = _read(item, pointer, received_at, findings)
        read += [] if label is None else [label]
    if findings.faults:
        raise RequestInvalid(*findings.faults)
    return read, findings.warnings()


class _LabelsAlone(Fields):
    labels: list[Any]


def _note_length(items: list[Any], findings: Findings) -> None:
    if not items:
        findings.note("/labels", Wrong("missing", "Send at least one label."))
    elif len(items) > LABELS_MAX:
        findings.note("/labels", Wrong("too_many", f"At most {LABELS_MAX} labels at once."))


def _read(item: object, pointer: str, received_at: datetime, findings: Findings) -> LabelRead | None:
    fields = read_fields(LabelRequest, item, pointer, findings)
    if fields is None:
        return None
    before = len(findings.faults)
    said = values_of(fields, {**_READERS, "occurred_at": past(received_at)}, pointer, findings)
    drop_card_numbers({pointer: said}, findings)
    for name in ("merchant_id", "transaction_id"):
        if name in said:
            note_id(said[name], f"{pointer}/{name}", findings)
    for name in ("transaction_id", "kind", "occurred_at"):
        if not getattr(fields, name):
            findings.note(f"{pointer}/{name}", Wrong("missing", "Required and not empty."))
    if said.get("kind") in NEVER_FRAUD and said["is_fraud"]:
        findings.note(f"{pointer}/is_fraud", _IS_NEVER_FRAUD)
    if len(findings.faults) > before:
        return None
    return LabelRead(
        pointer=pointer,
        merchant_id=said.get("merchant_id"),
        transaction_id=said["transaction_id"],
        kind=said["kind"],
        is_fraud=said["is_fraud"],
        occurred_at=said["occurred_at"],
        source=said.get("source", SOURCE),
    )


def labels_bytes(
    labels: Sequence[Label], *, new: int, are_matched: Sequence[bool], warnings: Sequence[InputWarning]
) -> bytes:
    """The answer to labels as it is sent (JSON)."""
    return orjson.dumps(
        {
            "received_at": labels[0].received_at,
            "new": new,
            "repeated": len(labels) - new,
            "unmatched": are_matched.count(False),
            "labels": [
                {**_facts(label), "is_matched": is_matched}
                for label, is_matched in zip(labels, are_matched, strict=True)
            ],
            "warnings": [
                {"code": each.code, "input_pointer": each.input_pointer, "warning": each.warning} for each in warnings
            ],
        }
    )


def label_page_bytes(labels: Sequence[Label], next_cursor: str | None) -> bytes:
    """A page of labels as known (JSON)."""
    return orjson.dumps(
        {
            "data": [
                {**_facts(label), "test_mode": label.test_mode, "received_at": label.received_at} for label in labels
            ],
            "has_more": next_cursor is not None,
            "next_cursor": next_cursor,
        }
    )


def _facts(label: Label) -> dict[str, object]:
    return {
        "merchant_id": label.merchant_id,
        "transaction_id": label.transaction_id,
        "kind": label.kind,
        "is_fraud": label.is_fraud,
        "occurred_at": label.occurred_at,
        "source": label.source,
    }


class LabelAnswer(BaseModel):
    """A label as taken."""

    merchant_id: str
    transaction_id: str
    kind: LabelKind
    is_fraud: bool
    occurred_at: datetime
    source: str
    is_matched: bool = Field(
        description="Whether a payment of this transaction id was decided; the label is kept anyhow."
    )


class LabelsAnswer(BaseModel):
    """What became of the labels that were sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "received_at": "2025-11-23T17:00:00.123456Z",
                    "new": 1,
                    "repeated": 0,
                    "unmatched": 0,
                    "labels": [{**LABEL_EXAMPLES["one"]["value"], "is_matched": True}],
                    "warnings": [],
                }
            ]
        }
    )

    received_at: datetime = Field(description="When the new ones became known, UTC.")
    new: int = Field(description="How many were new.")
    repeated: int = Field(description="How many were known already: each keeps the time of its first receipt.")
    unmatched: int = Field(description="How many name a payment that was not decided here.")
    labels: list[LabelAnswer] = Field(description="All, in the order sent.")
    warnings: list[WarningAnswer]


class LabelKnown(BaseModel):
    """A label, and when it became known."""

    merchant_id: str
    test_mode: bool
    transaction_id: str
    kind: LabelKind
    is_fraud: bool
    occurred_at: datetime
    received_at: datetime = Field(description="When it became known, UTC.")
    source: str


class LabelList(BaseModel):
    """Labels as known at a time, oldest first."""

    data: list[LabelKnown]
    has_more: bool
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null at the end.")
