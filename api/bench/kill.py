"""kill -9 under load, restart, retry (R1): is anything lost, counted twice or changed?"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import orjson

from api.bench.installation import Server, shipped_settings, start_server
from api.bench.load import DECISIONS, Load, Reply, as_http
from api.bench.measure import BenchFailed
from api.bench.payments import payments
from api.wiring import assembled
from engine.ledger import DecisionRecord
from engine.outcome import Outcome

CONNECTIONS = 8
KILL_AFTER_SECONDS = (0.05, 0.8)
SAMPLED = 50
"""Acknowledged requests that are sent again after each restart."""
OUTCOMES = ((), (), (), ("declined",), ("authorized",), ("authorized", "refunded"))
"""What becomes of a payment that was decided, each as often as another."""
_PAYMENTS_A_KILL = 3_000
_RETRY_SECONDS_MAX = 30.0
_KILLED_SECONDS_MAX = 30.0
_KEPT = timedelta(days=30)
_TURNED_AWAY = frozenset({409, 429, 503})
"""Answers that say: again. On two shared cores a call may be out of time; that is no fault of the ledger's."""


class Ask(NamedTuple):
    """One request: for a decision, or telling an outcome of the decision that the path names."""

    path: str
    body: bytes

    @property
    def is_outcome(self) -> bool:
        """Whether an outcome is told."""
        return self.path != DECISIONS

    @property
    def status(self) -> int:
        """The answer's status when all is well."""
        return 201 if self.is_outcome else 200


@dataclass(slots=True, kw_only=True)
class KillReport:
    """What was sent and answered over all kills, what the ledger holds in the end, and every fault found.

    `answers` are the acknowledged answers by request. `interrupted` requests had no answer at a kill: of these
    `interrupted_recorded` were found recorded when sent again, the others were decided or recorded then.
    """

    kills: int = 0
    answers: dict[Ask, bytes] = field(default_factory=dict)
    interrupted: int = 0
    interrupted_recorded: int = 0
    probe_answers: list[dict[str, Any]] = field(default_factory=list)
    records: list[DecisionRecord] = field(default_factory=list)
    outcomes: list[tuple[Outcome, DecisionRecord]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Traffic(Load):
    """A closed loop that also tells what became of payments, and asks again what was turned away.

    `answers` holds the last answer by request, and `turned_away` the requests that an earlier answer turned away: their
    last one may be a replay.
    """

    def __init__(self, asks: Iterable[Ask], key: str, random: Random | None = None) -> None:
        """`random` says what becomes of a payment; without it, nothing."""
        self._made: list[bytes] = []
        super().__init__(self._made)
        self.answers: dict[Ask, Reply] = {}
        self.turned_away: set[Ask] = set()
        self._asked: list[Ask] = []
        self._asks = iter(asks)
        self._soon: deque[Ask] = deque()
        self._key = key
        self._random = random
        self._learnt = 0

    @property
    def left_open(self) -> list[Ask]:
        """What was sent and not answered yet, each once."""
        return [ask for ask in dict.fromkeys(self._asked[: self.sent]) if ask not in self.answers]

    def free(self, connection: Any) -> None:  # noqa: ANN401 - the base's own class
        """Learn from the answer that came, and send what is next."""
        if len(self.replies) > self._learnt:
            self._learnt += 1
            self._learn(*next(reversed(self.replies.items())))
        ask = self._soon.popleft() if self._soon else next(self._asks, None)
        if ask is not None:
            self._asked.append(ask)
            self._made.append(as_http(ask.body, self._key, ask.path))
        super().free(connection)

    def _learn(self, index: int, reply: Reply) -> None:
        ask = self._asked[index]
        if reply.status in _TURNED_AWAY:
            self.turned_away.add(ask)
            self._soon.append(ask)
            return
        self.answers[ask] = reply
        if self._random is not None and not ask.is_outcome and reply.status == ask.status:
            path = f"{DECISIONS}/{orjson.loads(reply.body)['id']}/outcome"
            self._soon.extend(Ask(path, orjson.dumps({"type": type_})) for type_ in self._random.choice(OUTCOMES))


def kill_repeatedly(folder: Path, kills: int, seed: int, at: datetime, probes: Sequence[bytes] = ()) -> KillReport:
    """Kill a server on the folder so many times under load, restart it each time and send again what it left open.

    The load is payments, and outcomes of those that were acknowledged. After the last restart the `probes` are sent,
    one after the other; then the server is stopped and its ledger read.
    """
    random = Random(seed)  # noqa: S311 - the same moments for one seed, no secret
    report = KillReport()
    asks = (Ask(DECISIONS, orjson.dumps(payment)) for payment in shared_payments(seed, at))
    server = start_server(folder)
    try:
        for _ in range(kills):
            traffic = _killed_under_load(server, list(islice(asks, _PAYMENTS_A_KILL)), random)
            report.kills += 1
            server = start_server(folder)
            _retry(server, traffic, report, random)
        asked = _answered(server, [Ask(DECISIONS, body) for body in probes], connections=1, report=report)
        report.probe_answers = [orjson.loads(reply.body) for reply in asked.values()]
    finally:
        server.stop()
    with assembled(shipped_settings(folder)) as assembly:
        report.records = list(assembly.ledger.recent(_KEPT))
        report.outcomes = list(assembly.outcomes.recent(_KEPT))
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


def _killed_under_load(server: Server, asks: Sequence[Ask], random: Random) -> Traffic:
    traffic = Traffic(asks, server.key, random)
    delay = random.uniform(*KILL_AFTER_SECONDS)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        await traffic.run(server, CONNECTIONS, _KILLED_SECONDS_MAX, lambda: loop.call_later(delay, server.kill))
        await asyncio.to_thread(server.process.wait, _KILLED_SECONDS_MAX)

    asyncio.run(run())
    return traffic


def _retry(server: Server, traffic: Traffic, report: KillReport, random: Random) -> None:
    """Send what was left open, and some of what was acknowledged at any time, again."""
    for ask, reply in traffic.answers.items():
        if reply.status != ask.status or (reply.is_replayed and ask not in traffic.turned_away):
            report.faults.append(f"first answer {reply.status}, replayed {reply.is_replayed}: {reply.body!r}")
        report.answers[ask] = reply.body
    sampled = random.sample(list(report.answers), min(SAMPLED, len(report.answers)))
    left_open = set(traffic.left_open)
    for ask, reply in _answered(server, [*traffic.left_open, *sampled], connections=4, report=report).items():
        if ask in left_open:
            report.interrupted += 1
            report.interrupted_recorded += reply.is_replayed
            report.answers[ask] = reply.body
        elif reply.body != report.answers[ask] or not reply.is_replayed:
            report.faults.append(f"acknowledged, then changed: {report.answers[ask]!r} became {reply.body!r}")


def _answered(server: Server, asks: Sequence[Ask], *, connections: int, report: KillReport) -> Mapping[Ask, Reply]:
    """The answers to all requests; one without an answer, or refused, is a fault."""
    traffic = Traffic(asks, server.key)
    asyncio.run(traffic.run(server, connections, _RETRY_SECONDS_MAX))
    if len(traffic.answers) != len(asks):
        raise BenchFailed(f"{len(asks) - len(traffic.answers)} retries were not answered: {server.said()}")
    for ask, reply in traffic.answers.items():
        if reply.status != ask.status:
            report.faults.append(f"{reply.status}: {reply.body!r}")
    return traffic.answers


def _ledger_faults(report: KillReport) -> Iterator[str]:
    """Whether the ledger holds all that was acknowledged once, as it was answered, and nothing that was not sent."""
    yield from _repeated("decisions on", (record.key for record in report.records))
    yield from _repeated("payments with sequence", (record.sequence for record in report.records))
    yield from _repeated("reports of", ((told.decision_id, told.fingerprint) for told, _ in report.outcomes))
    probed = {answer["id"] for answer in report.probe_answers}
    decisions = {record.id: record.answer for record in report.records if record.id not in probed}
    outcomes = {told.id: told.answer for told, _ in report.outcomes}
    answered = {orjson.loads(body)["id"]: body for body in report.answers.values()}
    recorded = decisions | outcomes
    yield from (f"acknowledged and lost: {id_}" for id_ in answered.keys() - recorded.keys())
    yield from (f"never answered: {id_}" for id_ in recorded.keys() - answered.keys())
    yield from (f"recorded otherwise than answered: {id_}" for id_ in answered if recorded.get(id_) != answered[id_])


def _repeated(what: str, each: Iterable[object]) -> Iterator[str]:
    return (f"{count} {what} {one}" for one, count in Counter(each).items() if count > 1)
