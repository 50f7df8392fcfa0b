"""Records are kept compressed, come back as they were, and what is damaged is said to be."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zstandard import ZstdCompressionDict, ZstdCompressor, get_frame_parameters

from engine.errors import LedgerUnavailable
from engine.stores.sql import compression
from engine.stores.sql.compression import DICTIONARIES, FOLDER, PLAIN_BYTES_MAX, RecordPart, compressed, decompressed
from tests.engine.pipelines import House, Make

PLAIN = orjson.dumps({"action": "allow", "features": [None, 0, 1.5, "GB", True] * 40})

KNOWN = list(DICTIONARIES.items())
HASHES = {40_001: "59f782c643be", 40_002: "2dfc20475ad9", 40_003: "6d21e413f875"}


@given(st.sampled_from(RecordPart), st.binary(max_size=4_000))
def test_what_was_compressed_comes_back(part: RecordPart, plain: bytes) -> None:
    assert decompressed(compressed(part, plain)) == plain


async def test_the_ledgers_rows_are_compressed_and_its_records_are_not(house: House, make_payment: Make) -> None:
    decided = await house.decide(make_payment())
    record = await house.store.ledger.get(decided.decision_id)
    assert record is not None
    reader = house.store.ledger._reader  # noqa: SLF001 - rows as they lie in the table
    (row,) = reader.rows("SELECT decision, payment, answer FROM decisions", ())
    assert [decompressed(kept) for kept in row] == [record.decision, record.payment, record.answer]
    assert orjson.loads(record.answer)["id"] == record.id
    assert sum(map(len, row)) < sum(map(len, (record.decision, record.payment, record.answer))) / 2
    assert [get_frame_parameters(kept).dict_id for kept in row] == list(DICTIONARIES)


def test_dictionaries_stay_as_they_are() -> None:
    """Records were written with them: a better one gets an id of its own, behind these."""
    kept = {id_: sha256((FOLDER / f"{id_}-{part}.zdict").read_bytes()).hexdigest()[:12] for id_, part in KNOWN}
    assert kept == HASHES
    assert set(DICTIONARIES.values()) == set(RecordPart)


def test_a_dictionary_names_itself_in_the_frame() -> None:
    for id_, part in KNOWN:
        assert ZstdCompressionDict((FOLDER / f"{id_}-{part}.zdict").read_bytes()).dict_id() == id_
        assert get_frame_parameters(compressed(part, PLAIN)).dict_id == id_


def test_what_an_older_dictionary_wrote_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    older, newer = (dict(KNOWN[:1]), {**dict(KNOWN), KNOWN[1][0]: RecordPart.DECISION})
    assert list(older.values()) == [RecordPart.DECISION]
    kept = compressed(RecordPart.DECISION, PLAIN)
    monkeypatch.setattr(compression, "_NEWEST", {part: id_ for id_, part in newer.items()})
    monkeypatch.setattr(compression, "_own", compression._Own())  # noqa: SLF001 - as in a new process
    again = compressed(RecordPart.DECISION, PLAIN)
    assert get_frame_parameters(again).dict_id != get_frame_parameters(kept).dict_id
    assert decompressed(kept) == decompressed(again) == PLAIN


@pytest.mark.parametrize("part", RecordPart)
def test_a_byte_that_changed_never_gives_another_record(part: RecordPart) -> None:
    kept, refused = compressed(part, PLAIN), 0
    for place in range(len(kept)):
        try:
            assert decompressed(kept[:place] + bytes([kept[place] ^ 0x55]) + kept[place + 1 :]) == PLAIN
        except LedgerUnavailable:
            refused += 1
    assert refused >= len(kept) - 4


@pytest.mark.parametrize("kept", [b"", PLAIN, compressed(RecordPart.ANSWER, PLAIN)[:-1]])
def test_what_is_no_frame_is_damaged(kept: bytes) -> None:
    with pytest.raises(LedgerUnavailable, match="damaged"):
        decompressed(kept)


def test_a_frame_that_says_it_is_huge_is_damaged() -> None:
    with pytest.raises(LedgerUnavailable, match="damaged"):
        decompressed(ZstdCompressor().compress(bytes(PLAIN_BYTES_MAX + 1)))


def test_a_dictionary_of_a_newer_version_is_named() -> None:
    content = (FOLDER / f"{KNOWN[0][0]}-{KNOWN[0][1]}.zdict").read_bytes()
    # The id stands behind the magic number, four bytes of each.
    newer = ZstdCompressionDict(content[:4] + (49_999).to_bytes(4, "little") + content[8:])
    with pytest.raises(LedgerUnavailable, match="newer version of Assay wrote a record"):
        decompressed(ZstdCompressor(dict_data=newer).compress(PLAIN))


def test_threads_compress_at_once() -> None:
    def there_and_back(number: int) -> bool:
        plain = PLAIN + str(number).encode()
        return all(decompressed(compressed(part, plain)) == plain for part in RecordPart)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(there_and_back, range(400)))
