"""Imported histories among the rows: their payments with features, their labels, each payment once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.ledger import Label, LabelKind
from models.dataset import FACTS, Dataset, as_known
from models.dataset.table import FEATURE, TIME
from models.history import History, HistoryInvalid, sha256_of
from tests.models.datasets import Row, dataset_of

LABELS = pa.schema(
    [
        pa.field("merchant_id", pa.string()),
        pa.field("test_mode", pa.bool_()),
        pa.field("transaction_id", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("is_fraud", pa.bool_()),
        pa.field("occurred_at", TIME),
        pa.field("received_at", TIME),
        pa.field("source", pa.string()),
    ]
)


def history(
    folder: Path,
    rows: Sequence[Row],
    labels: Sequence[Label] = (),
    *,
    created_at: str = "2026-05-01T00:00:00+00:00",
    features: Mapping[str, pa.DataType] | None = None,
) -> History:
    """As an import writes one."""
    folder.mkdir()
    facts = {
        "id": [f"old-{row.id}" for row in rows],
        "transaction_id": [row.id for row in rows],
        "merchant_id": [row.merchant_id for row in rows],
        "test_mode": [False] * len(rows),
        "at": [row.at for row in rows],
        "stage": ["pre_auth"] * len(rows),
        "action": [None] * len(rows),
        "authorized": [row.authorized for row in rows],
        "source": [folder.name] * len(rows),
    }
    plain = {
        name: pa.string() if pa.types.is_dictionary(FACTS.field(name).type) else FACTS.field(name).type
        for name in facts
    }
    columns = {name: pa.array(values, plain[name]) for name, values in facts.items()}
    for name, kind in (features or {"amount_in_usd": pa.int64(), "card": pa.string()}).items():
        columns[FEATURE + name] = pa.array([row.values.get(name) for row in rows], kind)
    said = [{field.name: getattr(label, field.name) for field in LABELS} for label in labels]
    files = {"payments": pa.table(columns), "labels": pa.Table.from_pylist(said, LABELS)}
    manifest: dict[str, Any] = {"created_at": created_at}
    for kind, table in files.items():
        pq.write_table(table, folder / f"{kind}.parquet")
        manifest[kind] = {"file": f"{kind}.parquet", "sha256": sha256_of(folder / f"{kind}.parquet")}
    return History(name=folder.name, folder=folder, manifest=manifest)


def listed(dataset: Dataset, name: str) -> list[Any]:
    values: list[Any] = dataset.table[name].to_pylist()
    return values


def test_rows_of_a_history_stand_among_the_recorded_in_the_order_of_time(tmp_path: Path) -> None:
    card = {"card": "tok_1", "amount_in_usd": 7}
    rows = [Row(id="tx-2", day=2, values={**card, "card_payments_1h": 3}), Row(id="tx-4", day=4)]
    old = [Row(id="tx-1", day=1, values=card, authorized=True), Row(id="tx-3", day=3, values={"card": "tok_2"})]
    dataset = dataset_of(rows, [rows[1].label(50)], histories=[history(tmp_path / "shop", old, [old[0].label(30)])])
    assert listed(dataset, "transaction_id") == ["tx-1", "tx-2", "tx-3", "tx-4"]
    assert listed(dataset, "source") == ["shop", "recorded", "shop", "recorded"]
    assert listed(dataset, "action") == [None, "allow", None, "allow"]
    assert listed(dataset, "probability") == [None] * 4
    assert listed(dataset, "is_fraud") == [True, None, None, True]
    assert listed(dataset, "feature_amount_in_usd") == [7, 7, None, None]
    # What the history has not is unknown there, and said.
    assert listed(dataset, "feature_card_payments_1h") == [None, 3, None, None]
    (fact,) = dataset.manifest.histories
    assert (fact.name, fact.rows) == ("shop", 2)
    assert "card_payments_1h" in fact.lacking
    assert "card" not in fact.lacking
    # Entities are of both: one card.
    entity = listed(dataset, "entity")
    assert entity[0] == entity[1] != entity[2]
    counts = dataset.manifest.counts
    assert (counts.rows, counts.recorded, counts.imported) == (4, 2, 2)


def test_a_payment_that_is_recorded_and_imported_is_the_recorded_one(tmp_path: Path) -> None:
    recorded = Row(id="tx-1", day=2, values={"amount_in_usd": 1})
    old = [Row(id="tx-1", day=1, values={"amount_in_usd": 2}), Row(id="tx-1", day=1, merchant_id="shop-b")]
    dataset = dataset_of([recorded], histories=[history(tmp_path / "shop", old, [old[0].label(30)])])
    assert listed(dataset, "feature_amount_in_usd") == [None, 1]
    assert dataset.manifest.counts.duplicates == 1
    # What was said of it counts, wherever it was said.
    assert listed(dataset, "is_fraud") == [None, True]


def test_of_two_histories_the_newer_one_has_the_payment(tmp_path: Path) -> None:
    first, second = (Row(id="tx-1", day=1, values={"amount_in_usd": number}) for number in (1, 2))
    older = history(tmp_path / "z-older", [first], created_at="2026-05-01T00:00:00+00:00")
    newer = history(tmp_path / "a-newer", [second], created_at="2026-06-01T00:00:00+00:00")
    for histories in ([older, newer], [newer, older]):
        dataset = dataset_of([], histories=histories)
        assert listed(dataset, "feature_amount_in_usd") == [2]
        assert {each.name: each.rows for each in dataset.manifest.histories} == {"z-older": 0, "a-newer": 1}


def test_labels_of_a_history_are_known_from_their_day_on(tmp_path: Path) -> None:
    old = [Row(id=f"tx-{number}", day=number, authorized=number != 2) for number in range(3)]
    labels = [old[0].label(40), old[1].label(20, LabelKind.CLEARED, is_fraud=False), old[2].label(20)]
    histories = [history(tmp_path / "shop", old, labels)]
    dataset = dataset_of([], histories=histories, until_day=30, as_of_day=30)
    # A declined payment has no label.
    assert listed(dataset, "is_fraud") == [None, False, None]
    later = dataset_of([], histories=histories, until_day=30, as_of_day=40)
    assert listed(later, "is_fraud") == [True, False, None]
    then = as_known(later, dataset.asked.as_of)
    assert then.table.to_pylist() == dataset.table.to_pylist()
    assert then.manifest == dataset.manifest


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (pa.decimal128(38), 2**70, 2**70),
        (pa.string(), "7", None),
        (pa.float64(), 7.0, None),
    ],
)
def test_a_feature_of_another_type_is_unknown_and_a_wide_sum_stays(
    tmp_path: Path, kind: pa.DataType, value: Any, found: int | None
) -> None:
    old = [Row(id="tx-1", day=1, values={"card_amount_usd_1h": value})]
    given = history(tmp_path / "shop", old, features={"card_amount_usd_1h": kind})
    dataset = dataset_of([Row(id="tx-2", day=2, values={"card_amount_usd_1h": 5})], histories=[given])
    assert listed(dataset, "feature_card_amount_usd_1h") == [found, 5]


def test_only_the_period_the_merchant_and_what_has_come_is_read(tmp_path: Path) -> None:
    old = [
        Row(id="tx-0", day=-1),
        Row(id="tx-1", day=1),
        Row(id="tx-2", day=1, merchant_id="shop-b"),
        Row(id="tx-3", day=9),
        Row(id="tx-4", day=20),
    ]
    dataset = dataset_of(
        [], histories=[history(tmp_path / "shop", old)], until_day=10, as_of_day=5, merchant_id="shop-a"
    )
    assert listed(dataset, "transaction_id") == ["tx-1"]


def test_a_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    given = history(tmp_path / "shop", [Row(id="tx-1")])
    given.payments.write_bytes(given.payments.read_bytes()[:-9])
    with pytest.raises(HistoryInvalid, match="payments"):
        dataset_of([], histories=[given])
