"""The labels port on SQLite: each fact once, and nobody sees what was not known yet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import LedgerUnavailable
from engine.ledger import Label, LabelKind
from engine.stores.sql import Store, open_store

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def label(number: int) -> Label:
    return Label(
        merchant_id="m-1",
        test_mode=False,
        transaction_id=f"tx-{number}",
        kind=LabelKind.CHARGEBACK,
        is_fraud=True,
        occurred_at=NOON,
        received_at=NOON + number * DAY,
        source="acquirer.csv",
    )


def test_labels_come_back_as_they_were_known_oldest_first(store: Store) -> None:
    assert store.labels.record_labels([label(3), label(1), label(2)]) == 3
    assert list(store.labels.labels_as_of(NOON + 2 * DAY)) == [label(1), label(2)]
    assert list(store.labels.labels_as_of(NOON)) == []


def test_the_same_fact_received_again_is_no_new_label_and_keeps_its_first_receipt(store: Store) -> None:
    assert store.labels.record_labels([label(1), label(1)]) == 1
    assert store.labels.record_labels([replace(label(1), received_at=NOON + 9 * DAY), label(2)]) == 1
    assert list(store.labels.labels_as_of(NOON + 99 * DAY)) == [label(1), label(2)]


def test_whatever_else_differs_is_another_fact(store: Store) -> None:
    one = label(1)
    others = [
        replace(one, merchant_id="m-2"),
        replace(one, test_mode=True),
        replace(one, kind=LabelKind.FRAUD_WARNING),
        replace(one, is_fraud=False),
        replace(one, occurred_at=NOON - DAY),
        replace(one, source="api"),
    ]
    assert store.labels.record_labels([one, *others]) == 7
    assert list(store.labels.labels_as_of(NOON + DAY)) == [one, *others]


def test_many_labels_are_recorded_and_survive_a_reopening(store: Store, tmp_path: Path) -> None:
    many = [label(number) for number in range(1203)]
    assert store.labels.record_labels(many) == 1203
    assert store.labels.record_labels([]) == 0
    store.close()
    again = open_store(tmp_path / "data")
    assert list(again.labels.labels_as_of(NOON + 2000 * DAY)) == many
    again.close()


def test_a_full_database_is_reported_and_recording_again_is_safe(store: Store) -> None:
    pages = store.writer.driver.execute("PRAGMA page_count").fetchone()[0]
    store.writer.driver.execute(f"PRAGMA max_page_count = {pages + 20}")
    many = [label(number) for number in range(2000)]
    with pytest.raises(LedgerUnavailable, match="full"):
        store.labels.record_labels(many)
    store.writer.driver.execute("PRAGMA max_page_count = 1000000")
    known = len(list(store.labels.labels_as_of(NOON + 9999 * DAY)))
    assert store.labels.record_labels(many) == 2000 - known
    assert len(list(store.labels.labels_as_of(NOON + 9999 * DAY))) == 2000
