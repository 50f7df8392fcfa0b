"""What a merchant's rules count: filled before they decide, alike after a restart, dropped when nobody uses it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.errors import LedgerUnavailable
from engine.replay import Replay
from engine.rules import default_source
from engine.velocity import VELOCITIES
from models.scorecard_file import scorecard_of
from tests.api.ruleset_calls import Body, client_of, publish, rule
from tests.api.valkey_shop import Shop, open_shop
from tests.valkey_server import ValkeyServer

BURST = rule("burst", "Block if count(by: card, within: 2h) >= 3", reason="{count_by_card_within_2h} in two hours")
KEPT = rule("kept", "Tag 'seen' if count(by: card, within: 1h) >= 2")
MakeClient = Callable[..., TestClient]


def pays(client: TestClient, body: Body, shop: str, token: str) -> dict[str, Any]:
    event = {"transaction_id": f"tx-{uuid4()}", "merchant_id": shop}
    asked = body(event=event, credit_card={"token": token}, options={"explain": "full", "deadline_ms": 2000})
    answer = client.post("/v1/decisions", json=asked)
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


def own_velocities(assembly: Assembly, shop: str) -> list[str]:
    return [each.name for each in assembly.snapshots.of(shop).velocities[len(VELOCITIES) :]]


def test_what_a_rule_counts_has_a_past_when_it_is_published_and_after_a_restart(tmp_path: Path, body: Body) -> None:
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        for _ in range(2):
            pays(client, body, "shop-a", "tok_one")
        published = publish(client, "shop-a", BURST, KEPT)
        assert published.status_code == 200, published.text
        assert own_velocities(assembly, "shop-a") == ["count_by_card_within_2h"]
        third = pays(client, body, "shop-a", "tok_one")
        assert (third["features"]["count_by_card_within_2h"], third["action"], third["tags"]) == (2, "allow", ["seen"])
        fourth = pays(client, body, "shop-a", "tok_one")
        assert (fourth["action"], fourth["reasons"][0]["text"]) == ("block", "3 in two hours")
        assert "count_by_card_within_2h" not in pays(client, body, "shop-b", "tok_one")["features"]
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        fifth = pays(client, body, "shop-a", "tok_one")
        assert (fifth["features"]["count_by_card_within_2h"], fifth["degraded"]) == (4, [])
        client.post("/v1/rulesets/rollback", json={"number": 0}, params={"merchant_id": "shop-a"})
        assert own_velocities(assembly, "shop-a") == []
        assert "count_by_card_within_2h" not in pays(client, body, "shop-a", "tok_one")["features"]
        client.post("/v1/rulesets/rollback", json={"number": 1}, params={"merchant_id": "shop-a"})
        again = pays(client, body, "shop-a", "tok_one")
        assert (again["features"]["count_by_card_within_2h"], again["action"]) == (6, "block")
        replay = Replay(
            assembly.ledger,
            lambda content, catalog, role: scorecard_of(content, catalog, role=role),
            assembly.snapshot.reference,
            assembly.lists.store,
        )
        replayed = list(replay.of(assembly.ledger.recent(timedelta(days=1))))
    assert [each.difference for each in replayed] == [None] * 8


def test_a_rule_that_is_not_evaluated_counts_nothing(tmp_path: Path, body: Body) -> None:
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        for mode, kept in (("paused", []), ("shadow", ["count_by_card_within_2h"]), ("draft", [])):
            wanted = {**BURST, "mode": mode}
            assert publish(client, "shop-a", wanted).status_code == 200
            assert own_velocities(assembly, "shop-a") == kept
            assert pays(client, body, "shop-a", "tok_one")["degraded"] == []


def test_the_operators_rules_count_what_is_counted_for_all(tmp_path: Path, body: Body) -> None:
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        refused = publish(client, None, BURST)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not_allowed")
        assert "count_by_card_within_2h" in refused.json()["detail"]
        assert publish(client, None, KEPT).status_code == 200
        assert publish(client, "shop-a", BURST).status_code == 200
        for _ in range(2):
            pays(client, body, "shop-a", "tok_one")
        answer = pays(client, body, "shop-a", "tok_one")
        assert (answer["tags"], answer["features"]["count_by_card_within_2h"]) == (["seen"], 2)


def test_what_is_counted_over_all_merchants_is_not_one_merchants_to_say(tmp_path: Path) -> None:
    shared = rule("shared", "Block if count(by: card, within: 2h, scope: network) >= 3")
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        for owner in ("shop-a", None):
            refused = publish(client, owner, shared)
            assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not_allowed"), refused.text
        assert own_velocities(assembly, "shop-a") == []


def test_a_reloaded_file_that_takes_a_rules_place_has_the_counters_follow(tmp_path: Path, body: Body) -> None:
    file, shipped = tmp_path / "rules.toml", default_source()
    file.write_text(shipped, encoding="utf-8")
    with assembled(Settings(data=tmp_path / "data", ruleset=file)) as assembly, client_of(assembly) as client:
        other = rule("other", "Tag 'x' if count(by: card, within: 3h) >= 1")
        assert publish(client, "shop-a", {**BURST, "mode": "shadow"}, other).status_code == 200
        pays(client, body, "shop-a", "tok_one")
        must = 'id = "burst"\nname = "Must"\nmandatory = true\ntext = "Block if amount_in_usd > 9000"\nreason = "r"\n'
        for text, kept in ((f"{shipped}\n[[rule]]\n{must}", 1), (shipped, 2)):
            file.write_text(text, encoding="utf-8")
            assert client.post("/v1/installation/reload").json()["is_sound"]
            assert len(own_velocities(assembly, "shop-a")) == kept
            answer = pays(client, body, "shop-a", "tok_one")
            assert (answer["degraded"], answer["tags"]) == ([], ["x"])
        assert answer["features"]["count_by_card_within_2h"] == 2


CALLS = (
    "count(by: [card, ip_address], within: 90m) >= 1",
    "count(by: email_domain, within: 2d, status: declined) >= 1",
    "sum(amount_in_usd, by: card, within: 3h) > 1",
    "average(amount_in_usd, by: card, within: 3h) > 1",
    "minimum(amount_in_usd, by: card, within: 3h) > 1",
    "maximum(amount_in_usd, by: card, within: 365d) > 1",
    "distinct(card, by: ip_address, within: 3h) >= 1",
    "hours_since(first_seen(by: card)) < 1",
    "hours_since(last_seen(by: [card, email])) < 1",
)


def test_whatever_rules_count_is_counted_and_counted_alike_after_a_restart(tmp_path: Path, body: Body) -> None:
    wanted = [rule(f"rule-{place}", f"Tag 'x' if {call}") for place, call in enumerate(CALLS)]
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        pays(client, body, "shop-a", "tok_one")
        published = publish(client, "shop-a", *wanted)
        assert published.status_code == 200, published.text
        names = own_velocities(assembly, "shop-a")
        assert len(names) >= 6
        before = pays(client, body, "shop-a", "tok_one")
        assert before["degraded"] == []
        (total,) = (name for name in names if name.startswith("sum_"))
        assert before["features"][total] == 49.9
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        assert own_velocities(assembly, "shop-a") == names
        after = pays(client, body, "shop-a", "tok_one")
        assert after["degraded"] == []
        assert after["features"][total] == 99.8
        known = {name for name in names if before["features"][name] is not None}
        assert {name for name in names if after["features"][name] is not None} >= known


def test_what_rules_count_beyond_all_is_limited(tmp_path: Path) -> None:
    def counting(number: int) -> dict[str, Any]:
        return rule(f"rule-{number}", f"Review if count(by: card, within: {number + 2}h) > 100")

    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        refused = publish(client, "shop-a", *(counting(number) for number in range(60)))
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "too_many")
        assert publish(client, "shop-a", *(counting(number) for number in range(20))).status_code == 200
        assert len(own_velocities(assembly, "shop-a")) <= 20


def test_a_past_that_cannot_be_read_leaves_the_rules_before_in_force(
    tmp_path: Path, body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(merchant_id: str, window: object) -> None:
        raise LedgerUnavailable(f"no disk for {merchant_id}, {window}")

    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        pays(client, body, "shop-a", "tok_one")
        with monkeypatch.context() as broken:
            broken.setattr(assembly.ledger, "recent_of", fail)
            assert publish(client, "shop-a", BURST).status_code == 503
        answer = pays(client, body, "shop-a", "tok_one")
        assert ("count_by_card_within_2h" in answer["features"], answer["degraded"]) == (False, [])
        assert publish(client, "shop-a", BURST).status_code == 200
        assert pays(client, body, "shop-a", "tok_one")["features"]["count_by_card_within_2h"] == 2


def test_a_check_knows_what_the_rules_sent_count(tmp_path: Path) -> None:
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:
        checked = client.post("/v1/rulesets/check", json={"rules": [BURST]}, params={"merchant_id": "shop-a"}).json()
        assert checked["faults"] == []
        one = {"text": BURST["text"], "reason": BURST["reason"]}
        assert client.post("/v1/rules/check", json=one, params={"merchant_id": "shop-a"}).json()["faults"] == []
        assert assembly.rules.rulesets.newest("shop-a") is None


async def test_valkey_counts_what_rules_count(tmp_path: Path, own_valkey: ValkeyServer) -> None:
    pytest.importorskip("valkey")

    async def counted(shop: Shop) -> Any:
        answer = await shop.decide(options={"explain": "full", "deadline_ms": 2000})
        assert answer["degraded"] == []
        return answer["features"].get("count_by_card_within_2h")

    async with open_shop(tmp_path / "data", own_valkey) as shop:
        await shop.is_ready()
        for _ in range(2):
            assert await counted(shop) is None
        wanted = {"rules": [{**BURST, "mode": "shadow"}]}
        published = await shop.client.post("/v1/rulesets/publish?merchant_id=shop-a", json=wanted)
        assert published.status_code == 200, published.text
        assert [await counted(shop) for _ in range(2)] == [2, 3]
    async with open_shop(tmp_path / "data", own_valkey) as shop:
        await shop.is_ready()
        assert await counted(shop) == 4
        await shop.client.post("/v1/rulesets/rollback?merchant_id=shop-a", json={"number": 0})
        assert await counted(shop) is None
        await shop.client.post("/v1/rulesets/rollback?merchant_id=shop-a", json={"number": 1})
        assert await counted(shop) == 6


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["Block if count(by: card, within: 2h, scope: network) > 1"], "not_allowed"),
        ([f"Block if count(by: card, within: {100 + each}m) > 1" for each in range(51)], "too_many"),
        ([" or ".join(f"count(by: card, within: {100 + each}m) > 1" for each in range(51))], "too_many"),
    ],
)
def test_what_cannot_be_counted_is_no_sound_rule_anywhere(tmp_path: Path, texts: list[str], code: str) -> None:
    texts = [text if text.startswith("Block") else f"Block if {text}" for text in texts]
    shop = {"merchant_id": "shop-a"}
    rules = [rule(f"rule-{place}", text) for place, text in enumerate(texts)]
    with assembled(Settings(data=tmp_path / "data")) as assembly, client_of(assembly) as client:

        def told(path: str, sent: dict[str, Any], key: str, query: dict[str, str]) -> list[tuple[str, str]]:
            answer = client.post(path, json=sent, params=query).json()
            return [(each["pointer"], each["code"]) for each in answer[key]]

        assert told("/v1/rulesets/publish", {"rules": rules}, "errors", shop) == [("/rules", code)]
        assert told("/v1/rulesets/check", {"rules": rules}, "faults", shop) == [("/rules", code)]
        assert told("/v1/rulesets/check", {"rules": rules}, "faults", {}) == [("/rules", "not_allowed")]
        assert told("/v1/backtests", {**shop, "rules": rules}, "errors", {}) == [("/rules", code)]
        if len(texts) == 1:
            assert told("/v1/rules/check", {"text": texts[0]}, "faults", shop) == [("/text", code)]
            assert told("/v1/backtests", {**shop, "rule": texts[0]}, "errors", {}) == [("/rule", code)]
