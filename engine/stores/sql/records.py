"""Rows of the table of decisions, and the records that they are."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord, NoteDamaged
from engine.payment import PaymentKey, Stage
from engine.stores.sql.compression import RecordPart, compressed, decompressed, unreadable
from engine.stores.sql.tables import instant, microseconds
from engine.stores.sql.writer import Row

# Bound once: Python 3.11 calls a function for each look at a member of an enumeration.
_PAYMENT_PART, _DECISION_PART, _ANSWER_PART = RecordPart.PAYMENT, RecordPart.DECISION, RecordPart.ANSWER


def key_row(key: PaymentKey) -> Row:
    """The columns that a payment's key is, in the order of DECISION_ROW."""
    # As an integer, which is what SQLite keeps: Python's driver looks for an adapter of every truth value.
    return (key.merchant_id, int(key.test_mode), key.transaction_id, key.stage.value)


def row_of(record: DecisionRecord) -> Row:
    """The row of a record, its columns those of DECISION_ROW."""
    return (
        record.id,
        *key_row(record.key),
        microseconds(record.at),
        record.sequence,
        microseconds(record.counted_at),
        record.idempotency_key,
        record.fingerprint,
        compressed(_PAYMENT_PART, record.payment),
        compressed(_DECISION_PART, record.decision),
        compressed(_ANSWER_PART, record.answer),
        record.supersedes,
    )


def readable(rows: Iterable[Sequence[Any]], damaged: NoteDamaged) -> Iterator[DecisionRecord]:
    """The records of rows; those that are damaged are told and left out."""
    for row in rows:
        try:
            record = record_of(row)
        except LedgerUnavailable:
            damaged(row[0])
        else:
            yield record


def record_of(row: Sequence[Any]) -> DecisionRecord:
    """The record of a row of DECISION_ROW. Raises LedgerUnavailable, which names the decision, where it is damaged.

    A column may hold what no record of ours has there, for SQLite does not mind: that is damage too.
    """
    try:
        return _read(row)
    except (LedgerUnavailable, OverflowError, TypeError, ValueError) as error:
        raise unreadable(row[0], error) from error


def _read(row: Sequence[Any]) -> DecisionRecord:
    id_, merchant_id, test_mode, transaction_id, stage, at_us, *counted, idempotency_key = row[:9]
    sequence, counted_at_us = counted
    fingerprint, payment, decision, answer, supersedes = row[9:]
    return DecisionRecord(
        id=id_,
        key=PaymentKey(
            merchant_id=merchant_id, test_mode=bool(test_mode), transaction_id=transaction_id, stage=Stage(stage)
        ),
        at=instant(at_us),
        sequence=sequence,
        counted_at=instant(counted_at_us),
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        payment=decompressed(payment),
        decision=decompressed(decision),
        answer=decompressed(answer),
        supersedes=supersedes,
    )
