"""Screening and the ladder: which list wins, in what words, and what a decision records of it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import orjson
import pytest

from engine.decide import Snapshot, decide
from engine.decision import Action, Decision
from engine.features import Features, Value
from engine.lists import NO_LISTS, OPERATOR, AllLists, Delta, Entry, EntryType, ListName, NamedList, Terms
from engine.lists.screening import COMPARED
from engine.payment import EPOCH, MICROSECOND, Card, Payment
from engine.policy import FailAction, Policy
from engine.rules import parse_ruleset

SHOP = "merchant-1"


def entry(
    value: str, kind: EntryType = EntryType.CUSTOMER, *, scope: str = SHOP, name: str = "block", **terms: Any
) -> Entry:
    return Entry(list=ListName(scope=scope, name=name), type=kind, value=value, terms=Terms(**terms))


def listed(*entries: Entry, named: tuple[NamedList, ...] = ()) -> AllLists:
    scopes = {each.list.scope for each in entries} | {each.list.scope for each in named}
    return AllLists().changed(Delta(sequences=dict.fromkeys(scopes, 7), put=entries, made=named))


Make = Callable[..., Payment]
MakeFeatures = Callable[..., Features]
Decided = Callable[..., Decision]


@pytest.fixture
def decided(make_payment: Make, make_features: MakeFeatures, snapshot: Snapshot) -> Decided:
    def decided(lists: AllLists, known: dict[str, Value], **given: Any) -> Decision:
        payment: Payment = make_payment(**given.pop("payment", {}))
        bundle = replace(snapshot, lists=lists.of(SHOP), **given)
        return decide(payment, make_features(**known), bundle)

    return decided


def said(decision: Decision) -> list[tuple[str, str]]:
    return [(reason.code, reason.text) for reason in decision.reasons if reason.source == "list"]


def test_a_block_list_blocks_and_says_which_value_and_why(decided: Decided) -> None:
    lists = listed(entry("jdoe@gmail.com", EntryType.EMAIL, reason="chargeback in May"))
    decision = decided(lists, {"email_normalized": "jdoe@gmail.com"})
    assert decision.action is Action.BLOCK
    assert said(decision) == [
        ("block_list_email", "The e-mail address is on the merchant's block list: chargeback in May")
    ]
    assert decided(lists, {"email_normalized": "other@gmail.com"}).action is Action.ALLOW


def test_an_allow_list_wins_over_the_merchants_block_list_and_the_score(decided: Decided) -> None:
    lists = listed(entry("c-1"), entry("tok_1", EntryType.TOKEN, name="allow"))
    known: dict[str, Value] = {"customer": "c-1", "card": "tok_1"}
    decision = decided(lists, known, policy=Policy(block_at_percent=0, review_at_percent=0, challenge_at_percent=None))
    assert decision.action is Action.ALLOW
    assert {code for code, _ in said(decision)} == {"block_list_customer", "allow_list_token"}


def test_the_operators_block_list_is_the_first_rung_and_its_reasons_are_the_operators_own(decided: Decided) -> None:
    lists = listed(
        entry("tok_1", EntryType.TOKEN, scope=OPERATOR, reason="chargeback at shop-b"), entry("c-1", name="allow")
    )
    decision = decided(lists, {"customer": "c-1", "card": "tok_1"})
    assert decision.action is Action.BLOCK
    assert said(decision) == [
        ("operator_block_list_token", "The card is on the operator's block list"),
        ("allow_list_customer", "The customer is on the merchant's allow list"),
    ]


def test_the_operators_allow_list_wins_over_the_merchants_block_list(decided: Decided) -> None:
    lists = listed(entry("tok_1", EntryType.TOKEN, scope=OPERATOR, name="allow"), entry("tok_1", EntryType.TOKEN))
    assert decided(lists, {"card": "tok_1"}).action is Action.ALLOW


def test_a_mandatory_rule_wins_over_an_allow_list(decided: Decided, snapshot: Snapshot) -> None:
    text = '[[rule]]\nid = "m"\nname = "M"\ntext = "Block if customer = \'c-1\'"\nreason = "No"\nmandatory = true'
    ruleset = parse_ruleset(text, snapshot.catalog, ())
    lists = listed(entry("c-1", name="allow"))
    assert decided(lists, {"customer": "c-1"}, ruleset=ruleset).action is Action.BLOCK


def test_a_listed_payment_without_a_score_is_not_left_to_the_fail_policy(decided: Decided) -> None:
    lists = listed(entry("c-1", name="allow"))
    given: dict[str, Any] = {"scorer": None, "policy": Policy(fail_action=FailAction.BLOCK)}
    assert decided(lists, {"customer": "c-1"}, **given).action is Action.ALLOW
    assert decided(lists, {"customer": "c-2"}, **given).action is Action.BLOCK


def test_an_allow_list_leaves_3ds_asked_for(decided: Decided) -> None:
    lists = listed(entry("c-1", name="allow"))
    decision = decided(lists, {"customer": "c-1"}, policy=Policy(challenge_at_percent=0))
    assert (decision.action, decision.three_ds) == (Action.CHALLENGE, True)


def test_expiry_is_by_the_payments_time(decided: Decided, make_payment: Make) -> None:
    at = make_payment().at
    expires_at_us = (at - EPOCH) // MICROSECOND + 1
    lists = listed(entry("c-1", expires_at_us=expires_at_us))
    assert decided(lists, {"customer": "c-1"}).action is Action.BLOCK
    later = {"at": at + MICROSECOND}
    assert decided(lists, {"customer": "c-1"}, payment=later).action is Action.ALLOW


@pytest.mark.parametrize("kind", list(COMPARED))
def test_each_type_is_compared_with_its_features(kind: EntryType, decided: Decided) -> None:
    values = {EntryType.BIN: "424242", EntryType.CIDR: "198.51.100.0/24", EntryType.COUNTRY: "DE"}
    asked = {EntryType.BIN: "42424200", EntryType.CIDR: "198.51.100.9"}
    value = values.get(kind, "x")
    for name in COMPARED[kind]:
        decision = decided(listed(entry(value, kind)), {name: asked.get(kind, value)})
        assert (decision.action, [code for code, _ in said(decision)]) == (Action.BLOCK, [f"block_list_{kind}"])


def test_the_order_of_entries_and_lists_shows_nowhere(decided: Decided) -> None:
    entries = (
        entry("c-1"),
        entry("tok_1", EntryType.TOKEN),
        entry("198.51.100.0/24", EntryType.CIDR, reason="narrow"),
        entry("198.51.0.0/16", EntryType.CIDR, reason="wide"),
        entry("d-1", EntryType.DEVICE, scope=OPERATOR),
    )
    known: dict[str, Value] = {"customer": "c-1", "card": "tok_1", "ip_address": "198.51.100.1", "device": "d-1"}
    found = {
        (decision.canonical(), tuple(decision.reasons))
        for order in permutations(entries)
        for decision in (decided(listed(*order), known),)
    }
    assert len(found) == 1


def test_the_sequence_is_recorded_where_there_are_lists(decided: Decided) -> None:
    without = orjson.loads(decided(AllLists(), {"customer": "c-1"}).canonical())
    assert without["lists"] == 0
    record = orjson.loads(decided(listed(entry("c-9")), {"customer": "c-1"}).canonical())
    assert record == {**without, "lists": 7}


def test_a_test_value_decides_whatever_the_lists_say(decided: Decided) -> None:
    lists = listed(entry("tok_assay_allow", EntryType.TOKEN))
    payment = {"test_mode": True, "card": Card(token="tok_assay_allow")}
    decision = decided(lists, {"card": "tok_assay_allow"}, payment=payment)
    assert (decision.action, said(decision)) == (Action.ALLOW, [])


def test_rules_ask_named_lists_by_type_and_time(decided: Decided, snapshot: Snapshot) -> None:
    text = """
        [[rule]]
        id = "ours"
        name = "Ours"
        text = "Block if ip_address in @offices or email in @people or ::tier:: in @tiers"
        reason = "Listed"
    """
    names = {"offices": EntryType.CIDR, "people": EntryType.EMAIL, "tiers": EntryType.CASE_SENSITIVE_STRING}
    named = tuple(NamedList(list=ListName(scope=SHOP, name=name), type=kind) for name, kind in names.items())
    ruleset = parse_ruleset(text, snapshot.catalog, names)
    lists = listed(
        entry("198.51.100.0/24", EntryType.CIDR, name="offices"),
        entry("jdoe@gmail.com", EntryType.EMAIL, name="people", expires_at_us=0),
        entry("Gold", EntryType.CASE_SENSITIVE_STRING, name="tiers"),
        named=named,
    )

    def outcome(known: dict[str, Value], **custom: str) -> bool | None:
        return decided(lists, known, ruleset=ruleset, payment={"custom": custom}).results.outcomes[0]

    assert outcome({"ip_address": "198.51.100.9", "email": "x@y.z"}, tier="silver") is True
    assert outcome({"ip_address": "198.51.101.9", "email": "j.doe@gmail.com"}, tier="gold") is False
    assert outcome({"ip_address": "198.51.101.9", "email": "x@y.z"}, tier="Gold") is True
    assert outcome({"email": "x@y.z"}, tier="gold") is None


def test_merchants_without_lists_of_their_own_share_the_operators() -> None:
    lists = listed(entry("c-1"), entry("d-1", EntryType.DEVICE, scope=OPERATOR))
    assert lists.of("other") is lists.of("another") is lists.shared
    assert lists.of(SHOP) is not lists.shared
    assert AllLists().of("other") is NO_LISTS
    changed = lists.changed(Delta(sequences={SHOP: 8}, put=[entry("c-2")]))
    assert (changed.shared is lists.shared, changed.of(SHOP).sequence, lists.of(SHOP).sequence) == (True, 8, 7)
