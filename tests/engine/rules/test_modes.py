"""Modes of rules: what acts on which payment, what is recorded of it, and what older rulesets keep."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog import CATALOG as WHOLE
from engine.decide import Snapshot, decide, snapshot_of
from engine.decision import Rule, RuleAction, RuleMode, RuleResults, is_in_share
from engine.errors import RulesInvalid
from engine.features import Features
from engine.lists import NO_LISTS
from engine.payment import Payment
from engine.policy import Policy
from engine.reference import Reference
from engine.rules import Content, Declared, Ruleset, default_source, parse_ruleset, read_source, ruleset_of
from tests.engine.rules.rule_features import CATALOG, row

END = datetime(2026, 11, 2, 15, tzinfo=UTC)
TRANSACTIONS = [f"tx-{number}" for number in range(20_000)]


def written(extra: str, text: str = "Block if amount_in_usd > 5", rule_id: str = "a-rule") -> str:
    return f"[[rule]]\nid = '{rule_id}'\nname = 'n'\ntext = '''{text}'''\nreason = 'r'\n{extra}\n"


def parsed(*rules: str) -> Ruleset:
    return parse_ruleset("\n".join(rules), CATALOG, ())


def modes(results: RuleResults) -> list[RuleMode]:
    return [results.mode(place) for place in range(len(results.rules))]


@pytest.mark.parametrize("percent", [1, 10, 50, 99])
def test_the_share_of_a_rollout_is_within_binomial_bounds(percent: int) -> None:
    share = sum(is_in_share("a-rule", each, percent) for each in TRANSACTIONS)
    expected, deviation = 200 * percent, sqrt(20_000 * percent / 100 * (1 - percent / 100))
    assert abs(share - expected) < 4 * deviation


def test_a_share_is_the_same_for_ever() -> None:
    # These are recorded: another hash would decide otherwise when it is replayed.
    assert [each for each in TRANSACTIONS[:60] if is_in_share("a-rule", each, 10)] == [
        "tx-9",
        "tx-10",
        "tx-20",
        "tx-27",
        "tx-53",
        "tx-57",
    ]


@given(st.text(), st.text(max_size=255), st.integers(1, 98))
def test_a_greater_share_holds_every_payment_of_a_smaller_one(rule_id: str, transaction_id: str, percent: int) -> None:
    if is_in_share(rule_id, transaction_id, percent):
        assert is_in_share(rule_id, transaction_id, percent + 1)
    assert is_in_share(rule_id, transaction_id, 100)
    assert not is_in_share(rule_id, transaction_id, 0)


def test_shares_of_two_rules_are_independent() -> None:
    both = sum(is_in_share("one", each, 30) and is_in_share("two", each, 30) for each in TRANSACTIONS)
    assert abs(both - 1_800) < 4 * sqrt(20_000 * 0.09 * 0.91)


def test_a_rule_in_rollout_acts_within_its_share_and_is_recorded_beyond_it() -> None:
    rules = parsed(written("mode = 'rollout'\nrollout_percent = 30"))
    for each in TRANSACTIONS[:50]:
        results = rules.evaluate(row(amount_in_usd=600), {}, acting=rules.acting(each, END))
        acts = is_in_share("a-rule", each, 30)
        assert results.outcomes == (True,)
        assert results.fired == (rules.rules if acts else ())
        assert modes(results) == [RuleMode.LIVE if acts else RuleMode.SHADOW]
        assert results.packed() == ("t" if acts else "T")


@pytest.mark.parametrize("mode", ["live", "rollout"])
def test_a_rule_that_expires_acts_until_then(mode: str) -> None:
    extra = f"mode = '{mode}'\nexpires_at = 2026-11-02T16:00:00+01:00" + (
        "\nrollout_percent = 99" if mode == "rollout" else ""
    )
    rules = parsed(written(extra))
    transaction = next(each for each in TRANSACTIONS if is_in_share("a-rule", each, 99))
    for at, acts in ((END - timedelta(microseconds=1), True), (END, False), (END + timedelta(days=9), False)):
        results = rules.evaluate(row(amount_in_usd=600), {}, acting=rules.acting(transaction, at))
        assert (bool(results.fired), results.packed()) == (acts, "t" if acts else "T")


def test_what_is_paused_or_a_draft_has_no_result_and_is_kept() -> None:
    rules = parsed(written("mode = 'paused'"), written("mode = 'draft'", rule_id="b"), written("", rule_id="c"))
    assert [rule.id for rule in rules.rules] == ["c"]
    assert [(rule.id, rule.mode) for rule in rules.content.rules] == [
        ("a-rule", RuleMode.PAUSED),
        ("b", RuleMode.DRAFT),
        ("c", RuleMode.LIVE),
    ]
    assert rules.hash != parsed(written("", rule_id="c")).hash


def test_a_set_without_conditions_says_nothing_of_a_payment() -> None:
    rules = parsed(written(""), written("mode = 'shadow'\nexpires_at = 2026-11-02T15:00:00Z", rule_id="b"))
    assert rules.acting("tx-1", END) is None
    results = rules.evaluate(row(amount_in_usd=600), {})
    assert (results.packed(), modes(results)) == ("tt", [RuleMode.LIVE, RuleMode.SHADOW])


def test_a_shadow_rule_among_conditional_ones_has_a_small_letter() -> None:
    rules = parsed(written("mode = 'shadow'"), written("expires_at = 2026-11-02T15:00:00Z", rule_id="b"))
    results = rules.evaluate(row(), {}, acting=rules.acting("tx-1", END))
    assert (results.packed(), modes(results)) == ("uU", [RuleMode.SHADOW] * 2)


def test_no_rule_in_rollout_acts_where_nobody_says_on_what() -> None:
    rule = Rule(
        id="a", name="a", version="v", action=RuleAction.BLOCK, reason="r", mode=RuleMode.ROLLOUT, rollout_percent=9
    )
    assert RuleResults((rule,), (True,)).fired == ()


def test_rulesets_without_the_newer_modes_keep_their_hash() -> None:
    # Decisions name it, and the ledger holds their rules under it (law 7).
    assert parsed(written("mode = 'shadow'")).hash.startswith("fb73a596e2990e518e7957a097838dc3")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mode = 'rollout'\nrollout_percent = 5", "mode = 'rollout'\nrollout_percent = 6"),
        ("", "expires_at = 2026-11-02T15:00:00Z"),
        ("expires_at = 2026-11-02T15:00:01Z", "expires_at = 2026-11-02T15:00:00Z"),
        ("mode = 'paused'", "mode = 'draft'"),
    ],
)
def test_every_condition_changes_the_hash_and_no_rules_version(one: str, other: str) -> None:
    assert parsed(written(one)).hash != parsed(written(other)).hash
    assert {rule.version for each in (one, other) for rule in parsed(written(each)).rules} <= {
        parsed(written("")).rules[0].version
    }


@pytest.mark.parametrize(
    ("extra", "part"),
    [
        ("mode = 'rollout'", "`rollout_percent` is missing"),
        ("rollout_percent = 5", "`rollout_percent` is for rules in rollout"),
        ("mode = 'rollout'\nrollout_percent = 0", "no share. Write a whole number from 1 to 99"),
        ("mode = 'rollout'\nrollout_percent = 100", "all payments are `mode = 'live'`"),
        ("mode = 'rollout'\nrollout_percent = 5.0", "no share"),
        ("mode = 'rollout'\nrollout_percent = true", "no share"),
        ("mode = 'rollout'\nrollout_percent = '5'", "no share"),
        ("expires_at = 2026-11-02", "`expires_at` is no time with its zone"),
        ("expires_at = 2026-11-02T15:00:00", "`expires_at` is no time with its zone. Write `2027-01-31T00:00:00Z`."),
        ("expires_at = 'soon'", "`expires_at` is no time"),
        ("expires_at = 0001-01-01T00:00:00+23:59", "`expires_at` is no time"),
        ("expires_at = 7", "`expires_at` is no time"),
        ("mode = 'roll-out'", "Write one of `live`, `shadow`, `rollout`, `paused` and `draft`."),
    ],
)
def test_mistakes_name_the_key_and_the_mend(extra: str, part: str) -> None:
    with pytest.raises(RulesInvalid) as raised:
        parsed(written(extra))
    assert part in str(raised.value)
    assert "rule a-rule: " in str(raised.value)


LINES = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("'\"\\\n\t\r\x7f\u2028{}"), min_size=1)


@st.composite
def declarations(draw: st.DrawFn) -> Declared:
    rule_id, mode = draw(st.from_regex(r"[a-z0-9]{1,9}", fullmatch=True)), draw(st.sampled_from(RuleMode))
    return Declared(
        label=f"rule {rule_id}",
        id=rule_id,
        name=draw(LINES.filter(str.strip)),
        text=draw(LINES),
        reason=draw(LINES.filter(str.strip)),
        mode=mode,
        mandatory=draw(st.booleans()),
        rollout_percent=draw(st.integers(1, 99)) if mode is RuleMode.ROLLOUT else None,
        expires_at=draw(st.none() | st.datetimes(timezones=st.just(UTC))),
    )


CONTENTS = st.builds(
    Content,
    rules=st.lists(declarations(), max_size=4, unique_by=lambda rule: rule.id).map(tuple),
    switched_off=st.lists(LINES, max_size=3).map(tuple),
)


@given(CONTENTS)
def test_a_content_is_read_back_from_its_text(content: Content) -> None:
    again, faults = read_source(content.text(), is_merchants=True)
    assert faults == ()
    assert again.rules == tuple(sorted(content.rules, key=lambda rule: rule.id))
    assert again.switched_off == tuple(sorted(set(content.switched_off)))
    assert (again.text(), again.version) == (content.text(), content.version)


def test_the_text_of_a_ruleset_gives_the_ruleset() -> None:
    shipped = parse_ruleset(default_source(), WHOLE, ())
    again = parse_ruleset(shipped.content.text(), WHOLE, ())
    assert (again.hash, again.rules) == (shipped.hash, shipped.rules)
    assert ruleset_of(again.content, WHOLE, ()).hash == shipped.hash


def snapshot_with(ruleset: Ruleset, reference: Reference) -> Snapshot:
    return snapshot_of(ruleset=ruleset, lists=NO_LISTS, scorer=None, policy=Policy(), reference=reference)


def test_a_decision_does_what_a_conditional_rule_says_and_records_it(
    make_payment: Callable[..., Payment], make_features: Callable[..., Features], reference: Reference
) -> None:
    text = written("mode = 'rollout'\nrollout_percent = 50\nexpires_at = 2026-11-02T15:00:00Z")
    snapshot = snapshot_with(parse_ruleset(text, WHOLE, ()), reference)
    features, seen = make_features(amount_in_usd=600), set[tuple[Any, ...]]()
    for each in TRANSACTIONS[:40]:
        for at in (END - timedelta(hours=1), END):
            payment = make_payment(transaction_id=each, at=at)
            decision = decide(payment, features, snapshot)
            acts = at < END and is_in_share("a-rule", each, 50)
            recorded = orjson.loads(decision.canonical())
            assert (decision.action.value == "block", recorded["rules"] == "t") == (acts, acts)
            assert decision.canonical() == decide(payment, features, snapshot).canonical()
            seen.add((recorded["rules"], decision.action.value))
    assert len(seen) == 2
