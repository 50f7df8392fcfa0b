"""One row made ready: the pipeline's call and the label, or why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from api.importing.mapping import ImportMapping, LabelSource
from api.importing.refusal import Refusal
from api.schemas import InputWarning, answer_bytes, read_request
from engine.errors import MalformedJson, PaymentInvalid
from engine.ledger import Label, LabelKind
from engine.payment import Payment
from engine.pipeline import Call, Outline

WAIT_MS = 600_000
"""How long a row waits for an equal row before it in the file: nobody is kept at a checkout by an import."""

LABEL_ONLY = "The payment is recorded, its label is not. "
"""Begins the reason where the label alone is refused."""

_CARD_DATA_CODE = "card_data_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A row that can be decided. `index` is its place in the sheet; a label that cannot be taken is a Refusal."""

    index: int
    at: datetime
    call: Call
    warnings: tuple[InputWarning, ...]
    label: Label | Refusal | None

    @property
    def payment(self) -> Payment:
        """The payment that the row tells of."""
        return self.call.payment


def prepare(
    index: int, cells: Sequence[str], at: datetime, mapping: ImportMapping, now: datetime
) -> Prepared | Refusal:
    """The row as a call at its own time, checked exactly as a request is."""
    try:
        fields, rounded = mapping.request_fields(cells)
        fields.setdefault("event", {})["time"] = at.isoformat()
        body = orjson.dumps(fields)
        request = read_request(body)
        payment, odd = request.to_payment(request.merchant_id or "", test_mode=False, received_at=at)
    except PaymentInvalid as error:
        return _refusal(error)
    except MalformedJson as error:
        return Refusal(code=error.code, field="", reason="The row holds text that is no Unicode.")
    warnings = (*rounded, *odd)

    def render(outline: Outline) -> bytes:
        return answer_bytes(outline, warnings=warnings)

    call = Call(payment=payment, fingerprint=request.fingerprint, render=render, budget_ms=WAIT_MS)
    label = None if mapping.labels is None else _label(cells, payment, mapping.labels, now)
    return Prepared(index=index, at=at, call=call, warnings=warnings, label=label)


def _refusal(error: PaymentInvalid) -> Refusal:
    """All faults in one: card data first, because that is what must not be overlooked."""
    faults = sorted(error.faults, key=lambda fault: fault.code != _CARD_DATA_CODE)
    reason = "; ".join(
        fault.detail if number == 0 else f"{fault.pointer}: {fault.detail}" for number, fault in enumerate(faults)
    )
    return Refusal(code=faults[0].code, field=faults[0].pointer, reason=reason)


def _label(cells: Sequence[str], payment: Payment, source: LabelSource, now: datetime) -> Label | Refusal | None:
    value = cells[source.column]
    if value and value not in source.meanings:
        reason = f'{LABEL_ONLY}Not listed under [labels.values] in the mapping; "none" there says that it is no label.'
        return Refusal(code="label_unknown", field="labels.column", reason=reason)
    meaning = source.meanings[value] if value else None
    if meaning is None:
        return None
    known_at = _known_at(cells, payment, source, now)
    if known_at is None:
        return None
    occurred_at: datetime | Refusal = payment.at
    if source.occurred_at is not None:
        occurred_at = _label_time(cells[source.occurred_at], "labels.occurred_at", source, now)
    for time in (known_at, occurred_at):
        if isinstance(time, Refusal):
            return time
    assert isinstance(known_at, datetime), "refusals are returned above"
    assert isinstance(occurred_at, datetime), "refusals are returned above"
    return _label_at(payment, meaning, occurred_at, known_at, source.source)


def _known_at(cells: Sequence[str], payment: Payment, source: LabelSource, now: datetime) -> datetime | Refusal | None:
    """When the label became known; None where by the mapping's word it is not known yet."""
    if source.known_at is not None:
        return _label_time(cells[source.known_at], "labels.known_at", source, now)
    assert source.known_after is not None, "the mapping says one of both"
    known_at = payment.at + source.known_after
    return known_at if known_at <= now else None


def _label_at(
    payment: Payment, meaning: tuple[LabelKind, bool], occurred_at: datetime, known_at: datetime, source: str
) -> Label | Refusal:
    if not payment.at <= occurred_at <= known_at:
        reason = f"{LABEL_ONLY}The times are out of order: payment, then what happened, then when it became known."
        return Refusal(code="label_time_order", field="labels.known_at", reason=reason)
    kind, is_fraud = meaning
    return Label(
        merchant_id=payment.merchant_id,
        test_mode=payment.test_mode,
        transaction_id=payment.transaction_id,
        kind=kind,
        is_fraud=is_fraud,
        occurred_at=occurred_at,
        received_at=known_at,
        source=source,
    )


def _label_time(text: str, field: str, source: LabelSource, now: datetime) -> datetime | Refusal:
    time = source.time.read(text, field, now)
    if isinstance(time, Refusal):
        return Refusal(code=f"label_{time.code}", field=field, reason=LABEL_ONLY + time.reason)
    return time
