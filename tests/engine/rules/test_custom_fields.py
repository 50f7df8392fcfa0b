"""`::name::` in rules: read as what stands beside it, unknown where it cannot be."""

import pytest

from engine.features import Value
from engine.rules import check_rule, parse_ruleset
from engine.rules.compile import compile_condition
from engine.rules.parser import parse
from engine.rules.tree import Comparison, Custom, reads_custom
from tests.engine.rules.rule_features import CATALOG, LIST_NAMES, Texts, row

LISTS = {"trusted": Texts({"Gold", "12", "true"})}

Sent = str | int | float | bool


def outcome(condition: str, custom: dict[str, Sent], **values: Value) -> bool | None:
    text = f"Block if {condition}"
    assert not check_rule(text, CATALOG, LIST_NAMES)
    tree = parse(text, CATALOG.names()).tree
    assert tree is not None
    return compile_condition(tree.condition, CATALOG)((*row(**values).values, custom), LISTS)


@pytest.mark.parametrize(
    "name", ["tier", "Customer Age", "customer:key", "customer:Customer Age", "Ünïcode", "a.b-c/d"]
)
def test_a_name_may_hold_spaces_capitals_and_one_colon_inside(name: str) -> None:
    assert outcome(f"::{name}:: = 'x'", {name: "x"}) is True
    assert outcome(f"::{name}::='x'AND::{name}::!='y'", {name: "x"}) is True
    assert outcome(f"NOT::{name}::", {name: False}) is True


def test_names_count_case_and_stand_apart_from_features() -> None:
    assert outcome("::tier:: = 'x'", {"Tier": "x"}) is None
    assert outcome("::email:: = 'x' and email = 'y'", {"email": "x"}, email="y") is True


def test_a_lost_colon_swallows_no_rule() -> None:
    tree = parse("Block if ::a and b = 'x' or ::c:: = 'y'").tree
    assert tree is not None
    assert [part.name for part in _customs(tree.condition)] == ["a", "c"]


def _customs(node: object) -> list[Custom]:
    if isinstance(node, Custom):
        return [node]
    if isinstance(node, Comparison):
        return _customs(node.left)
    return [found for part in getattr(node, "conditions", ()) for found in _customs(part)]


@pytest.mark.parametrize(
    "condition",
    [
        "::x::",
        "not ::x::",
        "::x:: = 'a'",
        "::x:: != 'a'",
        "::x:: > 5",
        "::x:: != 5",
        "::x:: = true",
        "::x:: != false",
        "::x:: in ('a')",
        "::x:: not in ('a')",
        "::x:: not in (1, 2)",
        "::x:: in @trusted",
        "::x:: != email",
        "::x:: != ::y::",
        "::y:: = ::x::",
    ],
)
def test_what_was_not_sent_is_unknown(condition: str) -> None:
    assert outcome(condition, {"y": 1}, email="a") is None


def test_is_missing_asks_whether_it_was_sent() -> None:
    assert outcome("is_missing(::x::)", {}) is True
    assert outcome("is_missing(::x::)", {"x": False}) is False
    assert outcome("is_missing(::x::) or ::x:: < 3", {}) is True


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (30, True),
        (30.0, True),
        (29.999, False),
        ("30", True),
        ("30.00", True),
        ("30.000000000000000000001", False),
        ("-30", False),
        ("030", True),
        (" 30", None),
        ("+30", None),
        ("3e1", None),
        ("30,0", None),
        ("30.", None),
        ("٣٠", None),
        ("thirty", None),
        (True, None),
        (float("inf"), None),
    ],
)
def test_beside_a_number_it_is_a_number(*, sent: Sent, expected: bool | None) -> None:
    assert outcome("::age:: = 30", {"age": sent}) is expected
    assert outcome("30 = ::age::", {"age": sent}) is expected
    assert outcome("::age:: in (7, 30)", {"age": sent}) is expected


def test_decimals_are_exact() -> None:
    for sent in (2.35, "2.35"):
        assert outcome("::x:: = 2.35", {"x": sent}) is True
        assert outcome("::x:: in (2.35)", {"x": sent}) is True
        assert outcome("::x:: >= 2.35 and ::x:: <= 2.35", {"x": sent}) is True
    assert outcome("::x:: > 9007199254740992", {"x": 9007199254740993}) is True
    assert outcome("::x:: > 9007199254740992", {"x": "9007199254740993"}) is True


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("Gold", "Gold"),
        (12, "12"),
        (12.0, "12"),
        (12.5, "12.5"),
        (1e21, "1" + "0" * 21),
        (1e-7, "0.0000001"),
        (True, "true"),
    ],
)
def test_beside_a_text_it_is_a_text_and_case_counts(sent: Sent, text: str) -> None:
    assert outcome(f"::x:: = '{text}'", {"x": sent}) is True
    assert outcome(f"::x:: in ('other', '{text}')", {"x": sent}) is True
    assert outcome("::x:: = 'gold'", {"x": sent}) is False
    assert outcome("::x:: not in ('GOLD')", {"x": sent}) is True


def test_a_named_list_is_asked_with_the_text() -> None:
    assert [outcome("::x:: in @trusted", {"x": sent}) for sent in ("Gold", "gold", 12, True)] == [
        True,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(True, True), (False, False), ("true", True), ("false", False), ("True", None), ("yes", None), (1, None)],
)
def test_alone_or_beside_true_it_is_true_or_false(*, sent: Sent, expected: bool | None) -> None:
    opposite = None if expected is None else not expected
    assert outcome("::member::", {"member": sent}) is expected
    assert outcome("not ::member::", {"member": sent}) is opposite
    assert outcome("::member:: = true", {"member": sent}) is expected
    assert outcome("::member:: = false", {"member": sent}) is opposite
    assert outcome("false != ::member::", {"member": sent}) is expected


def test_beside_a_feature_it_is_of_the_features_type() -> None:
    assert outcome("::limit:: < amount_in_usd", {"limit": 12.5}, amount_in_usd=1251) is True
    assert outcome("amount_in_usd = ::limit::", {"limit": "19.99"}, amount_in_usd=1999) is True
    assert outcome("amount_in_usd = ::limit::", {"limit": 19.99}, amount_in_usd=1999) is True
    assert outcome("amount_in_usd > ::limit::", {"limit": "much"}, amount_in_usd=1999) is None
    assert outcome("card_payments_1h > ::usual::", {"usual": "2.5"}, card_payments_1h=3) is True
    assert outcome("risk_score = ::x::", {"x": "2.35"}, risk_score=2.35) is True
    assert outcome("::home:: = card_country", {"home": "us"}, card_country="US") is True
    assert outcome("::home:: != card_country", {"home": "Canada"}, card_country="US") is None
    assert outcome("::home:: = card_country", {"home": "US"}) is None


def test_beside_a_feature_case_counts_where_the_feature_says_so() -> None:
    assert outcome("::mail:: = email", {"mail": "Bob@Example.com"}, email="bob@example.com") is True
    assert outcome("::id:: = customer", {"id": "CUS_1"}, customer="cus_1") is False


def test_two_custom_fields_are_numbers_where_both_are_and_else_texts() -> None:
    assert outcome("::a:: = ::b::", {"a": "12.50", "b": 12.5}) is True
    assert outcome("::a:: < ::b::", {"a": "9", "b": 10}) is True
    assert outcome("::a:: = ::b::", {"a": "x", "b": "x"}) is True
    assert outcome("::a:: != ::b::", {"a": "x", "b": 5}) is True
    assert outcome("::a:: < ::b::", {"a": "x", "b": 5}) is None
    assert outcome("::a:: = ::b::", {"a": True, "b": "true"}) is True


def test_rulesets_read_custom_fields_only_where_a_rule_does() -> None:
    def ruleset(text: str) -> str:
        return f"[[rule]]\nid = 'a'\nname = 'A'\ntext = '''{text}'''\nreason = 'r'\n"

    plain = parse_ruleset(ruleset("Block if email = 'a'"), CATALOG, LIST_NAMES)
    reading = parse_ruleset(ruleset("Block if email = 'a' and not is_missing(::tier::)"), CATALOG, LIST_NAMES)
    assert (plain.reads_custom, reading.reads_custom) == (False, True)
    assert reading.evaluate(row(email="a"), {}, {"tier": "x"}).outcomes == (True,)
    assert reading.evaluate(row(email="a"), {}).outcomes == (False,)
    assert plain.evaluate(row(email="a"), {}, {"tier": "x"}).outcomes == (True,)


def test_every_place_of_a_custom_field_is_found() -> None:
    for condition in ("::x::", "is_missing(::x::)", "not (a or ::x:: in (1))", "1 < ::x::", "a = b and c = ::x::"):
        tree = parse(f"Block if {condition}").tree
        assert tree is not None
        assert reads_custom(tree.condition), condition
    tree = parse("Block if not (a or b in (1)) and c = 'd'").tree
    assert tree is not None
    assert not reads_custom(tree.condition)


def test_a_name_that_is_a_feature_and_one_that_is_not_make_two_rules() -> None:
    assert parse("Block if ::email:: = 'a'").canonical != parse("Block if :email: = 'a'").canonical
    assert parse("Block if ::email:: = 'a'").canonical == parse("BLOCK  if ::email::='a'").canonical
