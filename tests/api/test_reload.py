"""Hot reload: real files replaced under concurrent decisions; none is dropped, and each names what decided it."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from api.app import create_app
from api.keys import new_key
from api.parts import Part
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import Scope
from engine.catalog import CATALOG
from engine.custom import CustomField, CustomType
from engine.ledger import VersionKind
from engine.policy import Policy
from engine.reference.forwarders import EMBEDDED_FORWARDERS
from engine.reference.ip import EMBEDDED_IP_COUNTRIES
from engine.reference.rates import EMBEDDED_RATES
from engine.rules import default_source, parse_ruleset
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BINS = "BIN,Brand,Type,Category,Issuer,isoCode2\n{0},VISA,CREDIT,,A BANK,US\n"


def rules(number: int) -> str:
    """A ruleset that differs by number."""
    return f'[[rule]]\nid = "r"\nname = "R"\ntext = "Review if cart_quantity > {number}"\nreason = "R"\n'


def replace_file(path: Path, content: str | bytes) -> None:
    """As an operator does it: written beside, renamed over."""
    staged = path.with_suffix(".new")
    staged.write_bytes(content.encode() if isinstance(content, str) else content)
    staged.replace(path)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    shutil.copy(EMBEDDED_IP_COUNTRIES, tmp_path / "ip.mmdb")
    shutil.copy(EMBEDDED_RATES, tmp_path / "rates.csv")
    shutil.copy(EMBEDDED_FORWARDERS, tmp_path / "forwarders.csv")
    (tmp_path / "bins.csv").write_text(BINS.format(411111), encoding="utf-8")
    (tmp_path / "domains.csv").write_text("domain,kind\nthrow.example,disposable\n", encoding="utf-8")
    (tmp_path / "rules.toml").write_text(rules(0), encoding="utf-8")
    (tmp_path / "model.json").write_bytes(Scorecard(ITEMS, CATALOG, 0.02).content())
    return tmp_path


@pytest.fixture
def assembly(files: Path) -> Iterator[Assembly]:
    settings = Settings(
        data=files / "data",
        ip_database=files / "ip.mmdb",
        rates=files / "rates.csv",
        bin_table=files / "bins.csv",
        mail_domains=files / "domains.csv",
        forwarders=files / "forwarders.csv",
        ruleset=files / "rules.toml",
        model=files / "model.json",
    )
    with assembled(settings) as assembly:
        yield assembly


def key_for(assembly: Assembly, *, merchants: frozenset[str] | None = None, test_mode: bool = False) -> dict[str, str]:
    key, text = new_key(name="test", test_mode=test_mode, scopes=frozenset(Scope), merchants=merchants)
    assembly.keys.add_key(key)
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def operator(assembly: Assembly) -> TestClient:
    return TestClient(create_app(assembly), headers=key_for(assembly))


def payment() -> dict[str, Any]:
    return {
        "event": {"transaction_id": f"tx-{uuid4()}", "merchant_id": "shop-a"},
        "order": {"amount_minor": 4990, "currency": "USD"},
    }


def reload(operator: TestClient) -> dict[str, Any]:
    answer = operator.post("/v1/installation/reload")
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def decided(operator: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = operator.post("/v1/decisions", json=payment()).json()
    return answer


async def test_no_decision_is_dropped_while_everything_is_replaced(assembly: Assembly, files: Path) -> None:
    transport = httpx2.ASGITransport(app=create_app(assembly))
    headers = key_for(assembly)
    answers: list[httpx2.Response] = []
    is_over = asyncio.Event()

    async with httpx2.AsyncClient(transport=transport, base_url="http://assay", headers=headers) as client:

        async def decide() -> None:
            answers.append(await client.post("/v1/decisions", json={**payment(), "options": {"deadline_ms": 2000}}))

        async def decide_on() -> None:
            while not is_over.is_set():
                await decide()

        deciders = [asyncio.create_task(decide_on()) for _ in range(4)]
        hashes = [assembly.snapshot.ruleset.hash]
        for number in range(1, 4):
            replace_file(files / "rules.toml", rules(number))
            replace_file(files / "model.json", Scorecard(ITEMS, CATALOG, 0.02 + number / 1000).content())
            replace_file(files / "bins.csv", BINS.format(411111 + number))
            report = (await client.post("/v1/installation/reload", timeout=60)).json()
            assert report["is_sound"], report
            assert report["changed"] == ["bin_table", "model", "ruleset"]
            hashes.append(assembly.snapshot.ruleset.hash)
            # Some with these parts alone, before the next ones come.
            await asyncio.gather(*(decide() for _ in range(8)))
        is_over.set()
        await asyncio.gather(*deciders)
    assert {answer.status_code for answer in answers} == {200}
    named = [(answer.json()["ruleset"], answer.json()["model"]["id"]) for answer in answers]
    assert [each[0] for each in dict.fromkeys(named)] == hashes, "one after the other, never mixed"
    assert len({model for _, model in named}) == 4
    assert not any(answer.json()["degraded"] for answer in answers)


@pytest.mark.parametrize(
    ("part", "file", "content", "said"),
    [
        ("ruleset", "rules.toml", rules(1).replace("cart", "kart"), "no feature `kart_quantity`"),
        ("ruleset", "rules.toml", b"\xff\xfe", "cannot be read"),
        ("model", "model.json", b"{", "It is not JSON"),
        ("model", "model.json", Scorecard(ITEMS, CATALOG).content().replace(b'"base":-', b'"base":'), "/base: "),
        ("ip_database", "ip.mmdb", b"no database", "corrupt or truncated"),
        ("bin_table", "bins.csv", "BIN\n", "bins.csv"),
        ("mail_domains", "domains.csv", "domain,kind\nexample.com,bad\n", "line 2, column kind: it is one of"),
        ("forwarders", "forwarders.csv", "country,postal,street,name\nUS,,,x\n", "line 2: give a country"),
        ("rates", "rates.csv", "date,currency,usd_per_unit\n2026-01-01,EUR,-1\n", "usd_per_unit"),
    ],
)
def test_of_what_fails_its_checks_the_last_good_one_stays(
    assembly: Assembly, operator: TestClient, files: Path, part: str, file: str, content: str | bytes, said: str
) -> None:
    before = decided(operator)
    replace_file(files / file, content)
    if part != "ruleset":
        replace_file(files / "rules.toml", rules(7))
    with capture_logs() as logs:
        report = reload(operator)
    faults = {each["part"]: each["fault"] for each in report["parts"] if each["fault"]}
    assert list(faults) == [part]
    assert said in faults[part]
    assert file in faults[part]
    assert not report["is_sound"]
    assert report["changed"] == ([] if part == "ruleset" else ["ruleset"]), "the others are put in force"
    assert [(entry["event"], entry["part"]) for entry in logs] == [("part_not_activated", part)]
    after = decided(operator)
    assert (after["data_versions"], after["model"], after["degraded"]) == (
        before["data_versions"],
        before["model"],
        [],
    )
    assert (after["ruleset"] == before["ruleset"]) == (part == "ruleset")
    assert {state.part for state in assembly.state() if state.fault} == {Part(part)}
    assert not operator.get("/v1/installation").json()["is_sound"]


def test_a_file_that_is_mended_is_taken_at_the_next_reload(
    assembly: Assembly, operator: TestClient, files: Path
) -> None:
    (files / "model.json").unlink()
    assert not reload(operator)["is_sound"]
    replace_file(files / "model.json", Scorecard(ITEMS, CATALOG, 0.03).content())
    report = reload(operator)
    assert (report["is_sound"], report["changed"]) == (True, ["model"])
    assert decided(operator)["model"] == {"id": Scorecard(ITEMS, CATALOG, 0.03).id, "role": "champion"}
    versions = assembly.snapshot.versions
    assert assembly.ledger.version(VersionKind.MODEL, versions.model) == Scorecard(ITEMS, CATALOG, 0.03).content()
    kept = assembly.ledger.version(VersionKind.RULESET, versions.ruleset)
    assert kept is not None
    assert parse_ruleset(kept.decode(), CATALOG, ()).hash == versions.ruleset


def test_a_model_that_cannot_be_used_at_start_gives_way_to_the_shipped_one(files: Path) -> None:
    settings = Settings(data=files / "data", model=files / "missing.json", fraud_rate=0.05)
    with capture_logs() as logs, assembled(settings) as assembly:
        operator = TestClient(create_app(assembly), headers=key_for(assembly))
        answer = decided(operator)
        assert answer["model"] == {"id": Scorecard(ITEMS, CATALOG, 0.05).id, "role": "fallback"}
        assert answer["degraded"] == ["model"]
        assert answer["risk_score"] is not None
        replace_file(files / "missing.json", Scorecard(ITEMS, CATALOG, 0.02).content())
        assert reload(operator)["is_sound"]
        assert (decided(operator)["model"]["role"], decided(operator)["degraded"]) == ("champion", [])
    assert [(entry["event"], entry["part"], entry["log_level"]) for entry in logs] == [
        ("part_not_activated", "model", "error")
    ]


def test_merchants_with_custom_fields_get_the_new_rules_too(operator: TestClient, files: Path) -> None:
    declared = [{"name": "tier", "type": "string"}]
    assert operator.put("/v1/policies/shop-a", json={"custom_fields": declared}).status_code == 200
    replace_file(files / "rules.toml", default_source())
    changed = reload(operator)
    ruleset = next(each["version"] for each in changed["parts"] if each["part"] == "ruleset")
    assert decided(operator)["ruleset"] == ruleset


async def test_policies_published_while_reloading_are_in_force_with_the_new_parts(
    assembly: Assembly, files: Path
) -> None:
    replace_file(files / "rules.toml", rules(3))
    policy = Policy(review_hours=5, custom_fields=(CustomField(name="tier", type=CustomType.STRING),))
    await asyncio.gather(
        assembly.reload(),
        *(assembly.snapshots.publish(f"shop-{number}", policy, at=NOON, by="key") for number in range(5)),
        assembly.reload(),
    )
    for number in range(5):
        snapshot = assembly.snapshots.of(f"shop-{number}")
        assert (snapshot.policy, snapshot.ruleset.hash) == (policy, assembly.snapshot.ruleset.hash)


def test_only_a_live_key_for_all_merchants_reloads(assembly: Assembly) -> None:
    app = create_app(assembly)
    for headers in (key_for(assembly, merchants=frozenset({"shop-a"})), key_for(assembly, test_mode=True)):
        client = TestClient(app, headers=headers)
        for refused in (client.post("/v1/installation/reload"), client.get("/v1/installation")):
            assert (refused.status_code, refused.json()["code"]) == (403, "key_too_narrow")


def test_the_parts_in_force_are_told(operator: TestClient) -> None:
    shown = operator.get("/v1/installation").json()
    assert [each["part"] for each in shown["parts"]] == list(Part)
    assert not any(each["is_shipped"] for each in shown["parts"])
    assert shown["is_sound"]
