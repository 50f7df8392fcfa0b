"""Reading a data folder beside its server: what was committed is seen, and nothing is changed."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from engine.errors import LedgerUnavailable, StoreInvalid
from engine.ledger import Label, LabelKind, VersionKind
from engine.stores.sql import Store, open_reader, open_store
from tests.engine.stores.conftest import NOON, NewRecord

EVER = timedelta(days=36_500)


async def test_it_reads_while_a_server_holds_the_folder(store: Store, tmp_path: Path, record: NewRecord) -> None:
    first, second = record(1), record(2)
    await store.ledger.append(first)
    store.ledger.keep_version(VersionKind.POLICY, "p", b"policy")
    with open_reader(tmp_path / "data") as reading:
        assert list(reading.ledger.recent(EVER)) == [first]
        assert reading.ledger.version(VersionKind.POLICY, "p") == b"policy"
        await store.ledger.append(second)
        assert list(reading.ledger.recent(EVER)) == [first, second]
        assert await reading.ledger.get(second.id) == second


async def test_it_reads_a_folder_that_was_closed_and_leaves_the_database_as_it_is(
    tmp_path: Path, record: NewRecord
) -> None:
    store = open_store(tmp_path)
    await store.ledger.append(record(1))
    store.labels.record_labels([_label(NOON)])
    store.close()
    before = sha256((tmp_path / "assay.db").read_bytes()).digest()
    with open_reader(tmp_path) as reading:
        assert list(reading.ledger.recent(EVER)) == [record(1)]
        assert list(reading.labels.labels_as_of(datetime.now(UTC))) == [_label(NOON)]
    assert sha256((tmp_path / "assay.db").read_bytes()).digest() == before
    open_store(tmp_path).close()


async def test_closing_it_does_not_checkpoint_what_the_server_has_in_the_wal(
    store: Store, tmp_path: Path, record: NewRecord
) -> None:
    await store.ledger.append(record(1))
    file = tmp_path / "data" / "assay.db"
    before = file.read_bytes()
    with open_reader(tmp_path / "data") as reading:
        assert list(reading.ledger.recent(EVER)) == [record(1)]
    assert file.read_bytes() == before
    assert (tmp_path / "data" / "assay.db-wal").stat().st_size > 0


async def test_it_cannot_write(store: Store, tmp_path: Path, record: NewRecord) -> None:
    with open_reader(tmp_path / "data") as reading:
        with pytest.raises(LedgerUnavailable):
            await reading.ledger.append(record(1))
        with pytest.raises(LedgerUnavailable):
            reading.ledger.keep_version(VersionKind.POLICY, "p", b"policy")
        with pytest.raises(LedgerUnavailable):
            reading.labels.record_labels([_label(NOON)])
        with pytest.raises(LedgerUnavailable):
            await reading.ledger.check()
    assert await store.ledger.get(record(1).id) is None


def test_a_folder_without_a_ledger_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreInvalid, match="holds no ledger"), open_reader(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "assay.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreInvalid, match="It is not a database"), open_reader(tmp_path):
        pass


def test_tables_of_another_version_are_said(store: Store, tmp_path: Path) -> None:
    with store.writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreInvalid, match="another version of Assay"), open_reader(tmp_path / "data"):
        pass


def _label(at: datetime) -> Label:
    return Label(
        merchant_id="m-1",
        test_mode=False,
        transaction_id="tx-1",
        kind=LabelKind.CHARGEBACK,
        is_fraud=True,
        occurred_at=at,
        received_at=at,
        source="acquirer.csv",
    )
