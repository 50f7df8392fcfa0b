"""kill -9 of the server under load, restart, retry: nothing lost, counted twice or changed (R1 in small)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson
import pytest

from api.bench.kill import KillReport, kill_repeatedly, shared_payments, with_keys
from engine.ledger import DecisionRecord
from engine.velocity import VELOCITIES, Count, Distinct, Total, Velocity

KILLS = 10
SEED = 20_261_123
PROBE_SEED = 7
PROBES = 3

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> KillReport:
    folder = tmp_path_factory.mktemp("kill") / "data"
    folder.mkdir(mode=0o700)
    at = datetime.now(UTC)
    return kill_repeatedly(folder, KILLS, SEED, at, probes(at))


def probes(at: datetime) -> list[bytes]:
    """New payments whose card, e-mail and IP address no other probe has, so that none counts for another."""
    made = [with_keys(payment, number, number, number) for number, payment in zip(range(PROBES), new(at), strict=True)]
    return [orjson.dumps(payment | {"options": {"explain": "full"}}) for payment in made]


def new(at: datetime) -> list[dict[str, Any]]:
    return list(islice(shared_payments(PROBE_SEED, at), PROBES))


def test_nothing_is_lost_doubled_or_changed(report: KillReport) -> None:
    assert not report.faults
    assert report.kills == KILLS
    assert len(report.records) == len(report.answers) + PROBES


def test_the_kills_came_under_load(report: KillReport) -> None:
    assert len(report.answers) > 20 * KILLS
    assert report.interrupted >= KILLS, "hardly a payment was under way when the server was killed"


def test_velocities_after_the_last_restart_are_those_of_the_ledger(report: KillReport) -> None:
    facts = {record.sequence: facts_of(record) for record in report.records}
    sequences = {record.key.transaction_id: record.sequence for record in report.records}
    assert len(report.probe_answers) == PROBES
    for answer in report.probe_answers:
        own = sequences[answer["transaction_id"]]
        earlier = [each for sequence, each in facts.items() if sequence < own]
        expected = {velocity.name: oracle(velocity, facts[own], earlier) for velocity in VELOCITIES}
        assert {velocity.name: answer["features"][velocity.name] for velocity in VELOCITIES} == expected
        assert answer["features"]["card_payments_24h"] > 0
    assert any(answer["features"]["card_blocked_24h"] for answer in report.probe_answers), "no payment was blocked"


def facts_of(record: DecisionRecord) -> dict[str, Any]:
    """What the velocities are made of, read from the recorded payment and decision without the engine."""
    payment = orjson.loads(record.payment)
    assert payment["order"]["currency"] == "USD"
    # No outcome is reported here: a payment comes to one status at most, when it is decided.
    status = "blocked" if orjson.loads(record.decision)["action"] == "block" else None
    return {
        "status": status,
        "at": datetime.fromisoformat(payment["at"]),
        "card": payment["card"]["token"],
        "email": payment["email"]["address"],
        "ip_address": payment["device"]["ip_address"],
        "amount_in_usd": payment["order"]["amount_minor"],
    }


def oracle(velocity: Velocity, own: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> float:
    """The velocity by its definition: a plain walk over all earlier payments; money in main units as answers say it."""
    since = own["at"] - timedelta(microseconds=velocity.window_us)
    matching = [
        each
        for each in earlier
        if each["at"] > since
        and all(each[key] == own[key] for key in velocity.key)
        and velocity.status in (None, each["status"])
    ]
    match velocity.aggregate:
        case Count():
            return len(matching)
        case Total(amount=amount):
            return float(sum(each[amount] for each in matching) / 100)
        case Distinct(value=value):
            return len({each[value] for each in matching})
