"""Radar's rules mean here what they mean there; what cannot be said is named."""

import tomllib
from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog import CATALOG, catalog_of, read_ruleset
from engine.features import Features, Value
from engine.rules import check_rule
from engine.rules.compile import compile_condition
from engine.rules.count_check import counted_in
from engine.rules.parser import parse
from engine.rules.radar import import_rules, ruleset_file
from engine.rules.tree import (
    Call,
    Comparator,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Items,
    Membership,
    Name,
    Negation,
    Number,
    Text,
)

FLAGS = ("is_recurring", "is_off_session")


def imported(rule: str) -> str:
    (found,) = import_rules(rule, CATALOG)
    assert found.text is not None, found.problems
    return " ".join(found.text.split())


def problem(rule: str) -> str:
    (found,) = import_rules(rule, CATALOG)
    assert found.text is None
    return " ".join(found.problems)


@pytest.mark.parametrize(
    ("radar", "ours"),
    [
        ("Block if :card_country: != :ip_country:", "Block if card_country != ip_country"),
        ("Request 3D Secure if :amount_in_usd: > 500", "Request 3DS if amount_in_usd > 500"),
        ("Block if not :is_recurring:", "Block if is_missing(is_recurring) or not is_recurring"),
        (
            "Block if :amount_in_usd: > 5 and NOT(:is_recurring:)",
            "Block if amount_in_usd > 5 and (is_missing(is_recurring) or not is_recurring)",
        ),
        (
            "Block if not (:is_recurring: and :is_off_session:)",
            "Block if not ({} and {})".format(*(f"(not is_missing({flag}) and {flag})" for flag in FLAGS)),
        ),
        ("Block if not not :is_recurring:", "Block if not not is_recurring"),
        ("Block if :risk_score: >= 65", "Block if risk_level in ('elevated', 'highest')"),
        ("Block if :risk_score: > 74", "Block if risk_level = 'highest'"),
        ("Allow if :risk_score: < 65", "Allow if risk_level = 'normal'"),
        ("Allow if :risk_score: <= 74", "Allow if risk_level in ('normal', 'elevated')"),
        ("Block if 75 <= :risk_score:", "Block if risk_level = 'highest'"),
        ("Block if not :risk_score: >= 75", "Block if not (risk_level = 'highest' or risk_score < 0)"),
        ("Block if :card_brand: in ('mc', 'visa')", "Block if card_brand in ('mastercard', 'visa')"),
        ("Block if :card_funding: != 'prepaid'", "Block if is_missing(card_funding) or card_funding != 'prepaid'"),
        ("Block if :card_funding: = 'unknown'", "Block if is_missing(card_funding)"),
        ("Block if :card_funding: != 'unknown'", "Block if not is_missing(card_funding)"),
        ("Block if :card_funding: in ('prepaid', 'debit')", "Block if card_funding in ('prepaid', 'debit')"),
        ("Block if :digital_wallet: = 'none'", "Block if is_missing(digital_wallet) or digital_wallet = 'none'"),
        ("Allow if :digital_wallet: = 'android_pay'", "Allow if digital_wallet = 'google_pay'"),
        ("Block if :card_bin: in @bins", "Block if card_bin6 in @bins"),
        ("Block if :seconds_since_card_first_seen: < 3600", "Block if first_seen(by: card) < 1h"),
        ("Block if is_missing(:hours_since_email_first_seen:)", "Block if is_missing(first_seen(by: email))"),
        (
            "Block if :hours_since_first_successful_auth_on_card: < 1.5",
            "Block if first_seen(by: card, status: authorized) < 90m",
        ),
        ("Block if :minutes_since_customer_was_created: < 61", "Block if hours_since_customer_was_created < 61m"),
        (
            "Block if :declined_charges_per_card_number_hourly: > 2",
            "Block if declined_charges_per_card_number_hourly > 2",
        ),
        (
            "Block if :blocked_charges_per_customer_all_time: > 2",
            "Block if count(by: customer, within: all, status: blocked) > 2",
        ),
        (
            "Block if :card_count_for_shipping_address_hourly: > 2",
            "Block if distinct(card, by: shipping_address, within: 1h) > 2",
        ),
        (
            "Block if :average_usd_amount_attempted_on_card_all_time: > 20",
            "Block if average(amount_in_usd, by: card, within: all) > 20",
        ),
        ("Block if ::Customer Age:: < 30", "Block if ::Customer Age:: < 30"),
        ("Block if :email: LIKE 'fraud%@a.example'", "Block if email like 'fraud%@a.example'"),
        (
            "Block if :efw_count_on_card_all_time: > 0",
            "Block if count(by: card, within: all, status: fraud_warning) > 0",
        ),
        (
            "Block if :dispute_count_on_card_number_yearly: > 0",
            "Block if count(by: card, within: 365d, status: disputed) > 0",
        ),
        (
            "Block if is_missing(:email_domain:)OR :email_domain:IN('a')",
            "Block if is_missing(email_domain) or email_domain in ('a')",
        ),
    ],
)
def test_a_rule_is_said_here(radar: str, ours: str) -> None:
    assert imported(radar) == ours


@pytest.mark.parametrize(
    ("radar", "word"),
    [
        ("Block if :risk_score: > 20", "probability"),
        ("Block if :risk_score: = 65", "probability"),
        ("Block if :risk_score: > ::limit::", "probability"),
        ("Block if :is_my_login_ip:", "is_my_login_ip"),
        ("Block if not :has_cryptogram:", "has_cryptogram"),
        ("Block if :amount_in_gbp: > 5", "US dollars"),
        ("Block if :billing_address: includes 'x'", "text of the address"),
        ("Block if :dispute_count_on_card_number_weekly: > 0", "dispute_count_on_card_number_weekly"),
        ("Block if :card_brand: = 'maestro'", "never 'maestro'"),
        ("Block if :card_brand: = ::brand::", "other values"),
        ("Block if is_missing(:is_recurring:)", "never missing"),
        ("Block if is_missing(:card_funding:)", "'unknown' instead"),
        ("Block if :seconds_since_card_first_seen: < ::limit::", "length of time"),
        ("Block if :is_3d_secure and :amount_in_usd: > 5", "closing colon"),
        ("Block if :ip_country: = 'Canada'", "country's code"),
        ("Block if :amount_in_usd: >= 'one thousand dollars'", "number"),
        ("Block if :risk_level: < 'highest'", "does not apply"),
        ("Stop if :amount_in_usd: > 5", "not an action"),
        ("if :amount_in_usd: > 5", "what to do"),
    ],
)
def test_what_cannot_be_said_is_named(radar: str, word: str) -> None:
    assert word in problem(radar)


def test_rules_stand_in_lines_or_in_blocks() -> None:
    source = """
    # A: lines
    Block if :amount_in_usd: > 5
    Review if :amount_in_usd: > 6
      and :card_country: = 'US'

    // B
    1. Allow if
       :amount_in_usd: > 7
    - Block if :amount_in_usd: > 8
    """
    found = import_rules(source, CATALOG)
    assert [rule.name for rule in found] == ["A: lines", "", "B", ""]
    assert [(rule.text or "").split()[0] for rule in found] == ["Block", "Review", "Allow", "Block"]
    assert "card_country" in (found[1].text or "")


def test_the_file_of_imported_rules_is_a_sound_ruleset() -> None:
    rules = import_rules(
        '# {odd} "name"\nBlock if :email: = "o\'x"\nBlock if nothing\nReview if :email: matches', CATALOG
    )
    source = ruleset_file(rules)
    ruleset = read_ruleset(source, ())
    assert [rule.id for rule in ruleset.rules] == ["radar-001"]
    assert ruleset.rules[0].name == '(odd) "name"'
    assert source.count("# Not imported: ") == 2
    assert tomllib.loads(source)["rule"][0]["text"] == 'Block if email = "o\'x"'


# Radar's meaning, plainly: booleans are never missing, closed attributes have a value for none, a comparison with what
# is missing is missing, also below `not`.

LEVELS = {"normal": 10, "elevated": 70, "highest": 90}
ATOMS = st.one_of(
    st.sampled_from([f":{flag}:" for flag in FLAGS]),
    st.builds(
        "{} {} '{}'".format,
        st.just(":card_funding:"),
        st.sampled_from(("=", "!=")),
        st.sampled_from(("prepaid", "credit", "unknown")),
    ),
    st.builds(
        "{} {} '{}'".format,
        st.just(":digital_wallet:"),
        st.sampled_from(("=", "!=")),
        st.sampled_from(("apple_pay", "none")),
    ),
    st.sampled_from((":card_funding: in ('prepaid', 'unknown')", ":card_funding: in ('prepaid', 'debit')")),
    st.builds("{} {} {}".format, st.just(":risk_score:"), st.sampled_from((">=", "<")), st.sampled_from((65, 75))),
    st.builds("{} {} {}".format, st.just(":risk_score:"), st.sampled_from((">", "<=")), st.sampled_from((64, 74))),
    st.builds("{} {} {}".format, st.just(":amount_in_usd:"), st.sampled_from((">", "=")), st.sampled_from((5, 10))),
    st.just("is_missing(:amount_in_usd:)"),
)


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} and {})".format, parts, parts),
        st.builds("({} or {})".format, parts, parts),
        st.builds("not {}".format, parts),
        st.builds("not ({})".format, parts),
    )


def radar(node: Condition, known: Mapping[str, Value]) -> bool | None:
    match node:
        case Conjunction():
            found = [radar(part, known) for part in node.conditions]
            return False if False in found else None if None in found else True
        case Disjunction():
            found = [radar(part, known) for part in node.conditions]
            return True if True in found else None if None in found else False
        case Negation():
            inner = radar(node.condition, known)
            return None if inner is None else not inner
        case Name():
            return known[node.name] is True
        case Call(arguments=(Name() as asked,)):
            return known[asked.name] is None
        case Membership(subject=Name() as subject, choices=Items() as choices):
            return valued(subject.name, known) in [item.value for item in choices.items if isinstance(item, Text)]
        case Comparison(left=Name() as left, right=Number() | Text() as right):
            value = valued(left.name, known)
            if value is None:
                return None
            return compared(value, node.operator, right.value)
        case _:
            raise AssertionError(node)


def compared(value: str | Fraction, operator: Comparator, fixed: str | Fraction) -> bool:
    if isinstance(value, str) or isinstance(fixed, str):
        return (value == fixed) is (operator is Comparator.EQUAL)
    return {
        Comparator.EQUAL: value == fixed,
        Comparator.UNEQUAL: value != fixed,
        Comparator.LESS: value < fixed,
        Comparator.LESS_OR_EQUAL: value <= fixed,
        Comparator.GREATER: value > fixed,
        Comparator.GREATER_OR_EQUAL: value >= fixed,
    }[operator]


def valued(name: str, known: Mapping[str, Value]) -> str | Fraction | None:
    if name == "risk_score":
        level = known["risk_level"]
        return None if level == "not_assessed" else Fraction(LEVELS[str(level)])
    value = known[name]
    if value is None:
        return {"card_funding": "unknown", "digital_wallet": "none"}.get(name)
    return value if isinstance(value, str) else Fraction(value) / 100


@settings(max_examples=500)
@given(
    condition=st.recursive(ATOMS, joined, max_leaves=8),
    flags=st.tuples(*(st.sampled_from((True, False, None)) for _ in FLAGS)),
    funding=st.sampled_from(("prepaid", "credit", "debit", None)),
    wallet=st.sampled_from(("apple_pay", "none", None)),
    level=st.sampled_from((*LEVELS, "not_assessed")),
    amount=st.sampled_from((500, 600, 1000, None)),
)
def test_an_imported_rule_fires_where_radars_does(
    condition: str,
    flags: tuple[bool | None, ...],
    funding: str | None,
    wallet: str | None,
    level: str,
    amount: int | None,
) -> None:
    known: dict[str, Value] = dict(zip(FLAGS, flags, strict=True))
    known |= {"card_funding": funding, "digital_wallet": wallet, "risk_level": level, "amount_in_usd": amount}
    tree = parse(f"Block if {condition}", CATALOG.names()).tree
    assert tree is not None
    text = imported(f"Block if {condition}")
    assert not check_rule(text, CATALOG, ())
    ours = parse(text, CATALOG.names()).tree
    assert ours is not None
    assert not counted_in(ours.condition, CATALOG)
    assert catalog_of((), ()) is CATALOG
    score = None if level == "not_assessed" else 3.5
    row = Features(CATALOG, (None,) * len(CATALOG)).replaced({**known, "risk_score": score})
    fires = compile_condition(ours.condition, CATALOG)(row.values, {}) is True
    assert fires is (radar(tree.condition, known) is True)
