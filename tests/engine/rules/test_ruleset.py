"""Ruleset files: what they give, what their faults say, what their hash means."""

from contextlib import suppress
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision import Reason, RuleAction, RuleMode
from engine.errors import RulesInvalid
from engine.rules import Ruleset, parse_ruleset
from engine.rules.examine import examine
from engine.rules.source import MAX_LIVE_RULES, MAX_RULES
from tests.engine.rules.rule_features import CATALOG, LIST_NAMES, Texts, row


def declared(
    rule_id: str = "a-rule",
    text: str = "Block if amount_in_usd > 5",
    reason: str = "Too much",
    name: str = "A rule",
    extra: str = "",
) -> str:
    return f'[[rule]]\nid = "{rule_id}"\nname = "{name}"\ntext = """{text}"""\nreason = "{reason}"\n{extra}\n'


def ruleset(*rules: str) -> Ruleset:
    return parse_ruleset("\n".join(rules), CATALOG, LIST_NAMES)


def faults(source: str) -> str:
    with pytest.raises(RulesInvalid) as raised:
        parse_ruleset(source, CATALOG, LIST_NAMES)
    return str(raised.value)


def test_a_rule_is_what_its_file_says() -> None:
    (rule,) = ruleset(declared(extra='mode = "shadow"\nmandatory = true')).rules
    assert (rule.id, rule.name, rule.reason) == ("a-rule", "A rule", "Too much")
    assert (rule.action, rule.mode, rule.mandatory) == (RuleAction.BLOCK, RuleMode.SHADOW, True)
    assert len(rule.version) == 12
    (plain,) = ruleset(declared()).rules
    assert (plain.mode, plain.mandatory) == (RuleMode.LIVE, False)


def test_no_rules_are_a_ruleset() -> None:
    empty = ruleset("rule = []")
    assert empty.rules == ()
    assert empty.evaluate(row(), {}).outcomes == ()


def test_results_and_reasons() -> None:
    checked = ruleset(
        declared("c-shadow", "Block if amount_in_usd > 1", extra='mode = "shadow"'),
        declared("b-unknown", "Review if email = 'a'"),
        declared("a-fires", reason="{amount_in_usd} from {card_country}, {ip_distinct_cards_10m} cards"),
        declared("d-false", "Allow if amount_in_usd < 5"),
    )
    features = row(amount_in_usd=125_000, card_country="US")
    results = checked.evaluate(features, {})
    assert [rule.id for rule in results.rules] == ["a-fires", "b-unknown", "c-shadow", "d-false"]
    assert results.outcomes == (True, None, True, False)
    assert checked.reasons(results, features) == (
        Reason(code="a-fires", text="1,250.00 USD from US, an unknown number of cards", source="rule"),
    )


def test_lists_are_handed_in() -> None:
    checked = ruleset(declared(text="Allow if customer in @trusted"))
    assert checked.evaluate(row(customer="c"), {"trusted": Texts({"c"})}).outcomes == (True,)
    assert checked.evaluate(row(customer="c"), {}).outcomes == (None,)


def test_the_order_of_a_file_means_nothing() -> None:
    rules = [declared(f"rule-{letter}", f"Block if email = '{letter}'") for letter in "abc"]
    sets = [ruleset(*order) for order in permutations(rules)]
    assert {checked.hash for checked in sets} == {sets[0].hash}
    assert {checked.rules for checked in sets} == {sets[0].rules}
    assert len(sets[0].hash) == 64


def test_spelling_does_not_change_the_version_or_the_hash() -> None:
    one = ruleset(declared(text="Block if amount_in_usd > 5 and is_recurring"))
    two = ruleset(declared(text="BLOCK if\n  :amount_in_usd:>5 && is_recurring"))
    assert one.rules == two.rules
    assert one.hash == two.hash


@pytest.mark.parametrize(
    "other",
    [
        declared("b-rule"),
        declared(name="Another"),
        declared(reason="Another"),
        declared(text="Block if amount_in_usd > 6"),
        declared(text="Review if amount_in_usd > 5"),
        declared(extra='mode = "shadow"'),
        declared(extra="mandatory = true"),
        "rule = []",
    ],
)
def test_every_change_changes_the_hash(other: str) -> None:
    assert ruleset(other).hash != ruleset(declared()).hash


def test_the_version_is_of_the_text_alone() -> None:
    (plain,) = ruleset(declared()).rules
    (renamed,) = ruleset(declared("b-rule", reason="x", name="y")).rules
    (changed,) = ruleset(declared(text="Block if amount_in_usd > 6")).rules
    assert plain.version == renamed.version != changed.version


def test_all_faults_are_told_at_once_each_with_its_rule() -> None:
    said = faults(
        "surprise = 1\n"
        + declared("first", "Block if amout_in_usd > 5 and card_country = 'Canada'")
        + declared("second", reason="{nothing} of {amount_in_usd")
        + declared("third", "Blok if is_recurring", extra="mandtory = true")
        + declared("third")
        + "[[rule]]\nname = 'No id'\ntext = 'Block if is_recurring'\nreason = 3\n"
        + declared("Bad Id", extra='mode = "drafted"')
    )
    for part in (
        "`surprise` is not known at the top of the file",
        "rule first, within its text, line 1, column 10: There is no feature `amout_in_usd`.",
        "rule first, within its text, line 1, column 46: 'Canada' is not a country's code.",
        "rule second, within its reason, line 1, column 1: There is no feature `nothing`.",
        "rule second, within its reason, line 1, column 14: This brace stands alone.",
        "rule third: `mandtory` is not a key of a rule. Did you mean `mandatory`?",
        "rule third, within its text, line 1, column 1: `Blok` is not an action.",
        "rule third: 2 rules have this id.",
        "rule number 5: `id` is missing.",
        "rule number 5: `reason` is not a text.",
        "rule Bad Id: `id` has other characters",
        "rule Bad Id: `mode` is 'drafted'. Write one of `live`, `shadow`, `rollout`, `paused` and `draft`.",
    ):
        assert part in said, said


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("[[rule]\n", "not valid TOML"),
        ("", "The file has no rule."),
        ("# all rules are commented out", "The file has no rule."),
        ("rules = []", "The file has no rule."),
        ("rule = 5", "Write `[[rule]]`"),
        ("rule = [5]", "Write `[[rule]]`"),
        ("[rule]\nid = 'a'", "Write `[[rule]]`"),
        ("a = " + "[" * 100_000, "not valid TOML"),
        ("a = " + "9" * 10_000, "not valid TOML"),
        ("\ud800", "not valid TOML"),
        ("#" * 2_000_001, "characters"),
        (declared(text=""), "The rule is empty."),
        (declared(reason=" "), "`reason` is empty."),
        (declared(name="x" * 121), "`name` is longer"),
        (declared(reason="x" * 301), "The reason is longer"),
        (declared(extra="mandatory = 'yes'"), "`mandatory` is neither"),
        (
            declared(text="Review if is_recurring", extra="mandatory = true"),
            "rule a-rule: `mandatory` is for block rules",
        ),
        (declared(text="Allow if is_recurring", extra="mandatory = true"), "`mandatory` is for block rules alone."),
    ],
)
def test_faults_of_a_file(source: str, part: str) -> None:
    assert part in faults(source)


def test_rules_are_limited() -> None:
    live = [declared(f"live-{number}") for number in range(MAX_LIVE_RULES)]
    assert len(ruleset(*live, declared("shadow", extra='mode = "shadow"')).rules) == MAX_LIVE_RULES + 1
    assert "201 rules are live" in faults("\n".join([*live, declared("one-more")]))
    shadows = [declared(f"s-{number}", extra='mode = "shadow"') for number in range(MAX_RULES + 1)]
    assert "There are 1001 rules" in faults("\n".join(shadows))


def test_patterns_of_a_file_are_limited_together() -> None:
    costly = [declared(f"r-{n}", text="Review if email matches 'a[ab]{90}c'") for n in range(11)]
    assert len(ruleset(*costly[1:]).rules) == 10
    told = faults("\n".join(costly))
    assert "The patterns of `matches` take" in told
    assert [each.message for each in examine("\n".join(costly), CATALOG, LIST_NAMES).faults] == [told]
    kept = parse_ruleset("\n".join(costly), CATALOG, LIST_NAMES, is_limited=False)
    assert len(kept.rules) == 11, "what was recorded is read again"


@given(st.text() | st.lists(st.sampled_from(["[[rule]]", "id", "=", "'a'", "text", "\n", "1", "{", "]"])).map("".join))
def test_any_text_is_a_ruleset_or_is_refused(source: str) -> None:
    with suppress(RulesInvalid):
        assert not parse_ruleset(source, CATALOG, LIST_NAMES).rules
