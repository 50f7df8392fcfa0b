"""Changes of models, kept in memory and on SQLite alike: in order, once each, and for ever."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelChanged, StoreInvalid
from engine.model_changes import ChangeKind, ModelChange, ModelChanges
from engine.stores.memory_model_changes import MemoryModelChanges
from engine.stores.sql import open_reader, open_store

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "sql"])
def changes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ModelChanges]:
    if request.param == "memory":
        yield MemoryModelChanges()
        return
    store = open_store(tmp_path)
    yield store.model_changes
    store.close()


def change(number: int, **fields: Any) -> ModelChange:
    given: dict[str, Any] = {
        "kind": ChangeKind.PROMOTED,
        "model_id": "model-0123456789ab",
        "at": NOON + timedelta(microseconds=number),
    }
    return ModelChange(number=number, by="key", **(given | fields))


FULL = (
    change(1, because="Better.", is_forced=True, gate=b'{"passes":false}'),
    change(2, kind=ChangeKind.ROLLED_BACK, model_id=None),
)


def test_changes_are_read_back_in_order(changes: ModelChanges) -> None:
    assert changes.all() == ()
    for each in FULL:
        changes.append(each)
    assert changes.all() == FULL


def test_a_number_is_taken_once(changes: ModelChanges) -> None:
    changes.append(change(1))
    with pytest.raises(ModelChanged, match="meanwhile"):
        changes.append(change(1, model_id="model-ba9876543210"))
    assert changes.all() == (change(1),)


def test_what_was_changed_is_there_after_a_restart_and_for_a_reader(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for each in FULL:
        store.model_changes.append(each)
    with open_reader(tmp_path) as reading:
        assert reading.model_changes.all() == FULL
    store.close()
    store = open_store(tmp_path)
    assert store.model_changes.all() == FULL
    store.close()


def test_a_change_of_a_newer_kind_is_said_with_the_mend(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.model_changes.append(change(1))
    store.writer.driver.execute("UPDATE model_changes SET kind = 'ramped'")
    store.close()
    with pytest.raises(StoreInvalid, match="Start the version of Assay that wrote it"):
        open_store(tmp_path)
