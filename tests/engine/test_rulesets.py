"""The operator's rules and a merchant's own joined, compared, and run in shadow."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.decision import RuleMode
from engine.rules import Content, Declared
from engine.rules.patterns import MAX_RULESET_STEPS, steps
from engine.rulesets import Origin, Standing, combined, difference, faults_of, in_shadow, placed

NAMES = ("a", "b", "c", "d")


def rule(name: str, text: str = "Block if is_recurring", **fields: Any) -> Declared:
    return Declared(label=f"rule {name}", id=name, name=name, text=text, reason="r", **fields)


def content(*rules: Declared, off: tuple[str, ...] = ()) -> Content:
    return Content(rules=rules, switched_off=off)


CONTENTS = st.builds(
    Content,
    rules=st.lists(
        st.builds(
            rule,
            st.sampled_from(NAMES),
            st.sampled_from(["Block if is_recurring", "Review if is_recurring"]),
            mode=st.sampled_from([RuleMode.LIVE, RuleMode.SHADOW, RuleMode.PAUSED]),
            mandatory=st.booleans(),
        ),
        unique_by=lambda each: each.id,
    ).map(tuple),
    switched_off=st.lists(st.sampled_from(NAMES)).map(tuple),
)


def oracle(operator: Content, own: Content | None) -> dict[str, Declared]:
    """What design and contract say, name by name."""
    found = {}
    for name in NAMES:
        theirs = next((each for each in operator.rules if each.id == name), None)
        mine = None if own is None else next((each for each in own.rules if each.id == name), None)
        is_off = own is not None and name in own.switched_off
        if theirs is not None and theirs.mandatory:
            found[name] = theirs
        elif mine is not None:
            found[name] = mine
        elif theirs is not None and not is_off:
            found[name] = theirs
    return found


@given(CONTENTS, st.none() | CONTENTS)
def test_a_merchants_ruleset_is_the_mandatory_rules_its_own_and_the_defaults_that_it_left(
    operator: Content, own: Content | None
) -> None:
    found = combined(operator, own).rules
    assert {each.id: each for each in found} == oracle(operator, own)
    assert len({each.id for each in found}) == len(found)
    standing = [each for each in placed(operator, own) if each.standing is Standing.IN_FORCE]
    assert {each.rule.id: each.rule for each in standing} == oracle(operator, own)
    assert len(list(placed(operator, own))) == len(operator.rules) + (0 if own is None else len(own.rules))


def test_what_became_of_each_rule_is_told() -> None:
    operator = content(rule("must", mandatory=True), rule("off"), rule("mine"), rule("stays"))
    own = content(rule("mine"), rule("must"), rule("new"), off=("off",))
    told = [(each.rule.id, each.origin, each.standing) for each in placed(operator, own)]
    assert told == [
        ("mine", Origin.DEFAULT, Standing.OVERRIDDEN),
        ("must", Origin.MANDATORY, Standing.IN_FORCE),
        ("off", Origin.DEFAULT, Standing.SWITCHED_OFF),
        ("stays", Origin.DEFAULT, Standing.IN_FORCE),
        ("mine", Origin.OWN, Standing.IN_FORCE),
        ("must", Origin.OWN, Standing.OVERRIDDEN),
        ("new", Origin.OWN, Standing.IN_FORCE),
    ]


def test_what_a_merchant_may_not_say_is_told_with_its_place() -> None:
    operator = content(rule("must", mandatory=True), rule("cvc-mismatch"))
    own = content(rule("x", mandatory=True), rule("must"), off=("must", "cvc-mismach", "zzz"))
    told = [(each.pointer, each.code) for each in faults_of("shop-a", operator, own)]
    assert told == [
        ("/rules/0/mandatory", "not_allowed"),
        ("/rules/1/id", "name_taken"),
        ("/switched_off/0", "not_allowed"),
        ("/switched_off/1", "value_invalid"),
        ("/switched_off/2", "value_invalid"),
    ]
    assert "Did you mean cvc-mismatch?" in faults_of("shop-a", operator, own)[3].detail
    assert faults_of("shop-a", operator, content(rule("x"), off=("cvc-mismatch",))) == ()
    assert [each.pointer for each in faults_of(None, operator, own)] == ["/switched_off"]


def test_live_rules_are_limited_with_the_operators() -> None:
    operator = content(*(rule(f"operator-{number}") for number in range(150)))
    own = [rule(f"own-{number}") for number in range(51)]
    assert [each.code for each in faults_of("shop-a", operator, content(*own))] == ["too_many"]
    assert faults_of("shop-a", operator, content(*own, off=("operator-0",))) == ()
    paused = replace(own[0], mode=RuleMode.PAUSED)
    assert faults_of("shop-a", operator, content(paused, *own[1:])) == ()
    assert [each.code for each in faults_of(None, operator, content(*(rule(f"r-{n}") for n in range(201))))] == [
        "too_many"
    ]


def test_patterns_are_limited_over_all_evaluated_rules() -> None:
    costly = [replace(rule(f"own-{n}"), text=f"Review if email matches 'a[ab]{{{70 + n}}}c'") for n in range(13)]
    assert steps("a[ab]{70}c") * 13 < MAX_RULESET_STEPS < sum(steps(f"a[ab]{{{70 + n}}}c") for n in range(13))
    (fault,) = faults_of(None, content(), content(*costly))
    assert (fault.pointer, fault.code) == ("/rules", "too_many")
    assert "steps at a character, of 1000 at most" in fault.detail
    assert len(faults_of("shop-a", content(costly[0]), content(*costly[1:]))) == 1
    assert faults_of("shop-a", content(), content(*costly[1:])) == ()
    modes = {RuleMode.SHADOW: 1, RuleMode.PAUSED: 0, RuleMode.DRAFT: 0}
    for mode, told in modes.items():
        assert len(faults_of(None, content(), content(replace(costly[0], mode=mode), *costly[1:]))) == told
    words = [replace(rule(f"own-{n}"), text=f"Review if email matches '^bot{n}|crawler|a\\.b$'") for n in range(200)]
    assert faults_of(None, content(), content(*words)) == ()


def test_a_difference_names_what_was_added_removed_and_changed() -> None:
    before = content(rule("gone"), rule("text"), rule("mode"), rule("same"), off=("x", "y"))
    after = content(
        rule("same"),
        rule("text", "Review if is_recurring"),
        rule("mode", mode=RuleMode.ROLLOUT, rollout_percent=5, expires_at=datetime(2027, 1, 1, tzinfo=UTC)),
        rule("new"),
        off=("y", "z"),
    )
    told = difference(before, after)
    assert [(each.id, each.before is not None, each.after is not None, each.keys) for each in told.rules] == [
        ("gone", True, False, ()),
        ("mode", True, True, ("mode", "rollout_percent", "expires_at")),
        ("new", False, True, ()),
        ("text", True, True, ("text",)),
    ]
    assert (told.switched_off, told.switched_on) == (("z",), ("x",))


@given(CONTENTS, CONTENTS)
def test_a_difference_leads_from_one_to_the_other(before: Content, after: Content) -> None:
    told = difference(before, after)
    rules = {each.id: each for each in before.rules}
    for change in told.rules:
        rules.pop(change.id, None)
        if change.after is not None:
            rules[change.id] = change.after
    assert rules == {each.id: each for each in after.rules}
    assert (set(before.switched_off) | set(told.switched_off)) - set(told.switched_on) == set(after.switched_off)
    assert difference(before, before).rules == ()


def test_a_draft_in_shadow_stands_beside_what_decides() -> None:
    standing = content(rule("gone"), rule("text"), rule("mode"), off=("x",))
    wanted = content(
        rule("text", "Review if is_recurring", mandatory=True),
        rule("mode", mode=RuleMode.PAUSED),
        rule("new", mode=RuleMode.ROLLOUT, rollout_percent=5),
        off=("y",),
    )
    shadowed = in_shadow(standing, wanted)
    assert shadowed == content(
        rule("gone"),
        rule("mode"),
        rule("new", mode=RuleMode.SHADOW),
        rule("text"),
        Declared(
            label="rule text-shadow",
            id="text-shadow",
            name="text",
            text="Review if is_recurring",
            reason="r",
            mode=RuleMode.SHADOW,
        ),
        off=("x",),
    )
    assert in_shadow(shadowed, wanted) == shadowed, "twice is once"
    edited = content(rule("new", "Review if is_recurring"))
    assert rule("new", "Review if is_recurring", mode=RuleMode.SHADOW) in in_shadow(shadowed, edited).rules


@given(CONTENTS, CONTENTS)
def test_a_draft_in_shadow_changes_nothing_that_acts(standing: Content, wanted: Content) -> None:
    shadowed = in_shadow(standing, wanted)
    assert {each.id: each for each in shadowed.rules if each.is_live} == {
        each.id: each for each in standing.rules if each.is_live
    }
    assert shadowed.switched_off == standing.switched_off


def test_a_long_id_keeps_to_its_length_in_shadow() -> None:
    name = "a" * 64
    shadowed = in_shadow(content(rule(name)), content(rule(name, "Review if is_recurring")))
    assert [each.id for each in shadowed.rules] == [f"{'a' * 57}-shadow", name]


def texts(found: Content) -> dict[str, tuple[str, RuleMode]]:
    return {each.id: (each.text, each.mode) for each in found.rules}


NOW, NEXT = "Block if is_recurring", "Review if is_recurring"


def test_no_rule_is_lost_to_the_shadow_of_another() -> None:
    standing = content(rule("x"), rule("x-shadow"))
    once = in_shadow(standing, content(rule("x", NEXT), rule("x-shadow")))
    assert texts(once) == {
        "x": (NOW, RuleMode.LIVE),
        "x-shadow": (NOW, RuleMode.LIVE),
        "x-shadow-2": (NEXT, RuleMode.SHADOW),
    }
    # A shadow rule that somebody wrote is no shadow of this one.
    standing = content(rule("x"), replace(rule("x-shadow", mode=RuleMode.SHADOW), name="another"))
    assert texts(in_shadow(standing, content(rule("x", NEXT))))["x-shadow"] == (NOW, RuleMode.SHADOW)


def test_a_wanted_rule_of_a_shadows_id_is_not_overwritten() -> None:
    wanted = content(rule("x", NEXT), rule("x-shadow", "Review if cvc_check = 'fail'"))
    assert texts(in_shadow(content(rule("x")), wanted)) == {
        "x": (NOW, RuleMode.LIVE),
        "x-shadow": ("Review if cvc_check = 'fail'", RuleMode.SHADOW),
        "x-shadow-2": (NEXT, RuleMode.SHADOW),
    }


def test_a_shadow_that_was_sent_back_as_it_stands_is_replaced_by_the_next() -> None:
    standing = in_shadow(content(rule("x")), content(rule("x", NEXT)))
    again = content(rule("x", "Review if cvc_check = 'fail'"), *(each for each in standing.rules if each.id != "x"))
    assert texts(in_shadow(standing, again)) == {
        "x": (NOW, RuleMode.LIVE),
        "x-shadow": ("Review if cvc_check = 'fail'", RuleMode.SHADOW),
    }


def test_two_long_ids_of_one_beginning_have_two_shadows() -> None:
    names = [f"{'a' * 60}-{end}" for end in "xy"]
    standing, wanted = (content(*(rule(name, text) for name in names)) for text in (NOW, NEXT))
    once = in_shadow(standing, wanted)
    assert {each.id for each in once.rules if not each.is_live} == {f"{'a' * 57}-shadow", f"{'a' * 55}-shadow-2"}
    assert {each.name for each in once.rules if not each.is_live} == set(names)
    assert in_shadow(once, wanted) == once, "twice is once"
    later = content(rule(names[0]), rule(names[1], "Review if cvc_check = 'fail'"))
    assert {each.name: each.text for each in in_shadow(once, later).rules if not each.is_live} == {
        names[0]: NEXT,
        names[1]: "Review if cvc_check = 'fail'",
    }


def test_a_shadow_overrides_no_rule_of_the_operators() -> None:
    operator = content(rule("default"), rule("x-shadow"))
    shadowed = in_shadow(content(rule("x")), content(rule("x", NEXT), rule("default", NEXT)), operator)
    assert texts(shadowed) == {
        "x": (NOW, RuleMode.LIVE),
        "x-shadow-2": (NEXT, RuleMode.SHADOW),
        "default-shadow": (NEXT, RuleMode.SHADOW),
    }


@given(CONTENTS, CONTENTS, CONTENTS)
def test_in_shadow_all_that_acts_for_a_merchant_still_does(operator: Content, own: Content, wanted: Content) -> None:
    before, after = (combined(operator, each) for each in (own, in_shadow(own, wanted, operator)))
    assert {each for each in after.rules if each.is_live} == {each for each in before.rules if each.is_live}
