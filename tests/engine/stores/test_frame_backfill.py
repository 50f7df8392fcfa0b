"""Velocities that nobody kept are counted for a frame, and are the numbers that would have been recorded."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from engine.catalog import CATALOG
from engine.outcome import OutcomeKind
from engine.payment import EPOCH, MICROSECOND, Stage
from engine.recorded import RecordedFeatures
from engine.velocity import VELOCITIES, Velocity
from tests.engine.pipelines import START, House, Make
from tests.engine.stores.test_frames import HOUR, frames, plain, played, wanted, write

BY_NAME = {each.name: each for each in VELOCITIES}
COPIED = (
    "card_payments_1h", "card_payments_30d", "email_amount_usd_24h", "email_distinct_cards_1h", "card_blocked_24h",
    "email_domain_payments_24h",
)  # fmt: skip


def copies() -> tuple[Velocity, ...]:
    """What is kept already, under names that no catalogue has."""
    return tuple(replace(BY_NAME[name], name=f"copy_of_{name}", aliases=()) for name in COPIED)


@pytest.mark.parametrize("hours", [0, 3, 40])
async def test_what_nobody_kept_is_counted_as_it_would_have_been(house: House, make_payment: Make, hours: int) -> None:
    await played(house, make_payment)
    write(house, START + hours * HOUR + timedelta(minutes=5))
    features = (*CATALOG, *(each.feature() for each in copies()))
    asked = replace(
        wanted("shop-a", start=START + HOUR, features=features), velocities=(*copies(), BY_NAME["ip_payments_1h"])
    )
    frame = frames(house).read(asked)
    # What was kept is read as it was recorded.
    assert frame.backfilled == tuple(f"copy_of_{name}" for name in COPIED)
    first = np.flatnonzero(frame.columns.told("stage").among((Stage.PRE_AUTH.value,)).true).tolist()
    assert len(first) > 15
    for name in COPIED:
        made, recorded = plain(frame, f"copy_of_{name}"), plain(frame, name)
        assert [made[row] for row in first] == [recorded[row] for row in first], name
        # A later stage is given the number of the first one.
        for row, payment in enumerate(frame.payment.tolist()):
            (same,) = (each for each in first if frame.payment[each] == payment)
            assert made[row] == made[same]
    assert any(plain(frame, "copy_of_card_payments_1h"))


async def test_outcomes_are_counted_when_they_were_learnt(house: House, make_payment: Make) -> None:
    """Beside a slow count: the test reports on payments after all of them were decided, so none was counted live."""
    records = await played(house, make_payment)
    write(house, START + 3 * HOUR + timedelta(minutes=5))
    copy = replace(BY_NAME["card_declined_24h"], name="declines", aliases=())
    asked = replace(wanted("shop-b", features=(CATALOG["card"], CATALOG["stage"], copy.feature())), velocities=(copy,))
    frame = frames(house).read(asked)
    gone, features = set(house.store.ledger.superseded()), RecordedFeatures(house.store.ledger)
    declined: dict[tuple[object, str], datetime] = {}
    for record in records:
        key = record.key
        if key.merchant_id != "shop-b" or key.test_mode or (key.merchant_id, False, key.transaction_id) in gone:
            continue
        for outcome in await house.store.outcomes.of_decision(record, after=None, limit=9):
            name = (features.of(record)["card"], key.transaction_id)
            if outcome.kind is OutcomeKind.DECLINED:
                declined[name] = min(outcome.received_at, declined.get(name, outcome.received_at))
    ids, stages = frame.transaction_ids.at(range(frame.columns.rows)), plain(frame, "stage")
    made, cards, found = plain(frame, "declines"), plain(frame, "card"), 0
    for row, (id_, card) in enumerate(zip(ids, cards, strict=True)):
        if stages[row] != Stage.PRE_AUTH:
            continue
        at = EPOCH + int(frame.at_us[row]) * MICROSECOND
        inside = [
            other
            for (of, other), when in declined.items()
            if of == card and other != id_ and at - timedelta(days=1) < when <= at
        ]
        assert made[row] == (None if card is None else len(inside)), row
        found += len(inside)
    assert found > 10


async def test_all_merchants_are_counted_apart(house: House, make_payment: Make) -> None:
    await played(house, make_payment)
    (copy, *_) = copies()
    asked = replace(wanted(features=(*CATALOG, copy.feature())), velocities=(copy,))
    frame = frames(house).read(asked)
    first = np.flatnonzero(frame.columns.told("stage").among((Stage.PRE_AUTH.value,)).true).tolist()
    made, recorded = plain(frame, copy.name), plain(frame, "card_payments_1h")
    assert [made[row] for row in first] == [recorded[row] for row in first]
    assert len(frame.merchants) == 2


async def test_nothing_is_counted_for_an_empty_period(house: House, make_payment: Make) -> None:
    await played(house, make_payment)
    (copy, *_) = copies()
    asked = replace(wanted("shop-none", features=(copy.feature(),)), velocities=(copy,))
    frame = frames(house).read(asked)
    assert (frame.columns.rows, frame.backfilled) == (0, ())
