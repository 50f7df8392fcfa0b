"""`Score` and `Tag` rules: what they add, and that they settle nothing."""

from itertools import permutations

import pytest

from engine.decision import RuleAction
from engine.errors import RulesInvalid
from engine.rules import Ruleset, check_rule, parse_ruleset
from engine.rules.parser import parse
from engine.rules.tree import RuleTree
from tests.engine.rules.rule_features import CATALOG, LIST_NAMES, row


def declared(rule_id: str, text: str, extra: str = "") -> str:
    return f"[[rule]]\nid = '{rule_id}'\nname = 'A'\ntext = '''{text}'''\nreason = 'Because'\n{extra}\n"


def ruleset(*rules: str) -> Ruleset:
    return parse_ruleset("\n".join(rules), CATALOG, LIST_NAMES)


def tree_of(text: str) -> RuleTree:
    tree = parse(text, CATALOG.names()).tree
    assert tree is not None
    return tree


@pytest.mark.parametrize(
    ("written", "points"),
    [("Score +15", 15), ("score -10", -10), ("SCORE  + 1", 1), ("Score +1000", 1000), ("Score -1000", -1000)],
)
def test_points(written: str, points: int) -> None:
    assert not check_rule(f"{written} if is_recurring", CATALOG, LIST_NAMES)
    tree = tree_of(f"{written}\n IF is_recurring")
    assert (tree.action, tree.points, tree.tag) == (RuleAction.SCORE, points, None)


@pytest.mark.parametrize("name", ["vip", "a", "x" * 50, "b2b_2026-q1"])
def test_tags(name: str) -> None:
    assert not check_rule(f"Tag '{name}' if is_recurring", CATALOG, LIST_NAMES)
    tree = tree_of(f'tag "{name}" if is_recurring')
    assert (tree.action, tree.points, tree.tag) == (RuleAction.TAG, 0, name)


RULES = (
    declared("a", "Score +15 if is_recurring"),
    declared("b", "Score -40 if is_3d_secure"),
    declared("c", "Score +7 if is_recurring", "mode = 'shadow'"),
    declared("d", "Score +100 if is_disposable_email"),
    declared("e", "Tag 'zz' if is_recurring"),
    declared("f", "Tag 'aa' if is_recurring"),
    declared("g", "Tag 'aa' if is_3d_secure"),
    declared("h", "Tag 'unseen' if is_recurring", "mode = 'shadow'"),
)


def test_live_ones_that_are_true_sum_up_and_tag_once() -> None:
    results = ruleset(*RULES).evaluate(row(is_recurring=True, is_3d_secure=True), {})
    assert (results.rule_score(), results.tags()) == (-25, ("aa", "zz"))
    results = ruleset(*RULES).evaluate(row(), {})
    assert (results.rule_score(), results.tags()) == (0, ())


def test_their_order_shows_nowhere() -> None:
    features = row(is_recurring=True, is_3d_secure=True)
    seen = {
        (results.rule_score(), results.tags())
        for order in permutations(RULES[:2] + RULES[4:6])
        for results in (ruleset(*order).evaluate(features, {}),)
    }
    assert seen == {(-25, ("aa", "zz"))}


def test_they_ask_for_no_action() -> None:
    checked = ruleset(*RULES, declared("z", "Review if is_recurring"))
    results = checked.evaluate(row(is_recurring=True), {})
    assert [rule.id for rule in results.deciding()] == ["z"]
    assert [rule.id for rule in results.fired] == ["a", "e", "f", "z"]


def test_a_score_rule_is_a_reason_with_its_points_and_a_tag_is_none() -> None:
    checked = ruleset(*RULES)
    features = row(is_recurring=True, is_3d_secure=True)
    reasons = checked.reasons(checked.evaluate(features, {}), features)
    assert [(reason.code, reason.text) for reason in reasons] == [
        ("a", "Because (rule score +15)"),
        ("b", "Because (rule score -40)"),
    ]


def test_points_and_tags_are_in_version_and_hash() -> None:
    texts = [
        f"{head} if is_recurring" for head in ("Score +15", "Score +16", "Score -15", "Tag 'a'", "Tag 'b'", "Block")
    ]
    sets = [ruleset(declared("a", text)) for text in texts]
    assert len({checked.hash for checked in sets}) == len(sets)
    assert len({checked.rules[0].version for checked in sets}) == len(sets)
    assert ruleset(declared("a", "score + 15 if :is_recurring:")).hash == sets[0].hash
    assert ruleset(declared("a", 'TAG "a" if is_recurring')).hash == sets[3].hash


def test_they_cannot_be_mandatory() -> None:
    with pytest.raises(RulesInvalid, match="`mandatory` is for block rules alone"):
        ruleset(declared("a", "Score +15 if is_recurring", "mandatory = true"))


def test_no_rule_reads_what_they_write() -> None:
    for name in ("rule_score", "tags"):
        (fault,) = check_rule(f"Block if {name} > 5", CATALOG, LIST_NAMES)
        assert fault.message == f"There is no feature `{name}`."
