"""Rulesets over HTTP amid decisions: two at once, approval, modes, replay, what leaves the rules before in force."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient

from api.app import create_app
from api.settings import RulesApproval, Settings
from api.wiring import Assembly, assembled
from engine.decision import is_in_share, recorded_decision
from engine.errors import LedgerUnavailable
from engine.replay import Replay
from engine.rules import Content, Declared, Ruleset
from engine.rulesets import Publication
from models.scorecard_file import scorecard_of
from tests.api.ruleset_calls import NOTHING, WRITER, Body, call, client_of, decided, publish, rule, standing

MakeClient = Callable[..., TestClient]


@pytest.fixture(scope="module")
def writer(make_client: MakeClient) -> TestClient:
    """A key for all merchants that may not change the operator's rules."""
    return make_client(scopes=WRITER)


@pytest.fixture
def shop() -> str:
    return f"shop-{uuid4()}"


async def test_of_two_who_publish_at_once_one_wins(tmp_path: Path, shop: str) -> None:
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as operator:
        headers = {"authorization": str(operator.headers["authorization"]), "if-match": f'"{NOTHING}"'}
        client = AsyncClient(transport=ASGITransport(create_app(assembly)), base_url="http://assay")
        wanted = [
            client.post(
                "/v1/rulesets/publish",
                params={"merchant_id": shop},
                json={"rules": [rule(f"rule-{number}")]},
                headers=headers,
            )
            for number in range(8)
        ]
        answers = await asyncio.gather(*wanted)
        await client.aclose()
        (kept,) = assembly.rules.rulesets.history(shop, before=None, limit=9)
    assert sorted(each.status_code for each in answers) == [200, *[412] * 7]
    (won,) = [each.json() for each in answers if each.status_code == 200]
    assert kept.version == won["version"]


def test_the_operators_rules_hold_for_all_and_the_file_until_then(tmp_path: Path, body: Body) -> None:
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as operator:
        publish(operator, "shop-a", rule("own", "Allow if amount_in_usd > 1000"), off=["cvc-mismatch"])
        published = publish(operator, None, rule("must", mandatory=True), rule("cvc-mismatch"))
        assert published.json()["merchant_id"] is None
        assert decided(operator, body, "shop-a")["action"] == "block", "an allow rule stands below a mandatory one"
        shown = operator.get("/v1/rules", params={"merchant_id": "shop-a"}).json()["rules"]
        assert [(each["id"], each["origin"], each["standing"]) for each in shown] == [
            ("cvc-mismatch", "default", "switched_off"),
            ("must", "mandatory", "in_force"),
            ("own", "own", "in_force"),
        ]
        part = next(each for each in operator.get("/v1/installation").json()["parts"] if each["part"] == "ruleset")
        assert part["version"] == decided(operator, body, "shop-b")["ruleset"]
        assert operator.post("/v1/installation/reload").json()["changed"] == []
        assert decided(operator, body, "shop-b")["action"] == "block"
        taken = publish(operator, "shop-a", rule("must"), off=["must"])
        assert [(each["pointer"], each["code"]) for each in taken.json()["errors"]] == [
            ("/rules/0/id", "name_taken"),
            ("/switched_off/0", "not_allowed"),
        ]
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as operator:
        assert decided(operator, body, "shop-a")["reasons"][0]["code"] == "must"
        back = operator.post("/v1/rulesets/rollback", json={"number": 0}).json()
        assert (back["number"], len(back["content"]["rules"])) == (2, len(assembly.snapshots.parts.ruleset.rules))
        assert decided(operator, body, "shop-a")["action"] == "allow"


def test_a_second_key_approves(tmp_path: Path, body: Body) -> None:
    settings = Settings(data=tmp_path / "data", rules_approval=RulesApproval.ALL)
    with assembled(settings) as assembly, client_of(assembly) as author, client_of(assembly) as other:
        waiting = publish(author, "shop-a", rule("big")).json()
        assert (waiting["number"], waiting["state"]) == (1, "awaiting_approval")
        assert decided(author, body, "shop-a")["action"] != "block"
        stands = standing(author, "shop-a")
        assert (stands["in_force"]["number"], stands["awaiting_approval"]["number"]) == (0, 1)
        own = call(author, "approve", "shop-a", number=1)
        assert (own.status_code, own.json()["code"]) == (409, "approval_refused")
        over = publish(other, "shop-a", rule("other"), headers={"If-Match": f'"{NOTHING}"'})
        assert (over.status_code, "awaits approval" in over.json()["detail"]) == (412, True)
        back = call(author, "rollback", "shop-a", number=1)
        assert (back.status_code, back.json()["errors"][0]["pointer"]) == (422, "/number")
    with assembled(settings) as assembly, client_of(assembly) as author, client_of(assembly) as other:
        approved = call(other, "approve", "shop-a", number=1).json()
        assert (approved["state"], approved["approved_by"] != approved["published_by"]) == ("in_force", True)
        assert decided(author, body, "shop-a")["action"] == "block"
        publish(author, "shop-a", rule("two"))
        publish(author, "shop-a", rule("three"))
        listed = author.get("/v1/rulesets/history", params={"merchant_id": "shop-a"}).json()["data"]
        assert [each["state"] for each in listed] == ["awaiting_approval", "not_approved", "in_force"]
        assert call(other, "approve", "shop-a", number=2).status_code == 409
        back = call(author, "rollback", "shop-a", number=1).json()
        assert (back["number"], back["state"]) == (4, "in_force"), "what was in force needs no approval again"
        assert call(other, "approve", "shop-a", number=3).status_code == 409


def test_whose_rules_await_approval_is_a_setting(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", rules_approval=RulesApproval.OPERATOR)
    with assembled(settings) as assembly, client_of(assembly) as operator:
        assert publish(operator, "shop-a", rule("big")).json()["state"] == "in_force"
        assert publish(operator, None, rule("big")).json()["state"] == "awaiting_approval"


def test_figures_that_ask_for_a_second_look_must_be_confirmed(tmp_path: Path) -> None:
    asked: list[tuple[str | None, int]] = []

    async def guard(owner: str | None, ruleset: Ruleset) -> Mapping[str, object] | None:
        asked.append((owner, len(ruleset.content.rules)))
        return {"blocked_percent": 31.5} if any(each.id == "much" for each in ruleset.rules) else None

    with assembled(Settings(data=tmp_path / "data")) as assembly:
        guarded = replace(assembly, rules=replace(assembly.rules, guard=guard))
        with client_of(guarded) as operator:
            shipped = len(assembly.snapshot.ruleset.rules)
            assert publish(operator, "shop-a", rule("little")).status_code == 200
            refused = publish(operator, "shop-a", rule("much"))
            assert (refused.status_code, refused.json()["code"]) == (409, "confirmation_required")
            assert refused.json()["figures"] == {"blocked_percent": 31.5}
            assert standing(operator, "shop-a")["in_force"]["number"] == 1
            assert asked == [("shop-a", shipped + 1)] * 2
            assert publish(operator, "shop-a", rule("much"), confirm=True).json()["number"] == 2
            assert len(asked) == 2


def test_decisions_under_every_mode_are_replayed_byte_for_byte_after_the_rules_changed(
    tmp_path: Path, body: Body
) -> None:
    start = datetime.now(UTC)
    times = [start]
    half: dict[str, Any] = {"mode": "rollout", "rollout_percent": 50}
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly, lambda: times[0]) as client:
        names = [f"tx-{number}" for number in range(12)]
        ends = (start + timedelta(hours=1)).isoformat()
        rulesets: tuple[list[dict[str, Any]], ...] = (
            [
                rule("half", **half),
                rule("off", mode="paused"),
                rule("later", mode="draft"),
            ],
            [rule("half", **half, expires_at=ends)],
            [rule("ends", expires_at=ends), rule("half", mode="shadow")],
            [],
        )
        for step, rules in enumerate(rulesets):
            assert publish(client, "shop-a", *rules).status_code == 200
            for at in (start, start + timedelta(hours=2)):
                times[0] = max(times[0], at)
                for name in names:
                    answer = decided(client, body, "shop-a", transaction_id=f"{name}-{step}-{at.hour}-{at.day}")
                    acts = is_in_share("half", answer["transaction_id"], 50)
                    if step == 0:
                        assert (answer["action"] == "block") == acts
                        told = next(each for each in answer["rules"] if each["id"] == "half")
                        assert (told["result"], told["mode"]) == (True, "live" if acts else "shadow")
                        assert {each["id"] for each in answer["rules"]}.isdisjoint({"off", "later"})
        replay = Replay(
            assembly.ledger,
            lambda content, catalog, role: scorecard_of(content, catalog, role=role),
            assembly.snapshot.reference,
            assembly.lists.store,
        )
        replayed = list(replay.of(assembly.ledger.recent(timedelta(days=1))))
    assert [each.difference for each in replayed] == [None] * len(names) * 8
    letters = {orjson.loads(each.record.decision)["rules"] for each in replayed}
    assert any("T" in each for each in letters)
    assert any("t" in each for each in letters)
    assert len({recorded_decision(each.record.decision).versions_id for each in replayed}) == 4


def test_a_rule_that_expired_lets_the_next_payment_pass(tmp_path: Path, body: Body) -> None:
    now = [datetime.now(UTC)]
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly, lambda: now[0]) as client:
        publish(client, "shop-a", rule("ends", expires_at=(now[0] + timedelta(minutes=1)).isoformat()))
        assert decided(client, body, "shop-a")["action"] == "block"
        now[0] += timedelta(minutes=1)
        answer = decided(client, body, "shop-a")
        assert answer["action"] != "block"
        told = next(each for each in answer["rules"] if each["id"] == "ends")
        assert (told["result"], told["mode"]) == (True, "shadow")


def test_a_policy_that_would_break_the_merchants_rules_is_refused(writer: TestClient, body: Body, shop: str) -> None:
    declared = {"custom_fields": [{"name": "tier", "type": "string"}]}
    early = publish(writer, shop, rule("gold", "Block if custom_tier = 'gold'"))
    assert early.json()["errors"][0]["code"] == "unknown_name"
    assert writer.put(f"/v1/policies/{shop}", json=declared).status_code == 200
    assert publish(writer, shop, rule("gold", "Block if custom_tier = 'gold'")).status_code == 200
    asked = body(event={"transaction_id": f"tx-{uuid4()}", "merchant_id": shop}, custom={"tier": "gold"})
    assert writer.post("/v1/decisions", json=asked).json()["action"] == "block"
    for query in ("", "?dry_run=true"):
        refused = writer.put(f"/v1/policies/{shop}{query}", json={})
        assert (refused.status_code, refused.json()["code"]) == (422, "policy_invalid")
        (fault,) = refused.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/custom_fields", "breaks_rules")
        assert "rule gold" in fault["detail"]


def test_what_is_not_durable_leaves_the_rules_before_in_force(
    writer: TestClient, body: Body, shop: str, assembly: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(published: object) -> None:
        raise LedgerUnavailable(f"no space for {published}")

    with monkeypatch.context() as broken:
        broken.setattr(assembly.rules.rulesets, "append", fail)
        assert publish(writer, shop, rule("big")).status_code == 503
    assert decided(writer, body, shop)["action"] != "block"
    assert standing(writer, shop)["in_force"]["number"] == 0
    assert publish(writer, shop, rule("big")).json()["number"] == 1


async def test_no_decision_is_dropped_while_rules_are_swapped(tmp_path: Path, body: Body, shop: str) -> None:
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as operator:
        headers = {"authorization": str(operator.headers["authorization"])}
        client = AsyncClient(transport=ASGITransport(create_app(assembly)), base_url="http://assay", headers=headers)

        async def decide(number: int) -> tuple[int, set[str]]:
            event = {"transaction_id": f"tx-{number}", "merchant_id": shop}
            asked = body(event=event, order={"amount_minor": 200_000, "currency": "USD"}, options={"explain": "full"})
            answer = await client.post("/v1/decisions", json=asked)
            return answer.status_code, {each["id"] for each in answer.json()["rules"]} & {"a", "b", "c"}

        async def swap(*names: str) -> int:
            wanted = {"rules": [rule(name) for name in names], "confirm": True}
            answer = await client.post("/v1/rulesets/publish", json=wanted, params={"merchant_id": shop})
            return answer.status_code

        swapping = asyncio.gather(swap("a", "b"), swap("b", "c"), swap("a", "c"))
        decisions = await asyncio.gather(*(decide(number) for number in range(60)))
        assert list(await swapping) == [200] * 3
        await client.aclose()
    assert {status for status, _ in decisions} == {200}
    whole = ({"a", "b"}, {"b", "c"}, {"a", "c"}, set[str]())
    assert all(found in whole for _, found in decisions), "a decision sees one ruleset, whole"


def test_rules_that_no_longer_check_are_shown_as_left_out(tmp_path: Path) -> None:
    gone = "Block if feature_of_an_older_version > 5"
    with assembled(Settings(data=tmp_path / "data")) as assembly:
        for owner in ("shop-a", None):
            declared = [
                Declared(label="", id=f"{name}-{owner}".lower(), name=name, text=text, reason="r")
                for name, text in (("own", "Block if is_recurring"), ("old", gone))
            ]
            publication = Publication(owner=owner, content=Content(rules=tuple(declared)), at=datetime.now(UTC), by="k")
            assembly.rules.rulesets.append(publication.numbered(1))
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        query = {"merchant_id": "shop-a"}
        shown = client.get("/v1/rules", params=query).json()["rules"]
        assert {each["id"]: each["standing"] for each in shown} == {
            "old-none": "left_out",
            "own-none": "in_force",
            "old-shop-a": "left_out",
            "own-shop-a": "in_force",
        }
        assert standing(client, "shop-a")["left_out"] == "old-shop-a (unknown_name)"
        assert client.get("/v1/rulesets").json()["left_out"] == "old-none (unknown_name)"
        assert publish(client, "shop-a", rule("own")).status_code == 200
        assert standing(client, "shop-a")["left_out"] is None
