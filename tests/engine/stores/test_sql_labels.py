"""The labels port on SQLite: each fact once, and nobody sees what was not known yet."""

from base64 import urlsafe_b64decode
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.errors import LedgerUnavailable
from engine.ledger import Label, LabelKind
from engine.payment import EPOCH, MICROSECOND
from engine.stores.sql import Store, open_store
from engine.stores.sql.sqlite import PointReader

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


async def pages(store: Store, merchants: Collection[str] | None, limit: int) -> list[Label]:
    """All pages, one after the other."""
    found: list[Label] = []
    after = None
    while True:
        page = await store.labels.labels_of(merchants, NOON + 9 * DAY, test_mode=False, after=after, limit=limit)
        if not page:
            return found
        found += [label for _, label in page]
        after = page[-1][0]


@pytest.mark.parametrize("limit", [1, 7, 40, 1_000])
async def test_pages_of_several_merchants_are_those_of_all_less_the_others(store: Store, limit: int) -> None:
    """One merchant has early labels, one late, and many were received at one time."""
    sent = [
        replace(label(number), merchant_id=f"m-{number % 7 * (number % 3)}", received_at=NOON + number // 60 * DAY)
        for number in range(300)
    ]
    store.labels.record_labels([*sent, replace(label(1), test_mode=True)])
    assert await pages(store, None, limit) == sent
    some = {"m-0", "m-2", "m-12", "m-absent"}
    assert await pages(store, some, limit) == [each for each in sent if each.merchant_id in some]
    assert await pages(store, (), limit) == []


async def test_a_page_of_many_merchants_reads_few_rows_of_each(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    merchants = [f"m-{number}" for number in range(100)]
    store.labels.record_labels([replace(label(n), merchant_id=each) for each in merchants for n in range(60)])
    read, rows = 0, PointReader.rows

    def counted(self: PointReader, sql: str, parameters: tuple[object, ...]) -> list[Any]:
        nonlocal read
        read += len(found := rows(self, sql, parameters))
        return found

    monkeypatch.setattr(PointReader, "rows", counted)
    page = await store.labels.labels_of(merchants, NOON + 99 * DAY, test_mode=False, after=None, limit=101)
    assert len(page) == 101
    assert read < 1_500, "of 6,000"


async def test_a_cursor_says_nothing_of_what_others_sent(store: Store) -> None:
    """The same label has the same cursor, whatever stands before it in the table."""
    store.labels.record_labels([replace(label(n), merchant_id="m-2") for n in range(50)] + [label(1)])
    ((cursor, one),) = await store.labels.labels_of({"m-1"}, NOON + DAY, test_mode=False, after=None, limit=1)
    assert orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))) == [
        *("m-1", False, "tx-1", "chargeback", True, (NOON - EPOCH) // MICROSECOND, "acquirer.csv")
    ]
    assert one == label(1)


async def test_a_cursor_is_of_the_merchants_and_mode_alone(store: Store) -> None:
    store.labels.record_labels([label(1), replace(label(1), merchant_id="m-2"), replace(label(1), test_mode=True)])
    (cursor, _), _ = await store.labels.labels_of(None, NOON + DAY, test_mode=False, after=None, limit=2)
    wrong = (cursor[:-3], "x", "", "é", "W10", "bnVsbA", "1.1")
    for merchants, test_mode, after in (
        *(({"m-1"}, False, each) for each in wrong),
        ({"m-2"}, False, cursor),
        ({"m-1"}, True, cursor),
        (None, True, cursor),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - it says no more
            await store.labels.labels_of(merchants, NOON + DAY, test_mode=test_mode, after=after, limit=2)
