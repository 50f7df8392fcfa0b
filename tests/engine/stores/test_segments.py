"""Segments: every row in one segment or in the tail, its features as recorded, whatever is cut off."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pyarrow as pa
import pytest

from engine.catalog import CATALOG
from engine.errors import SegmentsInUse, StoreInvalid
from engine.ledger import DecisionRecord, VersionKind
from engine.outcome import Outcome, OutcomeKind
from engine.recorded import RecordedFeatures
from engine.stores import segment_tables, segments
from engine.stores.segment_tables import decisions_table
from engine.stores.segments import Manifest, SegmentKind, manifest_of, read_segment, write_segments
from tests.engine.pipelines import House, Make, on_one_card

HOUR = timedelta(hours=1)
START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def write(house: House, now: datetime) -> Manifest:
    store = house.store
    return write_segments(house.folder, store.ledger, store.ledger, store.outcomes, now)


def rows(house: House, manifest: Manifest, kind: SegmentKind = SegmentKind.DECISIONS) -> list[dict[str, Any]]:
    """What is in the segments, by position; each in the hour that its segment names."""
    found = []
    for segment in manifest.of(kind):
        table = read_segment(house.folder, segment)
        assert table.num_rows == segment.rows
        at = "at" if kind is SegmentKind.DECISIONS else "received_at"
        own = table.to_pylist()
        assert all(segment.hour <= row[at] < segment.end for row in own)
        assert [own[0]["position"], own[-1]["position"]] == [segment.first, segment.last]
        found += own
    return sorted(found, key=lambda row: int(row["position"]))


def in_ledger(house: House) -> Sequence[tuple[int, DecisionRecord]]:
    return house.store.ledger.behind(0, 1_000)


async def decide_at(house: House, make_payment: Make, *times: datetime, merchant_id: str = "shop-a") -> None:
    for at in times:
        house.now = at
        number = len(in_ledger(house)) + 1
        await house.decide(on_one_card(make_payment, number, merchant_id=merchant_id))


@pytest.fixture
def three_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BATCH_ROWS", 2)
    monkeypatch.setattr(segments, "SEGMENT_ROWS_MAX", 3)


@pytest.mark.usefixtures("three_a_batch")
async def test_every_row_is_in_one_segment_or_in_the_tail(house: House, make_payment: Make) -> None:
    minute = timedelta(minutes=1)
    assert write(house, START) == Manifest()
    await decide_at(house, make_payment, *(START + count * 7 * minute for count in range(20)))
    for now in (START, START + HOUR, START + HOUR + segments.SETTLED, START + 2 * HOUR, START + 9 * HOUR):
        manifest = write(house, now)
        upto = manifest.upto[SegmentKind.DECISIONS]
        held = rows(house, manifest)
        positions = [row["position"] for row in held] + [
            position for position, _ in house.store.ledger.behind(upto, 99)
        ]
        assert positions == list(range(1, 21))
        closed = (now - segments.SETTLED).replace(minute=0)
        assert all(row["at"] < closed for row in held)
    assert len(rows(house, write(house, START + 9 * HOUR))) == 20


async def test_rows_are_what_the_ledger_holds(house: House, make_payment: Make) -> None:
    await decide_at(house, make_payment, START, START, START + timedelta(minutes=1))
    features = RecordedFeatures(house.store.ledger)
    for row, (position, record) in zip(rows(house, write(house, START + 2 * HOUR)), in_ledger(house), strict=True):
        assert (row["position"], row["id"], row["at"]) == (position, record.id, record.at)
        assert (row["transaction_id"], row["stage"], row["sequence"]) == (
            record.key.transaction_id,
            record.key.stage,
            record.sequence,
        )
        assert (row["payment"], row["decision"]) == (record.payment, record.decision)
        assert row["action"] == orjson.loads(record.decision)["action"]
        recorded = features.of(record)
        assert {name: row[f"feature_{name}"] for name in recorded} == recorded
        assert len(recorded) == len(CATALOG)


async def test_an_old_hour_that_comes_again_makes_another_segment(house: House, make_payment: Make) -> None:
    await decide_at(house, make_payment, START)
    first = write(house, START + 2 * HOUR)
    await decide_at(house, make_payment, START + timedelta(minutes=2), merchant_id="shop-imported")
    second = write(house, START + 2 * HOUR)
    assert second.segments[:1] == first.segments
    assert [segment.hour for segment in second.segments] == [START, START]
    assert [row["merchant_id"] for row in rows(house, second)] == ["shop-a", "shop-imported"]


async def test_a_clock_far_ahead_holds_nothing_up(house: House, make_payment: Make) -> None:
    await decide_at(house, make_payment, START + timedelta(days=300), merchant_id="shop-ahead")
    await decide_at(house, make_payment, START)
    held = rows(house, write(house, START + 2 * HOUR))
    assert [row["merchant_id"] for row in held] == ["shop-ahead", "shop-a"]


async def test_a_run_that_is_cut_off_loses_and_doubles_nothing(
    house: House, make_payment: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    await decide_at(house, make_payment, START, START + HOUR, START + 2 * HOUR)
    whole, left = segments.put, iter(range(2))

    def cut(file: Path, content: bytes) -> None:
        if next(left, None) is None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.with_suffix(".part").write_bytes(content[: len(content) // 2])
            raise OSError("the power went")
        whole(file, content)

    monkeypatch.setattr(segments, "put", cut)
    with pytest.raises(OSError, match="power"):
        write(house, START + 9 * HOUR)
    assert manifest_of(house.folder) == Manifest()
    monkeypatch.setattr(segments, "put", whole)
    assert [row["position"] for row in rows(house, write(house, START + 9 * HOUR))] == [1, 2, 3]


async def test_outcomes_are_kept_by_their_receipt(house: House, make_payment: Make) -> None:
    await decide_at(house, make_payment, START)
    record = in_ledger(house)[0][1]
    for number, at in enumerate((START + HOUR, START + 3 * HOUR)):
        await house.store.outcomes.append(outcome_of(record, number, at))
    held = rows(house, write(house, START + 3 * HOUR), SegmentKind.OUTCOMES)
    assert [(row["id"], row["kind"], row["decision_id"]) for row in held] == [("out-0", "declined", record.id)]


def outcome_of(record: DecisionRecord, number: int, at: datetime) -> Outcome:
    return Outcome(
        id=f"out-{number}",
        decision_id=record.id,
        merchant_id=record.key.merchant_id,
        test_mode=record.key.test_mode,
        transaction_id=record.key.transaction_id,
        kind=OutcomeKind.DECLINED,
        occurred_at=None,
        received_at=at,
        idempotency_key=None,
        fingerprint=bytes([number]),
        details=b"{}",
        answer=b"{}",
    )


def test_a_sum_over_64_bits_stays_exact() -> None:
    column = pa.field("feature_card_amount_usd_1h", pa.int64())
    field, values = segment_tables.feature_column(column, (5, None, 2**70))
    other = pa.table([pa.array([7], pa.int64())], schema=pa.schema([column]))
    table = pa.concat_tables([pa.table([values], schema=pa.schema([field])), other], promote_options="permissive")
    assert table.column(0).to_pylist() == [5, None, 2**70, 7]


@pytest.fixture
def damaged(house: House) -> Path:
    folder = house.folder / segments.FOLDER
    folder.mkdir()
    return folder / segments.MANIFEST


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"format": 2}'])
def test_a_manifest_that_cannot_be_read_names_the_mend(house: House, damaged: Path, content: bytes) -> None:
    damaged.write_bytes(content)
    with pytest.raises(StoreInvalid, match="assay segments"):
        write(house, START)


async def test_a_segment_that_is_damaged_is_named(house: House, make_payment: Make) -> None:
    await decide_at(house, make_payment, START)
    (segment,) = write(house, START + 2 * HOUR).segments
    file = house.folder / segments.FOLDER / segment.name
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(StoreInvalid, match=segment.name):
        read_segment(house.folder, segment)
    file.unlink()
    with pytest.raises(StoreInvalid, match=segment.name):
        read_segment(house.folder, segment)


async def test_one_run_at_a_time(house: House) -> None:
    def again(position: int, limit: int) -> Sequence[tuple[int, DecisionRecord]]:
        assert (position, limit) == (0, segments.BATCH_ROWS)
        with pytest.raises(SegmentsInUse, match="wait"):
            write(house, START)
        return ()

    reading = SimpleNamespace(behind=again)
    write_segments(house.folder, house.store.ledger, reading, house.store.outcomes, START)


async def test_files_are_their_owners_alone(house: House, make_payment: Make) -> None:
    await decide_at(house, make_payment, START)
    write(house, START + 2 * HOUR)
    files = [file for file in (house.folder / segments.FOLDER).rglob("*") if file.is_file()]
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


async def test_decisions_of_several_catalogues_share_a_table(house: House, make_payment: Make) -> None:
    await decide_at(house, make_payment, START, START)
    (one, other), ledger = in_ledger(house), house.store.ledger
    said = orjson.loads(other[1].decision)
    said["versions"], said["features"] = "of-another", ["gold", *said["features"][:2]]
    kept = orjson.loads(ledger.version(VersionKind.CATALOG, CATALOG.fingerprint) or b"")
    own = {**kept[0], "name": "custom_tier", "type": "string"}
    ledger.keep_version(VersionKind.SNAPSHOT, "of-another", orjson.dumps({"catalog": "another"}))
    ledger.keep_version(VersionKind.CATALOG, "another", orjson.dumps([own, *kept[:2]]))
    table = decisions_table([one, (other[0], replace(other[1], decision=orjson.dumps(said)))], ledger.version)
    assert table.column("feature_custom_tier").to_pylist() == [None, "gold"]
    assert table.column(f"feature_{kept[0]['name']}").to_pylist()[1] == said["features"][1]
    assert table.column(f"feature_{kept[-1]['name']}").to_pylist()[1] is None


async def test_a_day_that_is_over_is_one_segment_and_holds_the_same_rows(house: House, make_payment: Make) -> None:
    day = START.replace(hour=0)
    hourly: list[dict[str, Any]] = []
    for hour in range(12, 26):
        await decide_at(house, make_payment, *(day + hour * HOUR + count * timedelta(minutes=9) for count in range(3)))
        manifest = write(house, day + (hour + 1) * HOUR + segments.SETTLED)
        if hour == 23:
            assert {each.hours for each in manifest.segments} == {24}
        elif hour < 23:
            assert len(manifest.segments) == hour - 11
            hourly = rows(house, manifest)
    spans = [(segment.hour, segment.hours) for segment in manifest.of(SegmentKind.DECISIONS)]
    assert spans == [(day, 24), (day + 24 * HOUR, 1), (day + 25 * HOUR, 1)]
    held = rows(house, manifest)
    assert [row["position"] for row in held] == list(range(1, 43))
    assert held[: len(hourly)] == hourly
    assert list(manifest.of(SegmentKind.DECISIONS, day + 24 * HOUR)) == list(manifest.segments)[-2:]
    assert len(list(manifest.of(SegmentKind.DECISIONS, day + 23 * HOUR, day + 24 * HOUR))) == 1


@pytest.mark.usefixtures("three_a_batch")
async def test_segments_are_joined_up_to_their_limit_alone(house: House, make_payment: Make) -> None:
    await decide_at(house, make_payment, *(START + count * HOUR for count in range(8)))
    manifest = write(house, START + timedelta(days=2))
    # A batch may go beyond the limit, as it is read whole.
    assert all(segment.rows <= 4 for segment in manifest.segments)
    assert sum(segment.rows for segment in manifest.segments) == 8
    again = write(house, START + timedelta(days=3))
    assert again == manifest


async def test_what_was_joined_is_kept_for_who_still_reads_it(house: House, make_payment: Make) -> None:
    """However long ago it was written: until the manifest that does not name it has been in force for a while."""
    await decide_at(house, make_payment, START, START + HOUR)
    before = write(house, START + 5 * HOUR)
    for segment in before.segments:
        made_at(segment.file_in(house.folder), START + 5 * HOUR)
    made_at(house.folder / segments.FOLDER / segments.MANIFEST, START + 5 * HOUR)
    await decide_at(house, make_payment, START + timedelta(days=1))
    later = START + timedelta(days=2)
    after = write(house, later)
    assert not set(before.segments) & set(after.segments)
    made_at(house.folder / segments.FOLDER / segments.MANIFEST, later)
    write(house, later + timedelta(minutes=1))
    assert [row["position"] for row in rows(house, before)] == [1, 2]
    write(house, later + HOUR)
    assert not any(segment.file_in(house.folder).exists() for segment in before.segments)
    assert all(segment.file_in(house.folder).exists() for segment in after.segments)


def made_at(file: Path, at: datetime) -> None:
    os.utime(file, (at.timestamp(), at.timestamp()))
