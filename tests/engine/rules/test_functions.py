"""Functions of values and over velocities: what they give, and what a rule's call describes."""

import re

import pytest

from engine.features import Catalog, Feature, FeatureType, Value
from engine.rules import check_rule
from engine.rules.compile import compile_condition
from engine.rules.count_check import counted_in
from engine.rules.counted import Counted, length
from engine.rules.diagnostics import Code
from engine.rules.functions import FUNCTIONS
from engine.rules.parser import MAX_OPERATIONS, parse
from engine.rules.tree import RuleTree
from tests.engine.rules.rule_features import CATALOG, LIST_NAMES, Texts, row


def tree_of(condition: str) -> RuleTree:
    text = f"Block if {condition}"
    assert not check_rule(text, CATALOG, LIST_NAMES), [fault.render(text) for fault in check_rule(text, CATALOG, ())]
    tree = parse(text, CATALOG.names()).tree
    assert tree is not None
    return tree


def outcome(
    condition: str,
    custom: dict[str, str | int | float | bool] | None = None,
    lists: dict[str, Texts] | None = None,
    **values: Value,
) -> bool | None:
    compiled = compile_condition(tree_of(condition).condition, CATALOG)
    return compiled((*row(**values).values, custom or {}), lists or {})


def described(call: str) -> Counted:
    (counted,) = counted_in(tree_of(f"{call} {'< 1h' if 'seen' in call else '> 1'}").condition, CATALOG)
    return counted


def test_arithmetic_is_exact() -> None:
    assert outcome("amount_in_usd * 3 = 0.30", amount_in_usd=10) is True
    assert outcome("amount_in_usd / 3 * 3 = amount_in_usd", amount_in_usd=1000) is True
    assert outcome("card_payments_1h / 3 = 1", card_payments_1h=3) is True
    assert outcome("card_payments_1h * 0.1 + 0.2 = 0.3", card_payments_1h=1) is True
    assert outcome("amount_in_usd - 0.005 > 12.49", amount_in_usd=1250) is True
    assert outcome("2 - card_payments_1h * -3 = 8", card_payments_1h=2) is True
    assert outcome("::spent:: + 0.1 = 0.3", {"spent": 0.2}) is True
    assert outcome("amount_in_usd > ::limit:: * 2", {"limit": "6.25"}, amount_in_usd=1251) is True


def test_precedence_is_that_of_arithmetic() -> None:
    assert outcome("1 + 2 * card_payments_1h = 7", card_payments_1h=3) is True
    assert outcome("(1 + 2) * card_payments_1h = 9", card_payments_1h=3) is True
    assert outcome("12 / 2 / card_payments_1h = 2", card_payments_1h=3) is True
    assert outcome("10 - 2 - card_payments_1h = 5", card_payments_1h=3) is True
    assert outcome("not card_payments_1h + 1 > 5", card_payments_1h=3) is True


def test_division_by_zero_and_an_unknown_part_are_unknown() -> None:
    ratio = "amount_in_usd / card_amount_usd_24h > 3"
    assert outcome(ratio, amount_in_usd=400, card_amount_usd_24h=100) is True
    assert outcome(ratio, amount_in_usd=400, card_amount_usd_24h=0) is None
    assert outcome(ratio, amount_in_usd=400) is None
    assert outcome("card_payments_1h / (2 - 2) > 3", card_payments_1h=4) is None
    assert outcome("is_missing(amount_in_usd / card_amount_usd_24h)", amount_in_usd=4, card_amount_usd_24h=0) is True
    assert outcome("0 * card_payments_1h = 0", card_payments_1h=4) is True
    assert outcome("0 * card_payments_1h = 0") is None


def test_what_is_out_of_range_is_unknown() -> None:
    huge = "9" * 30
    assert outcome("basket_share * basket_share > 1", basket_share=1e200) is None
    assert outcome(f"basket_share + {' * '.join([huge] * 12)} > 1", basket_share=1.0) is None
    assert outcome("::spent:: + 1 > 0", {"spent": "1" + "0" * 31}) is None
    assert outcome("::spent:: + 1 > 0", {"spent": "1" + "0" * 29}) is True


def test_operations_are_counted() -> None:
    def codes(operations: int) -> list[Code]:
        # Groups keep the tree flat: the depth is not what is reached here.
        groups = [f"(1{' + card_payments_1h' * 7})" for _ in range(operations // 8)]
        rest = operations - 8 * len(groups) + 1
        text = f"Block if {' * '.join(groups)}{' + 1' * rest} > 5"
        return [fault.code for fault in check_rule(text, CATALOG, LIST_NAMES)]

    assert codes(MAX_OPERATIONS) == []
    assert codes(MAX_OPERATIONS + 1) == [Code.LIMIT]


def test_times_are_compared_in_one_unit() -> None:
    assert outcome("hours_since_created < 90m", hours_since_created=1.49) is True
    assert outcome("hours_since_created < 90m", hours_since_created=1.5) is False
    assert outcome("session_age_seconds >= 2h", session_age_seconds=7200.0) is True
    assert outcome("seconds_since_login < 0.5h", seconds_since_login=1799) is True
    assert outcome("session_age_seconds > hours_since_created", session_age_seconds=3700.0, hours_since_created=1.0)
    assert outcome("seconds_since_login < hours_since_created + 10m", seconds_since_login=599, hours_since_created=0.0)
    assert outcome("hours_since_created in (1h, 90m)", hours_since_created=1.5) is True
    assert outcome("hours_since(seconds_since_login) = 1.5", seconds_since_login=5400) is True
    assert outcome("hours_since(seconds_since_login) < 1d", seconds_since_login=5400) is True
    assert outcome("seconds_since_login / 10m = 3", seconds_since_login=1800) is True
    assert outcome("2 * seconds_since_login > 1h", seconds_since_login=1801) is True


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("email_domain like '%.example'", "Shop.Example", True),
        ("email_domain like '%.example'", "shop.example.org", False),
        ("email_domain like 'shop%'", "SHOP.example", True),
        ("email_domain like 'shop'", "shops", False),
        ("email_domain like 'a%b%c'", "aXbXc", True),
        ("email_domain like 'a%b%c'", "acbc", True),
        ("email_domain like 'ab%ba'", "aba", False),
        ("email_domain like 'a_c'", "abc", False),
        ("email_domain not like '%.example'", "shop.example", False),
        ("email_domain includes 'SHOP'", "my-shop.example", True),
        ("email_domain matches '^[a-z]+[0-9]{2,}[.]'", "Shop42.example", True),
        ("email_domain matches 'shop$'", "shop.example", False),
        ("starts_with(email_domain, 'my-', 'sho')", "Shop.example", True),
        ("starts_with(email_domain, 'hop')", "shop.example", False),
        ("not email_domain like 'x'", None, None),
        ("starts_with(email_domain, 'x')", None, None),
    ],
)
def test_what_is_looked_for_in_texts(condition: str, value: str | None, expected: bool | None) -> None:
    assert outcome(condition, email_domain=value) is expected


def test_case_counts_where_it_does_for_the_text() -> None:
    assert outcome("customer like 'c%'", customer="Cust-1") is False
    assert outcome("lower(customer) like 'c%'", customer="Cust-1") is True
    assert outcome("::tier:: includes 'old'", {"tier": "GOLD"}) is False
    assert outcome("lower(::tier::) = 'Gold'", {"tier": "GOLD"}) is True
    assert outcome("starts_with(customer, 'cust')", customer="Cust-1") is False
    assert outcome("lower(card_country) in ('us', 'CA')", card_country="US") is True
    assert outcome("lower(card_country) in @countries", lists={"countries": Texts({"US"})}, card_country="US") is True
    assert outcome("lower(customer) in @trusted", lists={"trusted": Texts({"cust-1"})}, customer="Cust-1") is True


def test_domains_and_addresses() -> None:
    assert outcome("domain_of(::contact::) = 'shop.example'", {"contact": "Bob@x@Shop.Example."}) is True
    assert outcome("domain_of(::contact::) = 'shop.example'", {"contact": "Bob"}) is None
    assert outcome("domain_of(email) in @risky_domains", lists={"risky_domains": Texts({"a.b"})}, email="x@A.b")
    assert outcome("ip_in(ip_address, '192.0.2.0/24', '10.0.0.1')", ip_address="192.0.2.200") is True
    assert outcome("ip_in(ip_address, '192.0.2.0/24')", ip_address="192.0.3.1") is False
    assert outcome("ip_in(ip_address, '192.0.2.0/24')", ip_address="::ffff:192.0.2.1") is True
    assert outcome("ip_in(ip_address, '2001:db8::/32')", ip_address="2001:db8::1") is True
    assert outcome("ip_in(ip_address, '::/0')", ip_address="192.0.2.1") is False
    assert outcome("ip_in(ip_address, '192.0.2.0/24')", ip_address="elsewhere") is None
    assert outcome("distance_km(billing, 'ip') > 500", distance_between_ip_and_billing_address=501.0) is True


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("count(by: card, within: 1h)", "count_by_card_within_1h"),
        ("count(status: declined, within: 60m, by: [card])", "count_by_card_within_1h_status_declined"),
        ("count(by: card, within: 24h, status: all)", "count_by_card_within_1d"),
        ("count(by: card, within: 90m, scope: network)", "count_by_card_within_90m_network"),
        ("count(by: [email, card], within: all)", "count_by_card_and_email"),
        ("sum(amount_in_usd, by: card, within: 7d, delay: 1d)", "sum_amount_in_usd_by_card_within_7d_delay_1d"),
        ("distinct(card, by: ip_address, within: 10m)", "distinct_card_by_ip_address_within_10m"),
        ("first_seen(by: customer, scope: merchant)", "first_seen_by_customer"),
        ("last_seen(by: customer, within: 3600s)", "last_seen_by_customer_within_1h"),
    ],
)
def test_the_name_of_what_is_counted_is_made_of_its_content(call: str, name: str) -> None:
    counted = described(call)
    assert counted.name == name
    assert counted.name.isidentifier()
    assert counted.doc.endswith("this one not counted. Asked for by a rule.")


def test_two_spellings_of_one_count_are_one() -> None:
    one = described("count(by: [card, customer], within: 1d, status: 'Declined')")
    assert described("COUNT(within: 1440m, status: declined, by: [customer, card])") == one
    assert described("count(by: [card, billing_address_country], within: 1d)").by == ("billing_country", "card")


def test_mailboxes_and_addresses_are_counted_by_their_normal_form() -> None:
    normal = (
        Feature(name=name, type=FeatureType.STRING, doc="x", source="enrichment")
        for name in ("email_normalized", "ip_normalized")
    )
    catalog = Catalog((*CATALOG, *normal))
    tree = parse("Block if distinct(email, by: ip_address, within: 1h) > 3", catalog.names()).tree
    assert tree is not None
    (counted,) = counted_in(tree.condition, catalog)
    assert counted.name == "distinct_email_normalized_by_ip_normalized_within_1h"


def test_lengths_are_written_in_the_largest_unit_that_says_them() -> None:
    assert [length(seconds) for seconds in (1, 59, 60, 90, 3600, 5400, 86400, 7 * 86400)] == [
        "1s", "59s", "1m", "90s", "1h", "90m", "1d", "7d",
    ]  # fmt: skip


def test_a_call_is_read_as_the_feature_of_its_name() -> None:
    counted = described("count(by: card, within: 2h)")
    catalog = Catalog((*CATALOG, Feature(name=counted.name, type=FeatureType.INTEGER, doc="x", source="velocity")))
    tree = tree_of("count(by: card, within: 120m) > 3 or is_missing(count(by: card, within: 2h))")
    compiled = compile_condition(tree.condition, catalog)
    assert compiled((*row().values, 4), {}) is True
    assert compiled((*row().values, 3), {}) is False
    assert compiled((*row().values, None), {}) is True


def test_every_function_is_documented_by_an_example_that_checks() -> None:
    for function in FUNCTIONS.values():
        assert function.doc
        assert re.match(rf"{function.name}\(", function.written)
        condition = function.written
        if not function.is_condition:
            compared = {"lower": "= 'x'", "domain_of": "= 'x'", "first_seen": "< 1h", "last_seen": "< 1h"}
            condition = f"{function.written} {compared.get(function.name, '> 5')}"
        assert not check_rule(f"Block if {condition}", CATALOG, LIST_NAMES), condition
