"""What became of a row's payment, and when that was learnt: the events that velocities count, from a row's cells."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from api.importing.mapping_history import EventSource, HistoryMapping
from api.importing.refusal import Refusal
from engine.ledger import Label, LabelKind
from engine.velocity import Status

OUTCOME_ONLY: Final = "The payment is kept, what became of it is not. "
"""Begins the reason where an outcome or a refund alone is refused."""

LABEL_STATUSES: Final = {
    LabelKind.CHARGEBACK: Status.DISPUTED,
    LabelKind.FIRST_PARTY_MISUSE: Status.DISPUTED,
    LabelKind.SERVICE_DISPUTE: Status.DISPUTED,
    LabelKind.FRAUD_WARNING: Status.FRAUD_WARNING,
}
"""What a label tells velocities, from when it became known, as the card scheme's report would have told it live."""


class Happened(NamedTuple):
    """A payment came to a status; `at` is when we learnt it."""

    status: Status
    at: datetime


def happened(
    cells: Sequence[str], paid_at: datetime, mapping: HistoryMapping, now: datetime
) -> Iterator[Happened | Refusal]:
    """The outcome and the refund of a row, each where there is one."""
    if mapping.outcomes is not None:
        outcome = _outcome(cells, paid_at, mapping.outcomes, now)
        if outcome is not None:
            yield outcome
    if mapping.refunds is not None and mapping.refunds.at is not None and cells[mapping.refunds.at]:
        yield _at(mapping.refunds.status, cells, paid_at, mapping.refunds, now, "refunds.at")


def label_event(label: Label | Refusal | None) -> Happened | None:
    """What a row's label tells velocities."""
    if not isinstance(label, Label) or label.kind not in LABEL_STATUSES:
        return None
    return Happened(LABEL_STATUSES[label.kind], label.received_at)


def _outcome(cells: Sequence[str], paid_at: datetime, source: EventSource, now: datetime) -> Happened | Refusal | None:
    assert source.column is not None, "the mapping was checked"
    value = cells[source.column]
    if value and value not in source.meanings:
        reason = f'{OUTCOME_ONLY}Not listed under [outcomes.values] in the mapping; "none" there says that it is none.'
        return Refusal(code="outcome_unknown", field="outcomes.column", reason=reason)
    status = source.meanings[value] if value else None
    return None if status is None else _at(status, cells, paid_at, source, now, "outcomes.at")


def _at(
    status: Status, cells: Sequence[str], paid_at: datetime, source: EventSource, now: datetime, field: str
) -> Happened | Refusal:
    text = "" if source.at is None else cells[source.at]
    at = source.time.read(text, field, now) if text else paid_at
    if isinstance(at, Refusal):
        return Refusal(code=f"outcome_{at.code}", field=field, reason=OUTCOME_ONLY + at.reason)
    if at < paid_at:
        reason = f"{OUTCOME_ONLY}It was before the payment, by its times."
        return Refusal(code="outcome_time_order", field=field, reason=reason)
    return Happened(status, at)
