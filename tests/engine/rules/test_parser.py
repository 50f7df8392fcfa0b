"""Text to tree: spellings, precedence, places, limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision import RuleAction
from engine.rules import check_rule
from engine.rules.diagnostics import Code
from engine.rules.lexer import Kind, tokens
from engine.rules.parser import MAX_BYTES, MAX_DEPTH, MAX_NODES, parse
from engine.rules.tree import (
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Items,
    Membership,
    Name,
    NamedList,
    Negation,
    RuleTree,
    Text,
)
from tests.engine.rules.rule_features import CATALOG, LIST_NAMES


def tree_of(text: str) -> RuleTree:
    parsed = parse(text, CATALOG.names())
    assert not parsed.diagnostics
    assert parsed.tree is not None
    return parsed.tree


def shape(node: Condition) -> str:
    match node:
        case Conjunction():
            return f"({' and '.join(shape(part) for part in node.conditions)})"
        case Disjunction():
            return f"({' or '.join(shape(part) for part in node.conditions)})"
        case Negation():
            return f"(not {shape(node.condition)})"
        case Name():
            return node.name
        case Comparison():
            return f"[{shape(node.left)}{node.operator}{shape(node.right)}]"
        case Text():
            return node.value
        case Membership():
            choices = node.choices
            inside = f"@{choices.name}" if isinstance(choices, NamedList) else ",".join(map(shape, choices.items))
            return f"[{shape(node.subject)}{' not' if node.negated else ''} in {inside}]"
        case _:
            return type(node).__name__


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ("Allow", RuleAction.ALLOW),
        ("block", RuleAction.BLOCK),
        ("REVIEW", RuleAction.REVIEW),
        ("Request 3DS", RuleAction.REQUEST_3DS),
        ("request  3d\nSecure", RuleAction.REQUEST_3DS),
        ("Challenge", RuleAction.REQUEST_3DS),
    ],
)
def test_actions(written: str, action: RuleAction) -> None:
    assert tree_of(f"{written} if a").action is action
    assert tree_of(f" {written}\n IF a").action is action


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a or not b and c", "(a or ((not b) and c))"),
        ("a and b or c and d", "((a and b) or (c and d))"),
        ("(a or b) and c", "((a or b) and c)"),
        ("a or b or c", "(a or b or c)"),
        ("not not a", "(not (not a))"),
        ("not a = 'x'", "(not [a=x])"),
        ("not a in ('x') and b", "((not [a in x]) and b)"),
        ("a not in ('x','y')", "[a not in x,y]"),
        ("a NOT IN @trusted", "[a not in @trusted]"),
        ("NOT(a)OR b='SG'", "((not a) or [b=SG])"),
        ("not:a:AND:b:", "((not a) and b)"),
        (":a:='SG'||!b&&c", "([a=SG] or ((not b) and c))"),
        (":a:\n  !=  :b:\n\tand c", "([a!=b] and c)"),
        ('"O\'Brien" = a', "[O'Brien=a]"),
        ("a<'1'and b>='2'", "([a<1] and [b>=2])"),
        ("((((a))))", "a"),
    ],
)
def test_conditions(condition: str, expected: str) -> None:
    assert shape(tree_of(f"Block if {condition}").condition) == expected


def test_nodes_know_their_place() -> None:
    text = "Block if not (a = 'x') or b in ('y', 'z')"
    condition = tree_of(text).condition
    assert isinstance(condition, Disjunction)
    negation, membership = condition.conditions
    assert text[negation.span.start : negation.span.end] == "not (a = 'x')"
    assert text[membership.span.start : membership.span.end] == "b in ('y', 'z')"
    assert isinstance(membership, Membership)
    assert isinstance(membership.choices, Items)
    last = membership.choices.items[-1]
    assert text[last.span.start : last.span.end] == "'z'"


def test_what_means_the_same_has_the_same_canonical_text() -> None:
    plain = parse("Block if card_country != 'US' and is_recurring").canonical
    assert plain
    assert parse('BLOCK  if :card_country:!="US"&&is_recurring').canonical == plain
    assert parse("Block if card_country != 'us' and is_recurring").canonical != plain
    assert parse("Review if card_country != 'US' and is_recurring").canonical != plain
    assert (
        parse("Block if card_country in ('a, b')").canonical != parse("Block if card_country in ('a', 'b')").canonical
    )


def codes(text: str) -> list[Code]:
    return [diagnostic.code for diagnostic in check_rule(text, CATALOG, LIST_NAMES)]


def test_length_is_limited_in_bytes() -> None:
    filler = MAX_BYTES - len("Block if email = ''")
    assert codes(f"Block if email = '{'a' * filler}'") == []
    assert codes(f"Block if email = '{'a' * filler}a'") == [Code.LIMIT]
    assert codes(f"Block if email = '{'é' * (filler // 2 + 1)}'") == [Code.LIMIT]


def test_depth_is_limited() -> None:
    assert codes(f"Block if {'(' * MAX_DEPTH}is_recurring{')' * MAX_DEPTH}") == []
    assert codes(f"Block if {'(' * (MAX_DEPTH + 1)}is_recurring{')' * (MAX_DEPTH + 1)}") == [Code.LIMIT]
    assert codes(f"Block if {'not ' * (MAX_DEPTH - 1)}is_recurring") == []
    assert codes(f"Block if {'not ' * MAX_DEPTH}is_recurring") == [Code.LIMIT]
    assert codes(f"Block if {'!' * 4000}is_recurring") == [Code.LIMIT]


def test_parts_are_limited() -> None:
    def rule(count: int) -> str:
        return "Block if " + "||".join([":a:"] * count)

    assert parse(rule(MAX_NODES - 1)).tree is not None
    assert [diagnostic.code for diagnostic in parse(rule(MAX_NODES)).diagnostics] == [Code.LIMIT]


def test_a_long_list_is_no_many_parts() -> None:
    assert codes(f"Block if card_payments_1h in ({','.join(['7'] * 1000)})") == []
    assert codes(f"Block if card_payments_1h in ({','.join(['7'] * 1001)})") == [Code.LIMIT]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        "Block if " + "(" * 1_000_000,
        "Block if " + "(" * 500_000 + "is_recurring" + ")" * 500_000,
        "Block if " + "(" * 4000,
        "Block if " + ")" * 4000,
        "Block if " + "[" * 4000,
        "Block if " + "not " * 1000,
        "Block if is_missing" + "(" * 4000,
        "Block if count(" * 250,
        "Block if " + "is_recurring and (" * 200,
        "Block if " + "'" * 4001,
        "Block if " + ":" * 4001,
        "Block if " + "1," * 2000,
        "Block if " + "-" * 4000,
        "a" * 4096,
        " " * 4096,
    ],
)
def test_hostile_texts_get_a_diagnostic(text: str) -> None:
    assert check_rule(text, CATALOG, LIST_NAMES)


WRITTEN = """
    Block Allow Score if and or not in like is null true between ( ) , = != < <= > >= == <> && || ! & | [ ] { } ' " :
    :: @ # ; . - + * / % $ \N{EURO SIGN} \N{RIGHT SINGLE QUOTATION MARK} \\ amount_in_usd :card_country: :ip_country
    email is_recurring is_missing count @trusted ::tier:: amout 'US' 'x' "y" 12 12.505 1,000 10m 1e5 .5 5. 192.0.2.1
    ::tier :tier:: :::: +15 Tag 'vip' a@b.example \N{SUPERSCRIPT TWO} \u200b \ud800 includes matches contains '%x' '^a+'
    by: within: status: scope: delay: [card] count( sum( distinct( first_seen( lower( domain_of( starts_with( ip_in(
    hours_since( distance_km( hours_since_created session_age_seconds customer 6h 30d 0.5s 2w 5days declined network all
"""
FRAGMENTS = ("\n", "Request 3DS", *WRITTEN.split())


@given(st.text() | st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(" ".join) | st.binary().map(bytes.hex))
def test_any_text_gives_diagnostics_or_a_sound_rule(text: str) -> None:
    for rule in (text, f"Block if {text}"):
        for diagnostic in check_rule(rule, CATALOG, LIST_NAMES):
            rendered = diagnostic.render(rule)
            assert all(part.isprintable() for part in rendered.split("\n"))
            assert len(rendered.split("\n")) == 5
            assert 0 <= diagnostic.span.start <= len(rule)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=20).map("".join))
def test_tokens_cover_the_text(text: str) -> None:
    found = tokens(text)
    assert found[-1].kind is Kind.END
    end = 0
    for token in found[:-1]:
        assert not text[end : token.span.start].strip()
        assert token.text == text[token.span.start : token.span.end] != ""
        end = token.span.end
    assert not text[end:].strip()
