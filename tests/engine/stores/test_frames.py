"""Recorded decisions as a frame: what is in it is what the ledger holds, from segments, tail or Parquet files."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog import CATALOG
from engine.errors import StoreInvalid
from engine.features import Feature, FeatureType
from engine.ledger import DecisionRecord
from engine.outcome import Outcome, OutcomeKind
from engine.payment import Authentication, Card, Email, Order, Stage
from engine.recorded import RecordedFeatures
from engine.recorded_frame import ACTIONS, RecordedFrame, Wanted
from engine.rules.columns import Numbers, Truth
from engine.stores.frames import LedgerFrames, ParquetFrames
from engine.stores.segments import SegmentKind, manifest_of, write_segments
from tests.engine.pipelines import START, House, Make

HOUR = timedelta(hours=1)
ALL = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


def wanted(
    merchant_id: str | None = None,
    *,
    test_mode: bool = False,
    start: datetime = ALL[0],
    end: datetime = ALL[1],
    features: tuple[Feature, ...] = tuple(CATALOG),
    custom: tuple[str, ...] = (),
) -> Wanted:
    return Wanted(merchant_id=merchant_id, test_mode=test_mode, start=start, end=end, features=features, custom=custom)


def frames(house: House) -> LedgerFrames:
    return LedgerFrames(
        data=house.folder,
        counted=house.store.counted,
        versions=house.store.ledger.version,
        superseded=house.store.ledger.superseded,
    )


def write(house: House, now: datetime) -> None:
    write_segments(house.folder, house.store.ledger, house.store.ledger, house.store.outcomes, now)


async def played(house: House, make_payment: Make) -> list[DecisionRecord]:
    """Payments of two merchants, who give the same ids, and of both modes, over five hours.

    Some in stages, some replaced by later ones, some reported on.
    """
    random = Random(11)
    replaceable: dict[tuple[str, bool], list[str]] = {}
    for number in range(60):
        house.now = START + number * timedelta(minutes=5)
        merchant, test_mode = ("shop-a", "shop-b")[number % 2], number % 10 > 7
        earlier = replaceable.setdefault((merchant, test_mode), [])
        status = random.choice((None, "Y", "U", "C"))
        supersedes = earlier.pop() if earlier and random.random() < 0.15 else None
        for stage in (Stage.PRE_AUTH, Stage.POST_3DS)[: random.choice((1, 1, 2))]:
            await house.decide(
                make_payment(
                    transaction_id=f"tx-{number // 2}",
                    merchant_id=merchant,
                    test_mode=test_mode,
                    stage=stage,
                    supersedes=supersedes,
                    order=Order(amount_minor=random.randrange(90_000), currency=random.choice(("USD", "JPY", "EUR"))),
                    card=Card(
                        token=random.choice((None, "tok_1", "tok_2", "tok_assay_block")),
                        was_3d_secure_successful=random.choice((None, True, False)),
                    ),
                    email=Email(address=random.choice((None, "a@example.com", "B@EXAMPLE.org"))),
                    authentication=Authentication(trans_status=status if stage is Stage.POST_3DS else None),
                    custom={"tier": random.choice((1, 1.0, True, "1"))} if random.random() < 0.5 else {},
                )
            )
        earlier.append(f"tx-{number // 2}")
    records = in_ledger(house)
    for number, record in enumerate(records):
        for kind in random.choice(((), (), ("declined",), ("declined", "authorized"), ("authorized",))):
            await house.store.outcomes.append(outcome_of(record, number, OutcomeKind(kind)))
    return records


def in_ledger(house: House) -> list[DecisionRecord]:
    return [record for _, record in house.store.ledger.behind(0, 1_000)]


def outcome_of(record: DecisionRecord, number: int, kind: OutcomeKind) -> Outcome:
    return Outcome(
        id=f"out-{number}-{kind}",
        decision_id=record.id,
        merchant_id=record.key.merchant_id,
        test_mode=record.key.test_mode,
        transaction_id=record.key.transaction_id,
        kind=kind,
        occurred_at=None,
        received_at=record.at + timedelta(minutes=1),
        idempotency_key=None,
        fingerprint=f"{number} {kind}".encode(),
        details=b"{}",
        answer=b"{}",
    )


def plain(frame: RecordedFrame, name: str) -> list[Any]:
    """A feature's values a row; None where unknown."""
    column = frame.columns.features[name]
    if isinstance(column, Truth):
        return [True if true else False if false else None for true, false in zip(*column, strict=True)]
    if isinstance(column, Numbers):
        return [
            value if known else None for value, known in zip(column.values.tolist(), column.known.tolist(), strict=True)
        ]
    return [None if code < 0 else column.told[code] for code in column.codes.tolist()]


def is_wanted(record: DecisionRecord, asked: Wanted, gone: set[tuple[str, bool, str]]) -> bool:
    key = record.key
    return (
        (asked.merchant_id in (None, key.merchant_id))
        and key.test_mode is asked.test_mode
        and asked.start <= record.at < asked.end
        and (key.merchant_id, key.test_mode, key.transaction_id) not in gone
    )


async def require_equal(house: House, frame: RecordedFrame) -> None:
    asked, features = frame.wanted, RecordedFeatures(house.store.ledger)
    records = {record.id: record for record in in_ledger(house)}
    ids = frame.ids.at(range(frame.columns.rows))
    assert sorted(ids) == sorted(
        id_ for id_, record in records.items() if is_wanted(record, asked, set(house.store.ledger.superseded()))
    )
    rows = [records[id_] for id_ in ids]
    recorded = [features.of(record) for record in rows]
    for feature in asked.features:
        values = plain(frame, feature.name)
        assert [repr(value) for value in values] == [repr(each[feature.name]) for each in recorded], feature.name
    said = [orjson.loads(record.decision) for record in rows]
    payments = [orjson.loads(record.payment) for record in rows]
    assert [ACTIONS[place] for place in frame.action] == [each["action"] for each in said]
    assert [frame.merchants[place] for place in frame.merchant] == [record.key.merchant_id for record in rows]
    assert frame.transaction_ids.at(range(len(rows))) == [record.key.transaction_id for record in rows]
    names = [(record.key.merchant_id, record.key.transaction_id) for record in rows]
    for one in range(len(rows)):
        same = [names[other] == names[one] for other in range(len(rows))]
        assert (frame.payment == frame.payment[one]).tolist() == same
    assert sorted(set(frame.payment.tolist())) == list(range(len(set(names))))
    for row, payment in enumerate(payments):
        status = payment.get("authentication", {}).get("trans_status")
        proven = payment.get("card", {}).get("was_3d_secure_successful") if status in (None, "U", "C") else None
        found = (bool(frame.three_ds_succeeded.true[row]), bool(frame.three_ds_succeeded.false[row]))
        assert found == (proven is True, proven is False)
        token = payment.get("card", {}).get("token")
        assert frame.is_forced[row] == (asked.test_mode and token == "tok_assay_block")
        kinds = [
            each.kind
            for each in await house.store.outcomes.of_transaction(
                rows[row].key.merchant_id, rows[row].key.transaction_id, test_mode=asked.test_mode
            )
        ]
        assert frame.is_declined[row] == (OutcomeKind.DECLINED in kinds and OutcomeKind.AUTHORIZED not in kinds)
        if frame.authorized is not None:
            assert frame.authorized.true[row] == (OutcomeKind.AUTHORIZED in kinds)
            assert frame.authorized.false[row] == frame.is_declined[row]
        if asked.custom:
            sent = frame.columns.custom["tier"]
            value = None if sent.codes[row] < 0 else sent.told[sent.codes[row]]
            assert repr(value) == repr(payment.get("custom", {}).get("tier"))


ASKED = (
    wanted(),
    wanted(test_mode=True),
    wanted("shop-a", custom=("tier",)),
    wanted("shop-b", start=START + HOUR, end=START + 3 * HOUR + timedelta(minutes=2), custom=("tier", "never")),
    wanted("shop-none"),
    wanted(start=START + 2 * HOUR, end=START + 2 * HOUR),
)


@pytest.mark.parametrize("hours", [0, 3, 40])
async def test_a_frame_is_what_the_ledger_holds(house: House, make_payment: Make, hours: int) -> None:
    """All in the tail, some in segments and the rest in the tail, all in the segment of a day."""
    await played(house, make_payment)
    assert list(house.store.ledger.superseded())
    write(house, START + hours * HOUR + timedelta(minutes=5))
    assert bool(manifest_of(house.folder).segments) is (hours > 0)
    for asked in ASKED:
        await require_equal(house, frames(house).read(asked))


@pytest.mark.parametrize("hours", [0, 3])
async def test_what_the_bank_said_is_told_as_it_was_known(house: House, make_payment: Make, hours: int) -> None:
    await played(house, make_payment)
    write(house, START + hours * HOUR + timedelta(minutes=5))
    for asked in (wanted(), wanted("shop-b")):
        await require_equal(house, frames(house).read(replace(asked, outcomes_until=START + 9 * HOUR)))
    # Each outcome comes a minute after its decision.
    until = START + 2 * HOUR
    early = frames(house).read(replace(wanted(), outcomes_until=until))
    whole = frames(house).read(replace(wanted(end=until - timedelta(minutes=1)), outcomes_until=until))
    assert early.authorized is not None
    assert whole.authorized is not None
    late = early.at_us >= int((until - timedelta(seconds=59)).timestamp() * 1e6)
    firsts = {payment for payment, is_late in zip(early.payment.tolist(), late.tolist(), strict=True) if not is_late}
    unheard = [row for row, payment in enumerate(early.payment.tolist()) if payment not in firsts]
    assert unheard
    assert not early.authorized.known[unheard].any()
    assert early.authorized.known.sum() >= whole.authorized.known.sum() > 3


async def test_parquet_files_are_read_alike(house: House, make_payment: Make) -> None:
    await played(house, make_payment)
    write(house, START + 4 * HOUR + timedelta(minutes=6))
    manifest = manifest_of(house.folder)
    files = {kind: [each.file_in(house.folder) for each in manifest.of(kind)] for kind in SegmentKind}
    asked = wanted("shop-a", end=START + 4 * HOUR, custom=("tier",))
    frame = ParquetFrames(decisions=files[SegmentKind.DECISIONS], outcomes=files[SegmentKind.OUTCOMES]).read(asked)
    same = frames(house).read(asked)
    gone = {id_ for merchant, mode, id_ in house.store.ledger.superseded() if (merchant, mode) == ("shop-a", False)}
    # Files say nothing of what was replaced by which payment.
    rows = [row for row, id_ in enumerate(frame.transaction_ids.at(range(frame.columns.rows))) if id_ not in gone]
    assert frame.ids.at(rows) == same.ids.at(range(same.columns.rows))
    for feature in asked.features:
        values = plain(frame, feature.name)
        assert [values[row] for row in rows] == plain(same, feature.name)
    assert frame.is_declined[rows].tolist() == same.is_declined.tolist()


async def test_a_feature_that_a_rows_own_catalogue_lacks_is_unknown_there(
    house: House, make_payment: Make, tmp_path: Path
) -> None:
    await played(house, make_payment)
    write(house, START + 9 * HOUR)
    (segment, *_) = manifest_of(house.folder).of(SegmentKind.DECISIONS)
    table = pq.read_table(segment.file_in(house.folder), partitioning=None)
    older = table.drop_columns(["feature_card_payments_1h", "feature_is_gift", "feature_email"])
    place = older.column_names.index("feature_amount_in_usd")
    # Under another catalogue a number of this name was a text; and a sum may have been wider than 64 bits.
    retyped = older.set_column(place, "feature_amount_in_usd", pa.array(["12"] * older.num_rows))
    place = retyped.column_names.index("feature_card_amount_usd_1h")
    wide = pa.array([2**70, *[None] * (older.num_rows - 1)], pa.decimal128(38))
    retyped = retyped.set_column(place, "feature_card_amount_usd_1h", wide)
    files = [tmp_path / "older.parquet", tmp_path / "newer.parquet"]
    for file, each in zip(files, (retyped, table), strict=True):
        pq.write_table(each, file)
    both = ParquetFrames(decisions=files).read(wanted())
    newer = ParquetFrames(decisions=files[1:]).read(wanted())
    rows = newer.columns.rows
    assert both.columns.rows == 2 * rows
    for name in ("card_payments_1h", "is_gift", "email", "amount_in_usd"):
        assert plain(both, name) == [None] * rows + plain(newer, name)
    assert plain(both, "card_amount_usd_1h") == [2**70, *[None] * (rows - 1), *plain(newer, "card_amount_usd_1h")]
    assert plain(both, "card_payments_24h") == 2 * plain(newer, "card_payments_24h")


async def test_a_feature_that_nobody_recorded_is_unknown_everywhere(house: House, make_payment: Make) -> None:
    await played(house, make_payment)
    new = Feature(name="brand_new", type=FeatureType.COUNTRY, doc="new", source="tests")
    assert set(plain(frames(house).read(wanted(features=(new,))), "brand_new")) == {None}


async def test_a_damaged_segment_is_named(house: House, make_payment: Make) -> None:
    await played(house, make_payment)
    write(house, START + 9 * HOUR)
    (segment, *_) = manifest_of(house.folder).segments
    file = segment.file_in(house.folder)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(StoreInvalid, match=segment.name):
        frames(house).read(wanted())


async def test_segments_of_another_ledger_are_refused(house: House, make_payment: Make) -> None:
    await played(house, make_payment)
    write(house, START + 9 * HOUR)
    manifest = manifest_of(house.folder)
    (first, *rest) = manifest.segments
    fewer = LedgerFrames(
        data=house.folder,
        counted=house.store.counted,
        versions=house.store.ledger.version,
        superseded=house.store.ledger.superseded,
        manifest=lambda _: type(manifest)(upto=manifest.upto, segments=tuple(rest)),
    )
    with pytest.raises(StoreInvalid, match="the ledger"):
        fewer.read(wanted())
    assert first.rows


async def test_progress_is_told(house: House, make_payment: Make) -> None:
    await played(house, make_payment)
    write(house, START + 4 * HOUR + timedelta(minutes=6))
    told: list[float] = []
    frames(house).read(wanted(), told.append)
    assert told == sorted(told)
    assert len(told) >= 3
    assert np.all(np.array(told) <= 1)
