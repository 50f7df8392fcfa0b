"""`assay replay`: a played day comes out byte for byte, and what was tampered with does not (law 1)."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from api.cli import app
from api.clock import monotonic_ns
from api.keys import new_key
from api.routes.decisions import call_of
from api.routes.keys import GATEWAY_SCOPES
from api.schemas import read_request
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.catalog import CATALOG
from engine.custom import CustomField, CustomType
from engine.decide import decide, snapshot_of
from engine.features import Catalog, Feature, Features, FeatureType
from engine.ledger import DecisionRecord, VersionKind
from engine.lists import NO_LISTS
from engine.payment import Order, Payment
from engine.payment_record import payment_bytes
from engine.policy import FailAction, Policy
from engine.replay import Replay, catalog_of_content, versions_of
from engine.rules import parse_ruleset
from engine.score import Score
from engine.stores.memory_ledger import MemoryLedger
from engine.stores.memory_lists import MemoryLists
from engine.stores.sql.compression import RecordPart, compressed, decompressed
from models.scorecard import Scorecard
from models.scorecard_file import scorecard_of
from tests.docs.demo_traffic import NOW, play_demo

RULES = """
[[rule]]
id = "vip"
name = "Gold members"
text = "Allow if ::tier:: = 'gold'"
reason = "A gold member"

[[rule]]
id = "points"
name = "Points"
text = "Score +30 if :amount_in_usd: > 100"
reason = "A large amount"

[[rule]]
id = "tagged"
name = "Tag"
text = "Tag 'big' if :amount_in_usd: > 100"
reason = "Large"
"""
CUSTOM = (
    CustomField(name="tier", type=CustomType.STRING),
    CustomField(name="Coupon Code", type=CustomType.STRING, is_velocity_key=True),
    CustomField(name="basket", type=CustomType.NUMBER),
)


def played(
    assembly: Assembly,
    moment: datetime,
    body: Mapping[str, Any],
    *,
    test_mode: bool = False,
    received_ns: int | None = None,
) -> dict[str, Any]:
    key, _ = new_key(name="x", test_mode=test_mode, scopes=GATEWAY_SCOPES, merchants=None)
    call = call_of(read_request(json.dumps(body).encode()), key, moment)
    answer: dict[str, Any] = orjson.loads(asyncio.run(assembly.pipeline.decide(call, received_ns)).body)
    return answer


def payment(number: int, stage: str = "pre_auth", **groups: Any) -> dict[str, Any]:
    return {
        "event": {"transaction_id": f"own-{number}", "merchant_id": "own-shop", "stage": stage},
        "order": {"amount_minor": 9_000 + 700 * number, "currency": "EUR"},
        "credit_card": {"token": f"tok_{number % 3}", "issuer_id_number": "411111"},
        "device": {"ip_address": "81.2.69.160"},
        **groups,
    }


def play_a_day(folder: Path, ruleset: Path) -> None:
    """Traffic of shops with and without a policy: stages, test values, custom fields, late and unscored decisions."""
    with assembled(Settings(data=folder)) as assembly:
        play_demo(assembly)
    with assembled(Settings(data=folder, ruleset=ruleset)) as assembly:
        policy = Policy(
            custom_fields=CUSTOM, block_at_percent=30, review_at_rule_score=30, fail_action=FailAction.REVIEW
        )
        asyncio.run(assembly.snapshots.publish("own-shop", policy, at=NOW, by="test"))
        at = NOW + timedelta(minutes=1)
        for number in range(12):
            custom = {"tier": "gold" if number % 4 == 0 else "iron", "Coupon Code": "X1", "basket": number / 7}
            played(assembly, at + timedelta(seconds=number), payment(number, custom=custom))
        played(assembly, at + timedelta(seconds=20), payment(1, "post_3ds", authentication={"trans_status": "N"}))
        late = played(assembly, at + timedelta(seconds=21), payment(90), received_ns=monotonic_ns() - 10**9)
        assert "deadline" in late["degraded"]
        for number, token in enumerate(("challenge", "highest", "no_score", "review")):
            test = payment(100 + number, credit_card={"token": f"tok_assay_{token}"})
            played(assembly, at + timedelta(seconds=30), test, test_mode=True)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replay")
    (folder / "rules.toml").write_text(RULES)
    play_a_day(folder / "data", folder / "rules.toml")
    return folder / "data"


@pytest.fixture
def own_day(day: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(day, tmp_path / "data"))


def replayed(folder: Path, *options: str, code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["replay", "--data", str(folder), "--json", *options])
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_played_day_is_byte_equal(day: Path) -> None:
    found = replayed(day)
    assert found["replayed"] == found["same"] == 337 + 12 + 2 + 4
    shown = CliRunner().invoke(app, ["replay", "--data", str(day)])
    assert shown.stdout == "355 decisions replayed: 355 byte-equal\n"


def test_it_replays_beside_a_server_that_holds_the_folder(own_day: Path) -> None:
    with assembled(Settings(data=own_day)):
        assert replayed(own_day)["different"] == 0


def test_a_period_and_a_merchant_select(day: Path) -> None:
    first = (NOW + timedelta(minutes=1)).isoformat()
    assert replayed(day, "--from", first)["replayed"] == 18
    assert replayed(day, "--from", first, "--merchant", "own-shop")["replayed"] == 18
    assert replayed(day, "--to", first, "--merchant", "own-shop")["replayed"] == 0
    assert replayed(day, "--from", first, "--to", (NOW + timedelta(minutes=1, seconds=5)).isoformat())["replayed"] == 5
    assert replayed(day, "--from", "2026-11-23", "--to", "2026-11-24")["replayed"] > 18


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "yesterday"), "--from 'yesterday' is no time"),
        (("--from", "2026-11-24", "--to", "2026-11-23"), "is not before"),
        (("--to", "2026-13-01"), "--to '2026-13-01' is no time"),
    ],
)
def test_a_wrong_period_names_the_option_and_the_mend(day: Path, options: tuple[str, ...], words: str) -> None:
    result = CliRunner().invoke(app, ["replay", "--data", str(day), *options])
    assert result.exit_code == 1
    assert words in str(result.exception)


def tampered(folder: Path, sql: str, *parameters: object) -> None:
    connection = sqlite3.connect(folder / "assay.db")
    with connection:
        assert connection.execute(sql, parameters).rowcount > 0
    connection.close()


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> str:
    """Change one recorded decision; its id."""
    connection = sqlite3.connect(folder / "assay.db")
    id_, content = connection.execute("SELECT id, decision FROM decisions ORDER BY position DESC").fetchone()
    connection.close()
    said = orjson.loads(decompressed(content))
    change(said)
    kept = compressed(RecordPart.DECISION, orjson.dumps(said))
    tampered(folder, "UPDATE decisions SET decision = ? WHERE id = ?", kept, id_)
    return str(id_)


def test_a_tampered_action_is_found(own_day: Path) -> None:
    id_ = rewrite(own_day, lambda said: said.update(action="allow"))
    found = replayed(own_day, code=1)
    assert found["differences"] == [{"decision_id": id_, "field": "action"}]
    shown = CliRunner().invoke(app, ["replay", "--data", str(own_day)])
    assert shown.exit_code == 1
    assert f"{id_}  action" in shown.stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda said: said["features"].__setitem__(CATALOG.position("risk_score"), 1.0), "features/risk_score"),
        (lambda said: said.update(rules="f" + said["rules"][1:] + "f"), "rules"),
        (lambda said: said.update(extra=1), "extra"),
        (lambda said: said["features"].pop(), "values for"),
        (lambda said: said.update(versions="0" * 16), "does not keep the snapshot 0000000000000000"),
        (lambda said: said.pop("features"), "no decision"),
        (lambda said: said["features"].__setitem__(CATALOG.position("amount_in_usd"), "x"), "cannot be decided again"),
    ],
)
def test_what_else_was_tampered_with_is_named(
    own_day: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    rewrite(own_day, change)
    ((field, count),) = replayed(own_day, code=1)["by_field"].items()
    assert words in field
    assert count == 1


@pytest.mark.parametrize("kind", list(VersionKind))
def test_a_version_that_is_not_kept_any_more_is_named(own_day: Path, kind: VersionKind) -> None:
    tampered(own_day, "DELETE FROM versions WHERE kind = ?", kind.value)
    found = replayed(own_day, code=1)
    assert found["same"] == 0
    assert all(f"does not keep the {kind} " in field for field in found["by_field"])


@pytest.mark.parametrize("kind", list(VersionKind))
def test_a_version_whose_content_was_swapped_is_named(own_day: Path, kind: VersionKind) -> None:
    contents: dict[VersionKind, Callable[[bytes], bytes]] = {
        VersionKind.SNAPSHOT: replace_data,
        VersionKind.CATALOG: lambda content: content.replace(b'"unit":"USD"', b'"unit":"EUR"'),
        VersionKind.RULESET: lambda content: content.replace(b'reason = "', b'reason = "Once, '),
        VersionKind.POLICY: lambda content: content.replace(b'"review_hours":24', b'"review_hours":25'),
        VersionKind.MODEL: lambda content: content.replace(b'"speaks_for":""', b'"speaks_for":"x"'),
    }
    connection = sqlite3.connect(own_day / "assay.db")
    with connection:
        rows = connection.execute("SELECT version, content FROM versions WHERE kind = ?", (kind.value,)).fetchall()
        for version, content in rows:
            changed = contents[kind](content)
            assert changed != content
            connection.execute("UPDATE versions SET content = ? WHERE version = ?", (changed, version))
    connection.close()
    found = replayed(own_day, code=1)
    assert found["same"] == 0
    assert all(f"keeps as the {kind} " in field for field in found["by_field"])


def test_what_an_older_version_recorded_is_told_apart_from_what_differs(own_day: Path) -> None:
    connection = sqlite3.connect(own_day / "assay.db")
    (said,) = connection.execute("SELECT content FROM versions WHERE kind = 'policy'").fetchone()
    (named,) = connection.execute("SELECT content FROM versions WHERE kind = 'snapshot'").fetchone()
    old = orjson.dumps({**orjson.loads(said), "fail_allow_up_to_usd_cents": 5000})
    policy = sha256(old).hexdigest()[:16]
    versions = orjson.dumps({**orjson.loads(named), "policy": policy})
    snapshot = sha256(versions).hexdigest()[:16]
    with connection:
        for kind, version, content in (("policy", policy, old), ("snapshot", snapshot, versions)):
            connection.execute("INSERT INTO versions VALUES (?, ?, ?)", (kind, version, content))
    connection.close()
    rewrite(own_day, lambda decision: decision.update(versions=snapshot))
    found = replayed(own_day, code=1)
    assert (found["same"], found["different"], found["too_old"]) == (354, 0, 1)
    shown = CliRunner().invoke(app, ["replay", "--data", str(own_day)])
    assert shown.exit_code == 1
    assert "1 NOT REPLAYED, recorded by a version of Assay too old for this one" in shown.stdout
    assert f"{policy} says what this version of Assay does not know (/fail_allow_up_to_usd_cents)" in shown.stdout
    assert "DIFFER" not in shown.stdout


@pytest.mark.parametrize("column", ["decision", "payment", "answer"])
def test_a_damaged_record_is_named_and_the_others_are_replayed(own_day: Path, column: str) -> None:
    connection = sqlite3.connect(own_day / "assay.db")
    (id_,) = connection.execute("SELECT id FROM decisions WHERE position = 7").fetchone()
    connection.close()
    other = rewrite(own_day, lambda said: said.update(action="allow"))
    tampered(own_day, f"UPDATE decisions SET {column} = substr({column}, 1, 50) WHERE id = ?", id_)  # noqa: S608 - ours
    found = replayed(own_day, code=1)
    assert (found["replayed"], found["same"], found["damaged"]) == (354, 353, 1)
    assert found["damaged_decisions"] == [id_]
    assert found["differences"] == [{"decision_id": other, "field": "action"}]
    shown = CliRunner().invoke(app, ["replay", "--data", str(own_day)])
    assert shown.exit_code == 1
    assert f"1 NOT REPLAYED, their records are damaged: restore a backup of the database.\n{id_}\n" in shown.stdout


def replace_data(content: bytes) -> bytes:
    said = orjson.loads(content)
    return orjson.dumps({**said, "data": {**said["data"], "rates": "another"}})


def test_a_scorer_that_is_not_deterministic_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest, calls = Scorecard.score, iter(range(1_000))

    def wobbling(self: Scorecard, features: Features) -> Score:
        score = honest(self, features)
        return replace(score, probability=score.probability * (1 + next(calls) % 2 * 1e-9))

    with monkeypatch.context() as planted, assembled(Settings(data=tmp_path / "data")) as assembly:
        planted.setattr(Scorecard, "score", wobbling)
        for number in range(6):
            played(assembly, NOW + timedelta(seconds=number), payment(number))
    found = replayed(tmp_path / "data", code=1)
    assert (found["same"], found["by_field"]) == (3, {"score": 3})


def test_a_decision_of_another_catalogue_is_replayed_by_it(assembly: Assembly) -> None:
    old = Feature(name="moon_phase", type=FeatureType.STRING, doc="Dropped since.", source="enrichment clock")
    catalog = Catalog((old, *CATALOG))
    ruleset_text = """
        [[rule]]
        id = "moon"
        name = "Moon"
        text = "Block if :moon_phase: = 'full'"
        reason = "The moon was {moon_phase}"
    """
    ledger, reference = MemoryLedger(), assembly.snapshot.reference
    scorer = Scorecard(assembly_items(assembly), catalog, role="champion")
    ruleset = parse_ruleset(ruleset_text, catalog, ())
    snapshot = snapshot_of(ruleset=ruleset, lists=NO_LISTS, scorer=scorer, policy=Policy(), reference=reference)
    record = recorded(snapshot_features(catalog), snapshot)
    asyncio.run(ledger.append(record))
    for kind, version, content in (
        (VersionKind.SNAPSHOT, snapshot.versions.id, snapshot.versions.content()),
        (VersionKind.CATALOG, catalog.fingerprint, catalog.content()),
        (VersionKind.RULESET, ruleset.hash, ruleset_text.encode()),
        (VersionKind.POLICY, Policy().version, Policy().content()),
        (VersionKind.MODEL, scorer.id, scorer.content()),
    ):
        ledger.keep_version(kind, version, content)
    replay = Replay(ledger, lambda content, of, role: scorecard_of(content, of, role=role), reference, MemoryLists())
    (result,) = replay.of(ledger.between(NOW, NOW + timedelta(seconds=1)))
    assert result.difference is None
    assert orjson.loads(record.decision)["action"] == "block"


def assembly_items(assembly: Assembly) -> Any:
    scorer = assembly.snapshot.scorer
    assert isinstance(scorer, Scorecard)
    return scorer.items


def snapshot_features(catalog: Catalog) -> Features:
    values: dict[str, Any] = {"moon_phase": "full", "amount_in_usd": 1234}
    return Features(catalog, tuple(values.get(feature.name) for feature in catalog))


def recorded(features: Features, snapshot: Any) -> DecisionRecord:
    paid = Payment(transaction_id="t", merchant_id="m", at=NOW, order=Order(amount_minor=1234, currency="USD"))
    return DecisionRecord(
        id="dec_1",
        key=paid.key,
        at=NOW,
        sequence=1,
        counted_at=NOW,
        idempotency_key=None,
        fingerprint=b"",
        payment=payment_bytes(paid),
        decision=decide(paid, features, snapshot).canonical(),
        answer=b"",
    )


def test_catalogues_and_versions_are_read_back_as_they_were(assembly: Assembly) -> None:
    again = catalog_of_content(CATALOG.content())
    assert (again.fingerprint, again.content()) == (CATALOG.fingerprint, CATALOG.content())
    versions = assembly.snapshot.versions
    assert versions_of(versions.content()) == versions
