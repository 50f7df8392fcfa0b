"""The decision record: small with every group of the request filled, and read back as it was."""

from datetime import UTC, datetime
from itertools import islice
from sys import getsizeof
from typing import Any

import orjson
import pytest

from api.bench.payments import requests
from api.keys import new_key
from api.routes.decisions import call_of
from api.schemas import read_request
from engine.access import Scope
from engine.catalog import CATALOG
from engine.decision import Decision, recorded_decision
from engine.kept_json import kept_json
from engine.ledger import DecisionRecord
from engine.payment import Payment
from engine.payment_record import payment_bytes
from engine.pipeline import Call, Outline
from engine.stores.sql.compression import RecordPart, compressed
from tests.engine.pipelines import PATIENT_MS, START, House

PAYMENTS = 400


def payments(at: datetime) -> list[Payment]:
    key = new_key(name="tests", test_mode=False, scopes=frozenset(Scope), merchants=None)[0]
    return [call_of(read_request(body), key, at).payment for body in islice(requests(7, at), PAYMENTS)]


@pytest.fixture
async def decided(house: House) -> list[tuple[Decision, DecisionRecord]]:
    made: list[Decision] = []

    def keep(outline: Outline) -> bytes:
        made.append(outline.decision)
        return orjson.dumps({"id": outline.id})

    records = []
    for number, payment in enumerate(payments(START)):
        call = Call(payment=payment, fingerprint=number.to_bytes(32), render=keep, budget_ms=PATIENT_MS)
        record = await house.store.ledger.get((await house.pipeline.decide(call)).decision_id)
        assert record is not None
        records.append(record)
    return list(zip(made, records, strict=True))


async def test_records_stay_small_with_all_groups_filled(decided: list[tuple[Decision, DecisionRecord]]) -> None:
    """Law 9: a decision takes at most 1.5 KB as it is kept, with payment and key at most 4 KB; both with room."""
    kept = [compressed(RecordPart.DECISION, record.decision) for _, record in decided]
    payments = [compressed(RecordPart.PAYMENT, record.payment) for _, record in decided]
    assert max(map(len, kept)) <= 1024
    assert max(map(len, map(bytes.__add__, kept, payments))) <= 2048 - len(repr(decided[0][1].key))
    hot = max(decided, key=lambda each: each[0].features["ip_payments_10m"] or 0)[0]
    assert hot.features["ip_payments_10m"] != 0, "no key is hot: the numbers in the records are all 0"


async def test_what_is_read_back_is_what_was_decided(decided: list[tuple[Decision, DecisionRecord]]) -> None:
    sources: set[str] = set()
    for decision, record in decided:
        read = recorded_decision(record.decision)
        assert decision.canonical() == record.decision
        assert orjson.dumps(read.values) == orjson.dumps(decision.features.values)
        assert read.features(CATALOG) == decision.features
        assert read.reasons == tuple(f"{reason.source}:{reason.code}" for reason in decision.reasons)
        assert (read.action, read.probability) == (decision.action, decision.score and decision.score.probability)
        sources |= {reason.source for reason in decision.reasons}
    assert sources == {"model", "policy", "rule"}


def test_the_payments_measured_fill_every_key() -> None:
    sample: list[dict[str, Any]] = [orjson.loads(payment_bytes(payment)) for payment in payments(START)[:50]]
    for payment in sample:
        assert {"account", "email", "billing", "shipping", "card", "device"} <= set(payment)


def test_what_is_kept_takes_no_more_memory_than_it_is_long() -> None:
    value = {"values": [*range(400)], "text": "x" * 1000}
    kept = kept_json(value)
    assert kept == orjson.dumps(value)
    assert getsizeof(kept) <= len(kept) + 40
    assert kept_json({"at": datetime(2026, 1, 1, tzinfo=UTC)}, orjson.OPT_UTC_Z) == b'{"at":"2026-01-01T00:00:00Z"}'
