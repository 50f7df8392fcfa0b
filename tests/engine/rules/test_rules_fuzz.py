"""Whatever is written gives a rule or declared faults, in a bounded number of steps; what is sound can be run."""

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RulesInvalid
from engine.features import Catalog, Feature, FeatureType, Value
from engine.rules import check_rule, parse_ruleset
from engine.rules.compile import compile_condition
from engine.rules.count_check import counted_in
from engine.rules.counted import Counted
from engine.rules.examine import examine
from engine.rules.format import format_rule
from engine.rules.parser import MAX_BYTES, parse
from engine.rules.radar import import_rules
from engine.rules.types import Kind
from tests.engine.rules.rule_features import CATALOG, LIST_NAMES, Texts

MAX_STEPS = 120_000
"""Calls of Python functions for one rule: thirty for each byte that it can have."""

SUBJECTS = (
    "amount_in_usd",
    "card_country",
    "email",
    "is_recurring",
    "::tier::",
    "hours_since_created",
    "customer",
    "x",
)
CALLS = (
    "count(by: card, within: 1h)",
    "sum(amount_in_usd, by: [card, email], within: 24h, status: declined)",
    "first_seen(by: card)",
    "distinct(card, by: card, within: 1d)",
    "hours_since(session_age_seconds)",
    "lower(customer)",
    "domain_of(email)",
    "starts_with(card_bin, '42')",
    "ip_in(ip_address, '192.0.2.0/24')",
    "is_missing(email)",
)
LITERALS = ("5", "-2.5", "'US'", "'%a%'", "10m", "2d", "true", "@trusted", "('a', 'b')", "(1, 2)")
WORDS = "= != < <= > >= in like includes matches + - * / and or not_in not_like and_not"
OPERATORS = tuple(word.replace("_", " ") for word in WORDS.split())
PIECES = st.sampled_from((*SUBJECTS, *CALLS, *LITERALS, *OPERATORS, "(", ")", "not", ","))
LIKELY = st.lists(
    st.tuples(st.sampled_from((*SUBJECTS, *CALLS)), st.sampled_from(OPERATORS), PIECES),
    min_size=1,
    max_size=3,
).map(lambda parts: " and ".join(" ".join(part) for part in parts))
TEXTS = LIKELY | st.lists(PIECES, max_size=25).map(" ".join) | st.text(max_size=60)
VALUES: dict[FeatureType, Value] = {
    FeatureType.BOOLEAN: True,
    FeatureType.INTEGER: 3,
    FeatureType.NUMBER: 2.5,
    FeatureType.MONEY: 1250,
    FeatureType.STRING: "a@b.example",
    FeatureType.COUNTRY: "US",
}
_TYPES = {Kind.NUMBER: FeatureType.INTEGER, Kind.TIME: FeatureType.INTEGER, Kind.MONEY: FeatureType.MONEY}


def kept(counted: Counted) -> Feature:
    of = counted.type
    return Feature(name=counted.name, type=_TYPES[of.kind], doc=counted.doc, source="velocity", unit=of.unit)


@settings(max_examples=600)
@given(TEXTS)
def test_what_has_no_faults_runs_and_prints(text: str) -> None:
    rule = f"Block if {text}"
    diagnostics = check_rule(rule, CATALOG, LIST_NAMES)
    for diagnostic in diagnostics:
        assert diagnostic.message
        assert diagnostic.cause
        assert diagnostic.hint
        assert len(diagnostic.render(rule).split("\n")) == 5
    if diagnostics:
        return
    tree = parse(rule, CATALOG.names()).tree
    assert tree is not None
    assert parse(format_rule(tree), CATALOG.names()).tree == tree
    called = {each.name: each for each in counted_in(tree.condition, CATALOG)}
    catalog = Catalog((*CATALOG, *map(kept, called.values())))
    compiled = compile_condition(tree.condition, catalog)
    known = tuple(VALUES[feature.type] for feature in catalog)
    custom = {"tier": "gold"}
    lists = {name: Texts({"a"}) for name in LIST_NAMES}
    assert compiled((*known, custom), lists) in (True, False, None)
    assert compiled(((None,) * len(catalog)) + ({},), {}) in (True, False, None)


@given(st.lists(TEXTS | st.sampled_from(("# x", "", "Review if", "if")), max_size=6).map("\n".join))
def test_any_text_is_imported_or_refused(text: str) -> None:
    for rule in import_rules(f"Block if {text}", CATALOG):
        assert (rule.text is None) is bool(rule.problems)
        if rule.text is not None:
            assert not check_rule(rule.text, CATALOG, rule.lists)


@given(st.text() | TEXTS.map(lambda text: f"[[rule]]\nid = \"a\"\nname = \"n\"\ntext = '''{text}'''\nreason = \"r\""))
def test_any_file_is_a_ruleset_or_has_faults(source: str) -> None:
    found = examine(source, CATALOG, LIST_NAMES)
    catalog = Catalog(
        (*CATALOG, *map(kept, {each.name: each for _, tree in found.rules if tree is not None
                               for each in counted_in(tree.condition, CATALOG)}.values()))
    )  # fmt: skip
    said = "\n\n".join(fault.render() for fault in found.faults)
    if said:
        with pytest.raises(RulesInvalid) as raised:
            parse_ruleset(source, catalog, LIST_NAMES)
        assert str(raised.value) == said
    else:
        assert parse_ruleset(source, catalog, LIST_NAMES).rules is not None


def repeated(piece: str, before: str = "Block if ", after: str = "") -> str:
    room = MAX_BYTES - len(before) - len(after)
    return before + piece * (room // len(piece)) + after


HOSTILE = (
    "(" * 1_000_000,
    repeated("("),
    repeated("not "),
    repeated("a||", after="a"),
    repeated("qxcard=1||", after="a"),
    repeated("amout_in_usd+", after="1>2"),
    repeated("count(by:a,within:1)||", after="a"),
    repeated("count(by:[cads,emial],windw:1h)>1||", after="a"),
    repeated("1,", before="Block if a in (", after="1)"),
    repeated("1,", before="Block if a = ("),
    repeated("'a',", before="Block if starts_with(email,", after="'a')"),
    repeated("by: card, ", before="Block if count(", after="within: 1h) > 1"),
    repeated("is_missing(", after="email"),
    repeated("(1+", after="1"),
    repeated("1+", before="Block if amount_in_usd > ", after="1"),
    repeated("(1)*", before="Block if amount_in_usd > ", after="1"),
    repeated("amount_in_usd-", before="Block if 1 < ", after="1"),
    repeated("<> "),
    repeated(":x "),
    repeated("10m "),
    repeated("email like '%a%'||", after="a"),
    repeated("email matches '\\pL{1,900}'||", after="a"),
    repeated("(a*)*", before="Block if email matches '", after="'"),
    repeated("(a{99})", before="Block if email matches '", after="'"),
    repeated("x", before="Block if ::", after="::"),
    repeated("'\n"),
    repeated("f("),
    repeated("[a,"),
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_work_for_a_hostile_text_is_bounded(text: str) -> None:
    check_rule("Block if email = 'x'", CATALOG, LIST_NAMES)
    steps = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal steps
        steps += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        check_rule(text, CATALOG, LIST_NAMES)
    finally:
        sys.setprofile(before)
    assert steps < MAX_STEPS
