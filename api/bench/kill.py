"""kill -9 under load, restart, retry (R1): is anything lost, counted twice or changed?"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import orjson

from api.bench.installation import Server, shipped_settings, start_server
from api.bench.load import Load, Reply, as_http
from api.bench.measure import BenchFailed
from api.bench.payments import payments
from api.wiring import assembled
from engine.ledger import DecisionRecord

CONNECTIONS = 8
KILL_AFTER_SECONDS = (0.05, 0.8)
SAMPLED = 50
"""Acknowledged payments that are sent again after each restart."""
_PAYMENTS_A_KILL = 3_000
_RETRY_SECONDS_MAX = 30.0
_KILLED_SECONDS_MAX = 30.0
_OK = 200


@dataclass(slots=True, kw_only=True)
class KillReport:
    """What was sent and answered over all kills, what the ledger holds in the end, and every fault found.

    `answers` are the acknowledged answers by body. `interrupted` payments had no answer at a kill: of these
    `interrupted_recorded` were found recorded when sent again, the others were decided then.
    """

    kills: int = 0
    answers: dict[bytes, bytes] = field(default_factory=dict)
    interrupted: int = 0
    interrupted_recorded: int = 0
    probe_answers: list[dict[str, Any]] = field(default_factory=list)
    records: list[DecisionRecord] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def kill_repeatedly(folder: Path, kills: int, seed: int, at: datetime, probes: Sequence[bytes] = ()) -> KillReport:
    """Kill a server on the folder so many times under load, restart it each time and send again what it left open.

    After the last restart the `probes` are sent, one after the other; then the server is stopped and its ledger read.
    """
    random = Random(seed)  # noqa: S311 - the same moments for one seed, no secret
    report = KillReport()
    bodies = map(orjson.dumps, shared_payments(seed, at))
    server = start_server(folder)
    try:
        for _ in range(kills):
            load = _killed_under_load(server, list(islice(bodies, _PAYMENTS_A_KILL)), random)
            report.kills += 1
            server = start_server(folder)
            _retry(server, load, report, random)
        asked = _answered(server, probes, connections=1, report=report)
        report.probe_answers = [orjson.loads(asked[index].body) for index in sorted(asked)]
    finally:
        server.stop()
    with assembled(shipped_settings(folder)) as assembly:
        report.records = list(assembly.ledger.recent(timedelta(days=30)))
    report.faults.extend(_ledger_faults(report))
    return report


def shared_payments(seed: int, at: datetime) -> Iterator[dict[str, Any]]:
    """Payments in US dollars at one merchant on few cards, e-mails and IP addresses, so that every count matters."""
    random = Random(seed)  # noqa: S311 - made-up data
    for payment in payments(seed, at):
        payment["event"] = {**payment["event"], "merchant_id": "shop-north"}
        # A run may take longer than an event's time may be off.
        del payment["event"]["time"]
        payment["order"]["currency"] = "USD"
        yield with_keys(payment, random.randrange(3), random.randrange(4), random.randrange(5))


def with_keys(payment: dict[str, Any], card: int, email: int, ip: int) -> dict[str, Any]:
    """The payment on one of the shared cards, e-mails and IP addresses."""
    return {
        **payment,
        "credit_card": {**payment["credit_card"], "token": f"tok_shared_{card}"},
        "email": {"address": f"shared-{email}@example.com"},
        "device": {**payment["device"], "ip_address": f"81.2.69.{10 + ip}"},
    }


def _killed_under_load(server: Server, bodies: Sequence[bytes], random: Random) -> tuple[Sequence[bytes], Load]:
    load = Load([as_http(body, server.key) for body in bodies])
    delay = random.uniform(*KILL_AFTER_SECONDS)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        await load.run(server, CONNECTIONS, _KILLED_SECONDS_MAX, lambda: loop.call_later(delay, server.kill))
        await asyncio.to_thread(server.process.wait, _KILLED_SECONDS_MAX)

    asyncio.run(run())
    return bodies, load


def _retry(server: Server, killed: tuple[Sequence[bytes], Load], report: KillReport, random: Random) -> None:
    """Send what was left open, and some of what was acknowledged at any time, again."""
    bodies, load = killed
    for index, reply in load.replies.items():
        if reply.status != _OK or reply.is_replayed:
            report.faults.append(f"first answer {reply.status}, replayed {reply.is_replayed}: {reply.body!r}")
        report.answers[bodies[index]] = reply.body
    sampled = random.sample(list(report.answers), min(SAMPLED, len(report.answers)))
    left_open = [bodies[index] for index in range(load.sent) if index not in load.replies]
    again = [*left_open, *sampled]
    for index, reply in _answered(server, again, connections=4, report=report).items():
        body = again[index]
        if index < len(left_open):
            report.interrupted += 1
            report.interrupted_recorded += reply.is_replayed
            report.answers[body] = reply.body
        elif reply.body != report.answers[body] or not reply.is_replayed:
            report.faults.append(f"acknowledged, then changed: {report.answers[body]!r} became {reply.body!r}")


def _answered(server: Server, bodies: Sequence[bytes], *, connections: int, report: KillReport) -> dict[int, Reply]:
    """The answers to all bodies; one without an answer, or refused, is a fault."""
    load = Load([as_http(body, server.key) for body in bodies])
    asyncio.run(load.run(server, connections, _RETRY_SECONDS_MAX))
    if len(load.replies) != len(bodies):
        raise BenchFailed(f"{len(bodies) - len(load.replies)} retries were not answered: {server.said()}")
    report.faults.extend(f"{reply.status}: {reply.body!r}" for reply in load.replies.values() if reply.status != _OK)
    return load.replies


def _ledger_faults(report: KillReport) -> Iterator[str]:
    """Whether the ledger holds each acknowledged decision once, as it was answered, and nothing that was not sent."""
    held = Counter(record.key for record in report.records)
    yield from (f"{count} decisions on {key}" for key, count in held.items() if count > 1)
    sequences = Counter(record.sequence for record in report.records)
    yield from (f"sequence {sequence} given {count} times" for sequence, count in sequences.items() if count > 1)
    recorded = {record.id: record.answer for record in report.records}
    answered = {orjson.loads(body)["id"]: body for body in report.answers.values()}
    probed = {answer["id"] for answer in report.probe_answers}
    yield from (f"acknowledged and lost: {id_}" for id_ in answered.keys() - recorded.keys())
    yield from (f"never answered: {id_}" for id_ in recorded.keys() - answered.keys() - probed)
    yield from (f"recorded otherwise than answered: {id_}" for id_ in answered if recorded.get(id_) != answered[id_])
