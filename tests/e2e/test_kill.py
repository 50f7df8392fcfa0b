"""kill -9 of the server under load, restart, retry: nothing lost, counted twice or changed (R1 in small)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson
import pytest

from api.bench.kill import KillReport, kill_repeatedly, shared_payments, with_keys
from engine.ledger import DecisionRecord
from engine.velocity import VELOCITIES, Count, Distinct, Status, Total, Velocity
from engine.velocity.spec import FirstSeen, Linked

KILLS = 10
SEED = 20_261_123
PROBE_SEED = 7
PROBES = 3
CHECKED = [
    velocity
    for velocity in VELOCITIES
    if "card_country" not in velocity.inputs and not isinstance(velocity.aggregate, Linked)
]
"""All but what is made of a reference table, which nothing here reads, and what is linked, which has its own oracle."""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> KillReport:
    folder = tmp_path_factory.mktemp("kill") / "data"
    folder.mkdir(mode=0o700)
    at = datetime.now(UTC)
    return kill_repeatedly(folder, KILLS, SEED, at, probes(at))


def probes(at: datetime) -> list[bytes]:
    """New payments whose card, e-mail and IP address no other probe has, so that none counts for another."""
    made = [with_keys(payment, number, number, number) for number, payment in zip(range(PROBES), new(at), strict=True)]
    return [orjson.dumps(payment | {"options": {"explain": "full", "deadline_ms": 2000}}) for payment in made]


def new(at: datetime) -> list[dict[str, Any]]:
    return list(islice(shared_payments(PROBE_SEED, at), PROBES))


def test_nothing_is_lost_doubled_or_changed(report: KillReport) -> None:
    assert not report.faults
    assert report.kills == KILLS
    told = [ask for ask in report.answers if ask.is_outcome]
    assert len(report.records) == len(report.answers) - len(told) + PROBES
    assert len(report.outcomes) == len(told)


def test_the_kills_came_under_load(report: KillReport) -> None:
    assert len(report.records) > 20 * KILLS
    assert len(report.outcomes) > 5 * KILLS
    assert report.interrupted >= KILLS, "hardly a request was under way when the server was killed"


def test_velocities_after_the_last_restart_are_those_of_the_ledger(report: KillReport) -> None:
    facts = {record.sequence: facts_of(record) for record in report.records}
    sequences = {record.key.transaction_id: record.sequence for record in report.records}
    statuses = came_to(report)
    assert len(report.probe_answers) == PROBES
    for answer in report.probe_answers:
        own = sequences[answer["transaction_id"]]
        earlier = [each for sequence, each in facts.items() if sequence < own]
        expected = {
            velocity.name: oracle(velocity, facts[own], statuses[velocity.status] if velocity.status else earlier)
            for velocity in CHECKED
        }
        assert {velocity.name: answer["features"][velocity.name] for velocity in CHECKED} == expected
        assert answer["features"]["card_payments_24h"] > 0
    # What schemes report comes by calls of its own, which this load does not make.
    for status in {velocity.status for velocity in VELOCITIES} - {None, Status.DISPUTED, Status.FRAUD_WARNING}:
        names = [velocity.name for velocity in VELOCITIES if velocity.status is status]
        counted = [answer["features"][name] for answer in report.probe_answers for name in names]
        assert any(counted), f"no payment was {status}"


def facts_of(record: DecisionRecord) -> dict[str, Any]:
    """What the velocities are made of, read from the recorded payment without the engine."""
    payment = orjson.loads(record.payment)
    assert payment["order"]["currency"] == "USD"
    name, ip, email = record.key.transaction_id, payment["device"]["ip_address"], payment["email"]["address"]
    billing, shipping = payment["billing"], payment.get("shipping", {})
    # Everybody writes an address and a number in one way here, so that equal ones are equal as they stand.
    assert not set("+.") & set(email.partition("@")[0])
    return {
        "id": name,
        "at": datetime.fromisoformat(payment["at"]),
        "card": payment["card"]["token"],
        "card_bin6": payment["card"]["bin"][:6],
        "email_normalized": email,
        "email_domain": email.partition("@")[2],
        "ip_normalized": ip,
        "ip_network": ip.rpartition(".")[0],
        "device": payment["device"].get("fingerprint"),
        "phone_normalized": whole(billing, "phone_country_code", "phone_number"),
        "billing_address": whole(billing, "country", "postal", "address"),
        "shipping_address": whole(shipping, "country", "postal", "address"),
        "billing_country": billing["country"],
        "customer": payment.get("account", {}).get("user_id"),
        "order": payment.get("processing", {}).get("attempt_of", name),
        "amount_in_usd": payment["order"]["amount_minor"],
    }


def whole(group: Mapping[str, str], *fields: str) -> tuple[str, ...] | None:
    """The fields together; None where one is missing."""
    values = tuple(group[field] for field in fields if field in group)
    return values if len(values) == len(fields) else None


def came_to(report: KillReport) -> dict[Status, list[dict[str, Any]]]:
    """The payments that came to each status, each at the time when we learnt it first."""
    events = [(told.received_at, told.kind.value, record) for told, record in report.outcomes]
    blocked = (record for record in report.records if orjson.loads(record.decision)["action"] == "block")
    events += [(record.at, "blocked", record) for record in blocked]
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for at, status, record in sorted(events, key=lambda event: event[0]):
        first.setdefault((status, record.key.transaction_id), facts_of(record) | {"at": at})
    return {status: [each for (name, _), each in first.items() if name == status.value] for status in Status}


def oracle(velocity: Velocity, own: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> float | None:
    """The velocity by its definition: a plain walk over all others; money in main units as answers say it."""
    assert velocity.window_us is not None
    if None in [own[key] for key in velocity.key]:
        return None
    since = own["at"] - timedelta(microseconds=velocity.window_us)
    matching = [
        each
        for each in others
        if since < each["at"] <= own["at"]
        and each["id"] != own["id"]
        and all(each[key] == own[key] for key in velocity.key)
    ]
    match velocity.aggregate:
        case Count():
            return len(matching)
        case Total(amount=amount):
            return float(sum(each[amount] for each in matching) / 100)
        case Distinct(value=value):
            return len({each[value] for each in matching} - {None})
        case FirstSeen():
            return (own["at"] - min(each["at"] for each in matching)) // timedelta(seconds=1) if matching else None
        case _:
            raise AssertionError(f"{velocity.name}: nothing here counts that yet")
