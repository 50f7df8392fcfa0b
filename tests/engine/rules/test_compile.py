"""Tree to closures: three-valued logic, held forms, case, lists."""

from itertools import product

import pytest

from engine.features import Features, Value
from engine.rules.compile import compile_condition
from engine.rules.parser import parse
from engine.rules.ruleset import check_rule
from tests.engine.rules.rule_features import CATALOG, LIST_NAMES, Texts, row

LISTS = {
    "trusted": Texts({"cus_1", "CUS_2"}),
    "risky_domains": Texts({"mailinator.com"}),
    "countries": Texts({"US", "CA"}),
}


def outcome(condition: str, **values: Value) -> bool | None:
    text = f"Block if {condition}"
    assert not check_rule(text, CATALOG, LIST_NAMES)
    tree = parse(text, CATALOG.names()).tree
    assert tree is not None
    features: Features = row(**values)
    return compile_condition(tree.condition, CATALOG)(features.values, LISTS)


KLEENE = (True, False, None)


def conjunction(*values: bool | None) -> bool | None:
    return False if False in values else None if None in values else True


def disjunction(*values: bool | None) -> bool | None:
    return True if True in values else None if None in values else False


@pytest.mark.parametrize(("one", "two"), list(product(KLEENE, repeat=2)))
def test_kleene_pairs(*, one: bool | None, two: bool | None) -> None:
    given = {"is_recurring": one, "is_3d_secure": two}
    assert outcome("is_recurring and is_3d_secure", **given) is conjunction(one, two)
    assert outcome("is_recurring or is_3d_secure", **given) is disjunction(one, two)


@pytest.mark.parametrize(("one", "two", "three"), list(product(KLEENE, repeat=3)))
def test_kleene_triples(*, one: bool | None, two: bool | None, three: bool | None) -> None:
    given = {"is_recurring": one, "is_3d_secure": two, "is_disposable_email": three}
    assert outcome("is_recurring and is_3d_secure and is_disposable_email", **given) is conjunction(one, two, three)
    assert outcome("is_recurring or is_3d_secure or is_disposable_email", **given) is disjunction(one, two, three)


@pytest.mark.parametrize(("value", "expected"), [(True, False), (False, True), (None, None)])
def test_not(*, value: bool | None, expected: bool | None) -> None:
    assert outcome("not is_recurring", is_recurring=value) is expected


@pytest.mark.parametrize(
    "condition",
    [
        "amount_in_usd > 5",
        "5 > amount_in_usd",
        "amount_in_usd != 5",
        "email = 'a'",
        "email != 'a'",
        "not email = 'a'",
        "email in ('a')",
        "email not in ('a')",
        "email in @risky_domains",
        "email not in @risky_domains",
        "card_country = ip_country",
        "card_country != ip_country",
        "email = email",
    ],
)
def test_an_unknown_makes_a_comparison_unknown(condition: str) -> None:
    assert outcome(condition) is None
    assert outcome(condition, ip_country="US") is None


def test_is_missing_is_never_unknown() -> None:
    assert outcome("is_missing(email)") is True
    assert outcome("IS_MISSING(:email:)", email="a") is False
    assert outcome("is_missing(email) or email in ('a')") is True


@pytest.mark.parametrize(
    ("condition", "cents", "expected"),
    [
        ("amount_in_usd > 12.50", 1250, False),
        ("amount_in_usd > 12.50", 1251, True),
        ("amount_in_usd = 12.5", 1250, True),
        ("amount_in_usd >= 12.505", 1250, False),
        ("amount_in_usd >= 12.505", 1251, True),
        ("amount_in_usd = 12.505", 1250, False),
        ("amount_in_usd != 12.505", 1250, True),
        ("12.50 <= amount_in_usd", 1250, True),
        ("12.50 < amount_in_usd", 1250, False),
        ("amount_in_usd in (12.50, 3)", 1250, True),
        ("amount_in_usd in (12.50, 3)", 300, True),
        ("amount_in_usd not in (12.505)", 1250, True),
        ("amount_in_usd > 0.29", 29, False),
        ("amount_in_usd < 90071992547409.93", 9007199254740992, True),
        ("amount_in_usd > -0.01", 0, True),
    ],
)
def test_money_is_exact_in_main_units(*, condition: str, cents: int, expected: bool) -> None:
    assert outcome(condition, amount_in_usd=cents) is expected


def test_numbers_compare_across_types() -> None:
    assert outcome("risk_score = 2.35", risk_score=2.35) is True
    assert outcome("risk_score in (2.35)", risk_score=2.35) is True
    assert outcome("risk_score > 20", risk_score=20.01) is True
    assert outcome("card_payments_1h >= 2.5", card_payments_1h=2) is False
    assert outcome("card_payments_1h >= 2.5", card_payments_1h=3) is True
    assert outcome("card_payments_1h > basket_share", card_payments_1h=3, basket_share=2.5) is True
    assert outcome("card_amount_usd_24h > amount_in_usd", card_amount_usd_24h=500, amount_in_usd=499) is True


def test_case_is_ignored_where_the_feature_says_so() -> None:
    assert outcome("email_domain = 'Mailinator.COM'", email_domain="MAILINATOR.com") is True
    assert outcome("email_domain != 'Mailinator.COM'", email_domain="MAILINATOR.com") is False
    assert outcome("email_domain in ('X', 'Mailinator.COM')", email_domain="MAILINATOR.com") is True
    assert outcome("email = email_domain", email="A", email_domain="a") is True
    assert outcome("card_country = 'us'", card_country="US") is True
    assert outcome("card_country in ('us')", card_country="US") is True
    assert outcome("customer = 'cus_1'", customer="CUS_1") is False
    assert outcome("customer in ('cus_1')", customer="cus_1") is True
    assert outcome("customer = email", customer="A", email="a") is False
    assert outcome("email = customer", customer="A", email="a") is False
    assert outcome("email = customer", customer="a", email="a") is True


def test_named_lists() -> None:
    assert outcome("email_domain in @risky_domains", email_domain="mailinator.com") is True
    assert outcome("email_domain not in @risky_domains", email_domain="example.com") is True
    assert outcome("card_country in @countries", card_country="US") is True
    assert outcome("customer in @trusted", customer="CUS_2") is True
    assert outcome("customer in @trusted", customer="cus_2") is False


def test_a_list_that_is_not_there_is_unknown() -> None:
    tree = parse("Block if not customer in @gone").tree
    assert tree is not None
    assert compile_condition(tree.condition, CATALOG)(row(customer="a").values, {}) is None


def test_aliases_name_the_same_feature() -> None:
    assert outcome(":billing_address_country: = 'DE'", billing_country="DE") is True
