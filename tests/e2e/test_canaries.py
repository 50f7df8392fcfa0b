"""Canaries: card numbers, CVVs, keys and addresses sent wherever a client can, then looked for wherever they could lie.

A real server logs at its most talkative; afterwards its log, every file of the data folder (WAL included), what its
records hold, /metrics and every refusal are searched.
"""

import http.client
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api.operator import operator_key, server_url
from engine.card_data import is_card_number
from engine.stores.sql.compression import decompressed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

START_SECONDS_MAX = 60.0
LEAST = b"""{"event": {"transaction_id": "least", "merchant_id": "shop-1"},
             "order": {"amount_minor": 1250, "currency": "USD"}}"""


def card_number(number: int) -> str:
    """One of many card numbers, no two alike in a way that one could be taken for the other."""
    body = f"4{739_100_000_000_00 + number * 7_919:014d}"
    return next(body + str(check) for check in range(10) if is_card_number(body + str(check)))


@dataclass(slots=True)
class Canaries:
    """What was sent and must not be found; `refusals` are the bodies of what was refused."""

    nowhere: dict[str, str] = field(default_factory=dict)
    """Canary to where it was sent."""
    not_logged: dict[str, str] = field(default_factory=dict)
    """The ledger may keep these: an address is a field, and an id is opaque (contract.md)."""
    refusals: list[tuple[int, bytes]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    drawn: int = 0

    def card(self, where: str) -> str:
        """A card number that nothing may keep."""
        self.drawn += 1
        return self._kept(card_number(self.drawn), where)

    def word(self, kind: str, where: str) -> str:
        """A CVV or a key's secret: a word that is like no other."""
        self.drawn += 1
        return self._kept(f"{kind}Canary{self.drawn:04d}", where)

    def key(self, where: str) -> str:
        """A key of the right shape that opens nothing."""
        self.drawn += 1
        secret = self._kept(f"SecretCanary{self.drawn:04d}".ljust(43, "x"), where)
        return f"assay_live_abcdefghijkl_{secret}"

    def id(self, where: str) -> str:
        """A card number in an id field: opaque, so the ledger keeps it, and the log never shows it."""
        self.drawn += 1
        number = card_number(self.drawn)
        self.not_logged[number] = where
        return number

    def address(self, where: str) -> str:
        """An e-mail address."""
        self.drawn += 1
        name = f"jane.canary{self.drawn:04d}"
        self.not_logged[name] = where
        return f"{name}@example.com"

    def _kept(self, canary: str, where: str) -> str:
        self.nowhere[canary] = where
        return canary


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls the server and keeps every refusal."""

    url: str
    key: str
    canaries: Canaries

    def call(self, method: str, path: str, body: bytes | None, name: str, **headers: str) -> tuple[int, bytes]:
        """One call; headers with `_` for `-`."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        given = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        given |= {header.replace("_", "-"): value for header, value in headers.items()}
        connection.request(method, path, body, given)
        response = connection.getresponse()
        answer = response.read() + repr(response.getheaders()).encode()
        connection.close()
        if response.status >= 400:
            self.canaries.refusals.append((response.status, answer))
        self.canaries.statuses[name] = response.status
        return response.status, answer

    def decide(self, name: str, *, transaction_id: str | None = None, **groups: Any) -> dict[str, Any]:
        """One payment with these groups laid over the least one."""
        body: dict[str, Any] = {
            "event": {"transaction_id": transaction_id or name, "merchant_id": "shop-1"},
            "order": {"amount_minor": 1250, "currency": "USD"},
        }
        for group, fields in groups.items():
            body[group] = {**body[group], **fields} if group in body else fields
        _, answer = self.call("POST", "/v1/decisions", json.dumps(body).encode(), name)
        found: dict[str, Any] = json.JSONDecoder().raw_decode(answer.decode())[0]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to look."""

    name: str
    content: bytes


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture(scope="module")
def places(canaries: Canaries, tmp_path_factory: pytest.TempPathFactory) -> list[Place]:
    """Everything that the server wrote and told after the canaries were sent."""
    folder = tmp_path_factory.mktemp("canaries")
    data, log = folder / "data", folder / "server.log"
    with running(data, log) as url:
        caller = Caller(url, operator_key(data), canaries)
        for send in (send_decisions, send_odd_names, send_ids, send_wrong_calls, send_keys, send_feedback):
            send(caller, canaries)
        _, metrics = caller.call("GET", "/metrics", None, "metrics")
        files = [Place(name=path.name, content=path.read_bytes()) for path in data.iterdir()]
    files += [Place(name=f"{path.name} after the stop", content=path.read_bytes()) for path in data.iterdir()]
    files.append(Place(name="records", content=records_in(data / "assay.db")))
    return [*files, Place(name="metrics", content=metrics), Place(name="log", content=log.read_bytes())]


def records_in(database: Path) -> bytes:
    """What the ledger keeps compressed, as it was: nothing would be found in it as it lies on the disk."""
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT payment, decision, answer FROM decisions").fetchall()
    connection.close()
    return b"\n".join(decompressed(kept) for row in rows for kept in row)


@contextmanager
def running(data: Path, log: Path) -> Iterator[str]:
    """`assay serve` on a folder and a free port, logging all it can."""
    command = [sys.executable, "-P", "-c", "from api.cli import main; main()", "serve", "--port", "0"]
    environment = {**os.environ, "ASSAY_DATA": str(data), "ASSAY_LOG": "debug"}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)
    try:
        ends = time.monotonic() + START_SECONDS_MAX
        while (url := server_url(data)) is None or b'"ready"' not in log.read_bytes():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < ends
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(30)
    assert process.returncode == 0, log.read_text()


def send_decisions(caller: Caller, canaries: Canaries) -> None:
    card = canaries.card
    spaced = " ".join((number := card("custom, spaced"))[at : at + 4] for at in range(0, 16, 4))
    canaries.nowhere[spaced] = f"custom, spaced ({number})"
    sent: dict[str, dict[str, Any]] = {
        "token": {"credit_card": {"token": card("token")}},
        "token-glued": {"credit_card": {"token": f"tok_{card('glued token')}"}},
        "bin": {"credit_card": {"issuer_id_number": card("BIN")}},
        "last": {"credit_card": {"last_digits": card("last digits")}},
        "brand": {"credit_card": {"brand": card("brand")}},
        "cardholder": {"credit_card": {"cardholder_name": f"Jane {card('cardholder')}"}},
        "company": {"billing": {"company": card("company"), "address": f"Street {card('address')}"}},
        "city": {"shipping": {"city": f"City {card('city')}", "first_name": card("first name")}},
        "agent": {"device": {"user_agent": f"Mozilla {card('user agent')}", "accept_language": card("language")}},
        "ip": {"device": {"ip_address": card("IP address")}},
        "referrer": {"order": {"referrer_uri": f"https://shop.example/?card={card('referrer')}"}},
        "discount": {"order": {"discount_code": card("discount code")}},
        "cart": {"shopping_cart": [{"category": card("category"), "quantity": 1, "price": 1}]},
        "custom": {"custom": {"note": f"card {card('custom')} please", "points": int(card("custom number"))}},
        "custom-number": {"custom": {"number": card("custom field named number")}},
        "spaced": {"custom": {"note": spaced}},
        "email": {"email": {"address": f"{card('e-mail address')}@example.com"}},
        "currency": {"order": {"currency": card("currency")}},
        "stage": {"event": {"stage": card("stage")}},
        "time": {"event": {"time": card("time")}},
        "address": {"email": {"address": canaries.address("e-mail")}},
    }
    for name, groups in sent.items():
        caller.decide(name, **groups)


def send_odd_names(caller: Caller, canaries: Canaries) -> None:
    for number, name in enumerate(("cvv", "cvc2", "security_code", "cardCvv", "track2", "pin_block")):
        cvv = canaries.word("Cvv", name)
        caller.decide(f"cvv-{number}-card", credit_card={name: cvv})
        caller.decide(f"cvv-{number}-custom", custom={name: canaries.word("Cvv", f"custom {name}")})
        caller.decide(f"cvv-{number}-top", **{name: canaries.word("Cvv", f"top {name}")})
    caller.decide("number", credit_card={"number": canaries.card("number"), "exp_month": 1})
    caller.decide("top", card_number=canaries.card("unknown top field"))
    caller.decide("name", **{canaries.card("name of a top field"): "x"})
    caller.decide("custom-name", custom={canaries.card("name of a custom field"): "x"})
    caller.decide("group-name", device={canaries.card("name in a group"): "x"})
    caller.decide("deep", event={"x": {"y": [{"z": canaries.card("deep")}]}})


def send_ids(caller: Caller, canaries: Canaries) -> None:
    caller.decide("id", transaction_id=canaries.id("transaction id"))
    caller.decide("user", account={"user_id": canaries.id("user id")})
    caller.decide("session", device={"session_id": canaries.id("session id")})
    caller.call("POST", "/v1/decisions", LEAST, "header key", Idempotency_Key=canaries.id("Idempotency-Key"))
    # More than half of the last twenty: from then on they are refused, and the operator is told.
    for number in range(30):
        caller.decide(f"watched-{number}", transaction_id=canaries.id("watched transaction id"))


def send_wrong_calls(caller: Caller, canaries: Canaries) -> None:
    card = canaries.card
    for name, body in {
        "half": f'{{"event": {{"transaction_id": "{card("half a body")}"'.encode(),
        "form": f"card={card('a form')}".encode(),
        "bytes": b"\xff\xfe" + card("broken UTF-8").encode(),
        "list": json.dumps([card("a list")]).encode(),
        "text": json.dumps(card("a text")).encode(),
        "bare number": card("a bare number").encode(),
        "large": json.dumps({"x": card("a body that is too large") * 5_000}).encode(),
        "nested": b"[" * 5_000 + card("deep nesting").encode() + b"]" * 5_000,
        "twice": f'{{"event": 1, "event": "{card("a name twice")}"}}'.encode(),
        "nul": f'{{"event": {{"transaction_id": "\\u0000{card("beside a NUL")}"}}}}'.encode(),
    }.items():
        caller.call("POST", "/v1/decisions", body, name)
    caller.call("POST", f"/v1/decisions?card={card('query string')}", LEAST, "query")
    caller.call("GET", f"/v1/decisions/{card('path')}", None, "path")
    caller.call("GET", f"/{card('unknown path')}?x={canaries.address('query string')}", None, "unknown path")
    caller.call("DELETE", f"/v1/keys/{card('key id')}", None, "key id")
    caller.call("GET", f"/v1/decisions?transaction_id=x&cursor={card('cursor')}", None, "cursor")
    caller.call("GET", f"/v1/labels?as_of={card('as of')}", None, "as of")
    for header in (
        "X_Card",
        "X_Request_Id",
        "User_Agent",
        "Referer",
        "Cookie",
        "Traceparent",
        "Accept",
        "X_Forwarded_For",
    ):
        caller.call("GET", "/healthz", None, header, **{header: card(f"header {header}")})
    caller.call(card("method").translate(str.maketrans("0123456789", "ABCDEFGHIJ")), "/healthz", None, "method")
    caller.call("GET", "/metrics", None, "metrics query", Accept=f"text/plain;version={card('Accept')}")


def send_keys(caller: Caller, canaries: Canaries) -> None:
    stranger = Caller(caller.url, canaries.key("bearer"), canaries)
    stranger.decide("stranger")
    for name, authorization in {
        "basic": f"Basic {canaries.key('basic')}",
        "bare": canaries.key("without a scheme"),
        "long": f"Bearer {canaries.key('too long')}{'x' * 200}",
        "test": f"Bearer {canaries.key('test key').replace('live', 'test')}",
        "card": f"Bearer {canaries.card('bearer')}",
    }.items():
        caller.call("GET", "/v1/keys", None, name, Authorization=authorization)
    caller.call("GET", f"/v1/keys?key={canaries.key('query string')}", None, "key in the query")
    caller.call("GET", f"/{canaries.key('path')}", None, "key in the path")
    new = {"name": "shop", "merchants": ["shop-1"]}
    secret = "SecretCanaryInText".ljust(43, "x")
    canaries.not_logged[secret] = "a key in free text: the ledger keeps what a shop writes there"
    caller.decide("a key in free text", custom={"note": f"assay_live_abcdefghijkl_{secret}"})
    _, made = caller.call("POST", "/v1/keys", json.dumps(new).encode(), "a new key")
    canaries.nowhere[made.split(b"_")[3][:43].decode()] = "a new key's secret"
    canaries.nowhere.pop("", None)
    caller.call("POST", "/v1/keys", json.dumps({"name": 1, "x": canaries.card("wrong new key")}).encode(), "wrong key")


def send_feedback(caller: Caller, canaries: Canaries) -> None:
    card = canaries.card
    decision = caller.decide("fed-back")["id"]
    for name, outcome in {
        "type": {"type": card("outcome type")},
        "code": {"type": "declined", "decline_code": card("decline code")},
        "issuer": {"type": "declined", "issuer_response_code": card("issuer code")},
        "avs": {"type": "authorized", "avs_result": card("AVS"), "cvv_result": card("CVV result")},
        "when": {"type": "authorized", "occurred_at": card("outcome time")},
        "odd": {"type": "authorized", card("outcome field name"): "x", "note": card("outcome unknown field")},
        "cvv": {"type": "authorized", "cvv": canaries.word("Cvv", "outcome")},
        "currency": {"type": "refunded", "amount_minor": 1, "currency": card("outcome currency")},
    }.items():
        caller.call("POST", f"/v1/decisions/{decision}/outcome", json.dumps(outcome).encode(), f"outcome {name}")
    least = {"merchant_id": "shop-1", "transaction_id": "fed-back", "kind": "chargeback", "is_fraud": True}
    for name, label in {
        "source": {"source": card("label source"), "occurred_at": "2026-01-01T00:00:00Z"},
        "text": {"source": f"note {card('label source text')}", "occurred_at": "2026-01-02T00:00:00Z"},
        "kind": {"kind": card("label kind"), "occurred_at": "2026-01-01T00:00:00Z"},
        "when": {"occurred_at": card("label time")},
        "odd": {"occurred_at": "2026-01-03T00:00:00Z", "note": card("label unknown field")},
    }.items():
        caller.call("POST", "/v1/labels", json.dumps({**least, **label}).encode(), f"label {name}")


def found(places: list[Place], wanted: dict[str, str]) -> list[str]:
    return [
        f"{where}: {canary} in {place.name}"
        for canary, where in wanted.items()
        for place in places
        if canary.encode() in place.content
    ]


def test_the_canaries_were_taken_in(places: list[Place], canaries: Canaries) -> None:
    assert places
    assert len(canaries.nowhere) > 80
    taken = [name for name, status in canaries.statuses.items() if status in {200, 201}]
    refused = [name for name, status in canaries.statuses.items() if status >= 400]
    assert len(taken) > 15, canaries.statuses
    assert len(refused) > 40, canaries.statuses
    assert not [name for name, status in canaries.statuses.items() if status >= 500], canaries.statuses


def test_what_is_searched_would_show_a_canary(places: list[Place]) -> None:
    by_name = {place.name: place.content for place in places}
    assert b"jane.canary" in by_name["records"], "the address is in the ledger, where it belongs"
    assert b"shop-1" in by_name["assay.db after the stop"]
    assert by_name["assay.db-wal"], "the WAL is searched as it stands while the server runs"
    assert b"ids_look_like_card_numbers" in by_name["log"]
    assert b"assay_problems_total" in by_name["metrics"]


def test_no_card_number_cvv_or_secret_is_anywhere(places: list[Place], canaries: Canaries) -> None:
    assert not found(places, canaries.nowhere)


def test_no_address_and_no_id_is_in_the_log_or_the_metrics(places: list[Place], canaries: Canaries) -> None:
    told = [place for place in places if place.name in {"log", "metrics"}]
    assert not found(told, canaries.not_logged)


def test_no_refusal_repeats_what_was_sent(places: list[Place], canaries: Canaries) -> None:
    assert places
    refusals = [Place(name=f"a {status}", content=body) for status, body in canaries.refusals]
    assert len(refusals) > 40
    assert not found(refusals, canaries.nowhere | canaries.not_logged)


def test_the_operators_secret_is_in_its_file_alone(places: list[Place]) -> None:
    (secret,) = {place.content.rpartition(b"_")[2] for place in places if place.name == "operator.key"}
    assert [place.name for place in places if secret in place.content] == [
        name for name in (place.name for place in places) if name.startswith("operator.key")
    ]
