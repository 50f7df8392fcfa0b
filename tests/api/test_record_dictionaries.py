"""Dictionaries are made anew as they were made, and make records of payments that they never saw small."""

from itertools import islice
from pathlib import Path

import pytest
from zstandard import ZstdCompressionDict, ZstdCompressor

from api import record_dictionaries
from api.record_dictionaries import dictionaries, main, records
from api.settings import Settings

FIRST_ID = 41_001


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_dictionaries, "PAYMENTS", 25)
    monkeypatch.setattr(record_dictionaries, "SEEDS", (1, 2))


@pytest.mark.usefixtures("few")
def test_files_are_named_by_id_and_content_and_hold_the_id(tmp_path: Path) -> None:
    main(tmp_path, FIRST_ID)
    names = [f"{FIRST_ID + place}-{content}.zdict" for place, content in enumerate(("decision", "payment", "answer"))]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    ids = [ZstdCompressionDict((tmp_path / name).read_bytes()).dict_id() for name in names]
    assert ids == [FIRST_ID, FIRST_ID + 1, FIRST_ID + 2]


def test_the_same_seed_gives_the_same_records_and_dictionaries(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    made, again = (
        {
            content: [getattr(record, content) for record in records(settings, 3, 40)]
            for content in ("payment", "decision", "answer")
        }
        for _ in range(2)
    )
    assert made == again
    assert dictionaries(made, FIRST_ID) == dictionaries(again, FIRST_ID)


def test_other_payments_become_small(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    learnt = [record.decision for record in records(settings, 3, 60)]
    dictionary = ZstdCompressionDict(dictionaries({"decision": learnt}, FIRST_ID)["decision"])
    others = [record.decision for record in islice(records(settings, 4, 20), 20)]
    with_it, without = (
        sum(len(compressor.compress(other)) for other in others)
        for compressor in (ZstdCompressor(3, dict_data=dictionary), ZstdCompressor(3))
    )
    assert with_it < without / 2
