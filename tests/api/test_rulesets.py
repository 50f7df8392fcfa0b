"""Rulesets over HTTP: checked, versioned, in force at once, gone back to in one step, and nobody else's business."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.wiring import Assembly
from engine.access import Scope
from tests.api.ruleset_calls import NOTHING, WRITER, Body, call, decided, publish, rule, standing

MakeClient = Callable[..., TestClient]


@pytest.fixture(scope="module")
def writer(make_client: MakeClient) -> TestClient:
    """A key for all merchants that may not change the operator's rules."""
    return make_client(scopes=WRITER)


@pytest.fixture
def shop() -> str:
    return f"shop-{uuid4()}"


def test_a_merchant_without_any_has_the_operators(writer: TestClient, assembly: Assembly, shop: str) -> None:
    answer = writer.get("/v1/rulesets", params={"merchant_id": shop})
    in_force = answer.json()["in_force"]
    assert (answer.headers["ETag"], in_force["number"], in_force["state"]) == (f'"{NOTHING}"', 0, "in_force")
    assert in_force["content"] == {"rules": [], "switched_off": []}
    rules = writer.get("/v1/rules", params={"merchant_id": shop}).json()
    assert {(each["origin"], each["standing"]) for each in rules["rules"]} == {("default", "in_force")}
    assert rules["ruleset"] == assembly.snapshot.ruleset.hash


def test_a_ruleset_is_in_force_for_the_next_decision_and_for_its_merchant_alone(
    writer: TestClient, body: Body, shop: str
) -> None:
    assert decided(writer, body, shop)["action"] != "block"
    published = publish(writer, shop, rule("big"), off=["cvc-mismatch"], note="first")
    assert published.status_code == 200, published.text
    shown = published.json()
    assert (shown["number"], shown["state"], shown["note"], shown["dry_run"]) == (1, "in_force", "first", False)
    assert shown["published_by"] == writer.key_id  # type: ignore[attr-defined]
    assert [(each["id"], each["change"]) for each in shown["changes"]["rules"]] == [("big", "added")]
    assert shown["changes"]["switched_off"] == ["cvc-mismatch"]
    answer = decided(writer, body, shop)
    assert (answer["action"], answer["reasons"][0]["code"]) == ("block", "big")
    assert decided(writer, body, f"{shop}-other")["action"] != "block"
    told = {each["id"]: each for each in writer.get("/v1/rules", params={"merchant_id": shop}).json()["rules"]}
    assert (told["big"]["origin"], told["cvc-mismatch"]["standing"]) == ("own", "switched_off")
    assert writer.get("/v1/rules", params={"merchant_id": shop}).json()["ruleset"] == answer["ruleset"]


def test_a_dry_run_changes_nothing(writer: TestClient, shop: str) -> None:
    dry = publish(writer, shop, rule("big"), dry_run=True).json()
    assert (dry["dry_run"], dry["number"], len(dry["changes"]["rules"])) == (True, 0, 1)
    assert standing(writer, shop)["in_force"]["number"] == 0


def test_who_publishes_over_anothers_rules_is_told_what_stands(writer: TestClient, shop: str) -> None:
    etag = writer.get("/v1/rulesets", params={"merchant_id": shop}).headers["ETag"]
    first = publish(writer, shop, rule("one"), headers={"If-Match": etag})
    assert first.status_code == 200
    for dry_run in (True, False):
        late = publish(writer, shop, rule("two"), headers={"If-Match": etag}, dry_run=dry_run)
        assert (late.status_code, late.json()["code"]) == (412, "ruleset_changed")
        assert first.json()["version"] in late.json()["detail"]
    for named in (first.headers["ETag"], f'"other", W/{first.headers["ETag"]}', "*"):
        assert publish(writer, shop, rule("one"), headers={"If-Match": named}).json()["number"] == 1


def test_history_is_newest_first_by_pages_and_rolls_back_in_one_step(writer: TestClient, body: Body, shop: str) -> None:
    for name in ("one", "two", "three"):
        publish(writer, shop, rule(name), note=name)
    listed = writer.get("/v1/rulesets/history", params={"merchant_id": shop, "limit": 2}).json()
    assert [(each["note"], each["state"]) for each in listed["data"]] == [
        ("three", "in_force"),
        ("two", "replaced"),
    ]
    query = {"merchant_id": shop, "limit": 2, "cursor": listed["next_cursor"]}
    rest = writer.get("/v1/rulesets/history", params=query).json()
    assert ([each["note"] for each in rest["data"]], rest["next_cursor"]) == (["one"], None)
    back = call(writer, "rollback", shop, number=1, note="three was wrong").json()
    assert (back["number"], back["restores"], back["state"]) == (4, 1, "in_force")
    assert back["version"] == rest["data"][0]["version"]
    assert [(each["id"], each["change"]) for each in back["changes"]["rules"]] == [
        ("one", "added"),
        ("three", "removed"),
    ]
    assert decided(writer, body, shop)["reasons"][0]["code"] == "one"
    none = call(writer, "rollback", shop, number=0).json()
    assert (none["number"], none["restores"], none["content"]["rules"]) == (5, 0, [])
    assert decided(writer, body, shop)["action"] != "block"
    absent = call(writer, "rollback", shop, number=9)
    assert (absent.status_code, absent.json()["code"]) == (404, "ruleset_not_found")
    shown = writer.get("/v1/rulesets/versions/2", params={"merchant_id": shop}).json()
    assert ([each["id"] for each in shown["content"]["rules"]], shown["state"]) == (["two"], "replaced")


def test_a_draft_is_saved_compared_run_in_shadow_and_published(writer: TestClient, body: Body, shop: str) -> None:
    query = {"merchant_id": shop}
    publish(writer, shop, rule("big"))
    wanted = {"rules": [rule("big", "Review if amount_in_usd > 1000"), rule("next", "Tag 'x' if amount_in_usd > 1")]}
    saved = writer.put("/v1/rulesets/drafts/try", json=wanted, params=query)
    assert (saved.status_code, saved.json()["saved_by"]) == (200, writer.key_id)  # type: ignore[attr-defined]
    found = writer.get("/v1/rulesets/diff", params={**query, "to": "draft:try"}).json()
    assert [(each["id"], each["change"], each["keys"]) for each in found["rules"]] == [
        ("big", "changed", ["text"]),
        ("next", "added", []),
    ]
    assert found["rules"][0]["before"]["text"] != found["rules"][0]["after"]["text"]
    shadow = writer.post("/v1/rulesets/publish", json={"draft": "try", "in_shadow": True}, params=query).json()
    modes = {each["id"]: each["mode"] for each in shadow["content"]["rules"]}
    assert modes == {"big": "live", "big-shadow": "shadow", "next": "shadow"}
    answer = decided(writer, body, shop)
    assert (answer["action"], answer["tags"]) == ("block", [])
    told = {each["id"]: (each["result"], each["mode"]) for each in answer["rules"]}
    assert told["big-shadow"] == told["next"] == (True, "shadow")
    live = writer.post("/v1/rulesets/publish", json={"draft": "try"}, params=query).json()
    assert live["version"] == saved.json()["version"]
    assert decided(writer, body, shop)["tags"] == ["x"]
    assert [each["name"] for each in writer.get("/v1/rulesets/drafts", params=query).json()["drafts"]] == ["try"]
    assert writer.delete("/v1/rulesets/drafts/try", params=query).status_code == 204
    for gone in (
        writer.get("/v1/rulesets/drafts/try", params=query),
        writer.delete("/v1/rulesets/drafts/try", params=query),
        writer.post("/v1/rulesets/publish", json={"draft": "try"}, params=query),
        writer.get("/v1/rulesets/diff", params={**query, "to": "draft:try"}),
    ):
        assert (gone.status_code, gone.json()["code"]) == (404, "draft_not_found")


def test_a_draft_that_was_changed_meanwhile_is_not_overwritten(writer: TestClient, shop: str) -> None:
    query, path = {"merchant_id": shop}, "/v1/rulesets/drafts/both"
    etag = writer.put(path, json={"rules": [rule("one")]}, params=query).headers["ETag"]
    assert writer.get(path, params=query).headers["ETag"] == etag
    second = writer.put(path, json={"rules": [rule("two")]}, params=query, headers={"If-Match": etag})
    late = writer.put(path, json={"rules": [rule("three")]}, params=query, headers={"If-Match": etag})
    assert (second.status_code, late.status_code, late.json()["code"]) == (200, 412, "ruleset_changed")


def test_a_draft_may_be_at_fault_and_cannot_be_published(writer: TestClient, shop: str) -> None:
    query, wanted = {"merchant_id": shop}, {"rules": [rule("ok"), rule("bad", "Block if amout_in_usd >\n 5 and")]}
    assert writer.put("/v1/rulesets/drafts/bad", json=wanted, params=query).status_code == 200
    refused = writer.post("/v1/rulesets/publish", json={"draft": "bad"}, params=query)
    assert (refused.status_code, refused.json()["code"]) == (422, "rules_invalid")
    checked = writer.post("/v1/rulesets/check", json=wanted, params=query).json()
    assert not checked["is_sound"]
    assert [fault["code"] for fault in refused.json()["errors"]] == [each["code"] for each in checked["faults"]]
    first = checked["faults"][0]
    assert (first["pointer"], first["rule"]) == ("/rules/1/text", "bad")
    assert standing(writer, shop)["in_force"]["number"] == 0


def test_a_rule_is_checked_with_its_places(writer: TestClient, shop: str) -> None:
    text = "Block if is_recurring\n and amout_in_usd > 5"
    checked = writer.post("/v1/rules/check", json={"text": text, "reason": "{nothing}"}, params={"merchant_id": shop})
    in_text, in_reason = checked.json()["faults"]
    assert (in_text["code"], in_text["line"], in_text["column"]) == ("unknown_name", 2, 6)
    assert text[in_text["start"] : in_text["end"]] == "amout_in_usd"
    assert "amount_in_usd" in in_text["hint"]
    assert (in_reason["pointer"], in_reason["start"], in_reason["end"]) == ("/reason", 0, 9)
    sound = writer.post("/v1/rules/check", json={"text": "Block if is_recurring"}).json()
    assert sound == {"is_sound": True, "faults": []}


@pytest.mark.parametrize(
    ("wanted", "code", "pointer"),
    [
        ({"rules": [rule("big", "Blok if")]}, "rules_invalid", "/rules/0/text"),
        ({"rules": [rule("big", reason="{nothing}")]}, "rules_invalid", "/rules/0/reason"),
        ({"rules": [rule("big", mandatory=True)]}, "ruleset_refused", "/rules/0/mandatory"),
        ({"rules": [], "switched_off": ["cvc-mismach"]}, "ruleset_refused", "/switched_off/0"),
        ({"rules": [rule("Big")]}, "request_invalid", "/rules"),
        ({"rules": [rule("big"), rule("big")]}, "request_invalid", "/rules"),
        ({"rules": [rule(f"rule-{number}") for number in range(201)]}, "request_invalid", "/rules"),
        ({"rules": [rule("big", mode="rollout")]}, "request_invalid", "/rules"),
        ({"rules": [rule("big", mode="rollout", rollout_percent=100)]}, "request_invalid", "/rules"),
        ({"rules": [rule("big", expires_at="2027-01-01")]}, "request_invalid", "/rules"),
        ({"rules": [rule("big", mode="on")]}, "request_invalid", "/rules/0/mode"),
        ({"rules": [rule("big", mandatory="yes")]}, "request_invalid", "/rules/0/mandatory"),
        ({"rules": [rule("big", surprise=1)]}, "request_invalid", "/rules/0/surprise"),
        ({"rules": [{"id": "big"}]}, "request_invalid", "/rules/0/name"),
        ({"rules": {}}, "request_invalid", "/rules"),
        ({}, "request_invalid", "/rules"),
        ({"rules": [], "draft": "x"}, "request_invalid", "/rules"),
        ({"draft": "x", "switched_off": ["cvc-mismatch"]}, "request_invalid", "/rules"),
    ],
)
def test_wrong_rules_change_nothing_and_name_their_place(
    writer: TestClient, shop: str, wanted: Any, code: str, pointer: str
) -> None:
    refused = writer.post("/v1/rulesets/publish", json=wanted, params={"merchant_id": shop})
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert standing(writer, shop)["in_force"]["number"] == 0


def test_a_card_number_in_a_rule_is_refused_and_kept_nowhere(writer: TestClient, shop: str) -> None:
    wanted = {"rules": [rule("pan", "Block if customer = '4242424242424242'")]}
    query = {"merchant_id": shop}
    for refused in (
        writer.post("/v1/rulesets/publish", json=wanted, params=query),
        writer.put("/v1/rulesets/drafts/pan", json=wanted, params=query),
        publish(writer, shop, rule("ok"), note="4242424242424242"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (422, "card_data_refused")
        assert "4242" not in refused.text
    assert writer.get("/v1/rulesets/drafts", params=query).json() == {"drafts": []}


def test_large_rulesets_fit_and_larger_ones_are_refused(writer: TestClient, shop: str) -> None:
    text = f"Block if email_domain in ({', '.join(repr(f'shop{number:03}.example') for number in range(180))})"
    rules = [rule(f"rule-{number}", text) for number in range(180)]
    assert publish(writer, shop, *rules).status_code == 200
    refused = publish(writer, shop, *[rule(f"rule-{number}", text * 3) for number in range(180)])
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")


def test_another_merchants_rules_answer_as_absent_ones(make_client: MakeClient, writer: TestClient) -> None:
    publish(writer, "shop-b", rule("secret"))
    writer.put("/v1/rulesets/drafts/secret", json={"rules": []}, params={"merchant_id": "shop-b"})
    key = make_client(scopes=WRITER, merchants=frozenset({"shop-a"}))
    calls: tuple[Callable[[str], Any], ...] = (
        lambda shop: key.get("/v1/rules", params={"merchant_id": shop}),
        lambda shop: key.post("/v1/rules/check", json={"text": "x"}, params={"merchant_id": shop}),
        lambda shop: key.get("/v1/rulesets", params={"merchant_id": shop}),
        lambda shop: key.get("/v1/rulesets/history", params={"merchant_id": shop}),
        lambda shop: key.get("/v1/rulesets/versions/1", params={"merchant_id": shop}),
        lambda shop: key.get("/v1/rulesets/diff", params={"merchant_id": shop, "to": "1"}),
        lambda shop: key.post("/v1/rulesets/check", json={}, params={"merchant_id": shop}),
        lambda shop: publish(key, shop, rule("mine")),
        lambda shop: call(key, "rollback", shop, number=1),
        lambda shop: call(key, "approve", shop, number=1),
        lambda shop: key.get("/v1/rulesets/drafts", params={"merchant_id": shop}),
        lambda shop: key.get("/v1/rulesets/drafts/secret", params={"merchant_id": shop}),
        lambda shop: key.put("/v1/rulesets/drafts/secret", json={}, params={"merchant_id": shop}),
        lambda shop: key.delete("/v1/rulesets/drafts/secret", params={"merchant_id": shop}),
    )
    for each in calls:
        theirs, absent = each("shop-b"), each("no-such-shop")
        assert (theirs.status_code, theirs.json()["code"]) == (404, "merchant_not_found")
        assert {**theirs.json(), "request_id": ""} == {**absent.json(), "request_id": ""}
    assert standing(writer, "shop-b")["in_force"]["number"] == 1
    own = key.get("/v1/rulesets").json()["in_force"]
    assert own["merchant_id"] == "shop-a", "a key of one merchant need not name it"


def test_who_may_read_and_who_may_change(
    make_client: MakeClient, writer: TestClient, gateway: TestClient, shop: str
) -> None:
    for refused in (gateway.get("/v1/rules"), gateway.get("/v1/rulesets"), publish(gateway, shop)):
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    reader = make_client(scopes=frozenset({Scope.RULES_READ}))
    assert reader.get("/v1/rulesets").json()["in_force"]["merchant_id"] is None
    assert publish(reader, shop).json()["code"] == "scope_missing"
    operators = publish(writer, None, rule("for-all"))
    assert (operators.status_code, operators.json()["code"]) == (403, "scope_missing")
    assert "installation:write" in operators.json()["detail"]
    test = make_client(scopes=frozenset(Scope), test_mode=True)
    assert publish(test, shop).json()["code"] == "key_too_narrow"
    several = make_client(scopes=WRITER, merchants=frozenset({"shop-a", "shop-b"}))
    unnamed = several.get("/v1/rulesets")
    assert (unnamed.status_code, unnamed.json()["errors"][0]["pointer"]) == (422, "/merchant_id")
    empty = writer.get("/v1/rulesets?merchant_id=")
    assert empty.status_code == 422, "an empty id is nobody, not the operator"
    mistyped = writer.post("/v1/rulesets/publish?merchant=shop-a", json={"rules": []})
    assert (mistyped.status_code, mistyped.json()["errors"][0]["code"]) == (422, "field_unknown")
