"""Rebuilding from the ledger: counters are a cache of it."""

from collections.abc import Iterator, MutableMapping, Sequence
from datetime import datetime, timedelta

import orjson

from engine.decision import recorded_decision
from engine.features import Value
from engine.ledger import DecisionRecord, Ledger, VersionKind
from engine.payment import EPOCH, MICROSECOND
from engine.velocity import Observation, Velocity


def rebuild(
    ledger: Ledger, velocities: Sequence[Velocity], last_at: MutableMapping[tuple[str, bool], datetime]
) -> Iterator[tuple[int, Observation]]:
    """Every payment that a window can still reach, in the order of observe, with the values it was counted by.

    Windows reach back from the newest payment of each merchant and mode; `last_at` takes that receipt time.
    Values are read as they were recorded, by the catalogue of their day, never computed anew (law 5).
    """
    longest = timedelta(microseconds=max(velocity.window_us for velocity in velocities))
    names = sorted({name for velocity in velocities for name in (*velocity.key, *velocity.aggregate.measured)})
    positions: dict[str, tuple[tuple[str, int], ...]] = {}
    sequence = None
    for record in ledger.recent(longest):
        scope = (record.key.merchant_id, record.key.test_mode)
        last_at[scope] = max(record.at, last_at.get(scope, record.at))
        if record.sequence == sequence:
            # A later stage of the payment before: counted once, as its first stage was seen.
            continue
        sequence = record.sequence
        decision = recorded_decision(record.decision)
        if decision.versions_id not in positions:
            positions[decision.versions_id] = _positions(ledger, decision.versions_id, names)
        values = {name: decision.values[position] for name, position in positions[decision.versions_id]}
        yield record.sequence, _observation(record, values)


def _positions(ledger: Ledger, versions_id: str, names: Sequence[str]) -> tuple[tuple[str, int], ...]:
    versions = ledger.version(VersionKind.SNAPSHOT, versions_id)
    assert versions is not None, f"the ledger keeps the versions {versions_id} of every decision it holds"
    content = ledger.version(VersionKind.CATALOG, orjson.loads(versions)["catalog"])
    assert content is not None, "the ledger keeps the catalogue of every decision it holds"
    known = {feature["name"]: position for position, feature in enumerate(orjson.loads(content))}
    return tuple((name, known[name]) for name in names if name in known)


def _observation(record: DecisionRecord, values: dict[str, Value]) -> Observation:
    return Observation(
        payment_id=record.key.transaction_id,
        merchant_id=record.key.merchant_id,
        test_mode=record.key.test_mode,
        at_us=(record.counted_at - EPOCH) // MICROSECOND,
        values=values,
    )
