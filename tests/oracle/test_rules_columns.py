"""Columns agree with the closures, and with the slow tree walk, on random well-typed rules and rows with unknowns."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from engine.features import Catalog, Features
from engine.rules.check import check
from engine.rules.columns import Told, Truth
from engine.rules.compile import compile_condition
from engine.rules.tree import Condition
from engine.rules.vectorize import truth as truth_of_columns
from tests.engine.rules.rule_columns import columns_of
from tests.engine.rules.rule_features import LIST_NAMES, Texts, feature
from tests.oracle.rules_oracle import truth
from tests.oracle.test_rules_oracle import (
    CATALOG,
    CONDITIONS,
    CUSTOM,
    LISTS,
    ROWS,
    called,
    custom_atoms,
    results,
    row,
    texts,
    tree_of,
)

Sent = dict[str, str | int | float | bool]
Lists = dict[str, Texts]


class OfAllRows:
    """Lists that are the same at all times."""

    def __init__(self, lists: Lists) -> None:
        self.lists = lists

    def asked(self, name: str, column: Told) -> Truth:
        entries = self.lists.get(name)
        return Truth.unknown(len(column.codes)) if entries is None else column.ask(entries.holds)


def drawn(condition: str) -> Condition:
    tree = tree_of(condition, CATALOG).condition
    # Random rules may have what the checker refuses: what has another unit, for one.
    assume(not check(tree, CATALOG, LIST_NAMES))
    return tree


def read(condition: str) -> Condition:
    tree = tree_of(condition, CATALOG).condition
    assert not check(tree, CATALOG, LIST_NAMES), condition
    return tree


def in_columns(tree: Condition, rows: list[Features], custom: list[Sent], lists: Lists) -> list[bool | None]:
    found = truth_of_columns(tree, CATALOG, columns_of(CATALOG, rows, custom), OfAllRows(lists))
    assert not (found.true & found.false).any()
    return [
        True if true else False if false else None for true, false in zip(*map(np.ndarray.tolist, found), strict=True)
    ]


@settings(max_examples=60)
@given(condition=CONDITIONS, rows=st.lists(st.tuples(ROWS, CUSTOM), max_size=4), lists=LISTS)
def test_columns_agree_with_the_closures_and_the_tree_walk(
    condition: str, rows: list[tuple[Features, Sent]], lists: Lists
) -> None:
    tree = drawn(condition)
    compiled = compile_condition(tree, CATALOG)
    features, custom = [row for row, _ in rows], [sent for _, sent in rows]
    found = in_columns(tree, features, custom, lists)
    assert found == [compiled((*row.values, sent), lists) for row, sent in rows]
    assert found == [truth(tree, row, lists, sent) for row, sent in rows]


@settings(max_examples=60)
@given(condition=custom_atoms(), rows=st.lists(st.tuples(ROWS, CUSTOM), min_size=3, max_size=5), lists=LISTS)
def test_columns_read_custom_fields_as_the_closures_do(
    condition: str, rows: list[tuple[Features, Sent]], lists: Lists
) -> None:
    tree = drawn(condition)
    compiled = compile_condition(tree, CATALOG)
    found = in_columns(tree, [row for row, _ in rows], [sent for _, sent in rows], lists)
    assert found == [compiled((*row.values, sent), lists) for row, sent in rows]


@given(
    condition=st.sampled_from(
        [
            f"{left} {operator} {right}"
            for operator in ("=", "!=", "<", "<=", ">", ">=")
            for left, right in (
                ("card_payments_1h", "9007199254740993"),
                ("card_payments_1h", "9223372036854775808"),
                ("card_payments_1h", "0.5"),
                ("amount_in_usd", "92233720368547758.07"),
                ("amount_in_usd", "0.005"),
                ("amount_in_usd", "card_amount_usd_24h"),
                ("ip_distinct_cards_10m", "card_payments_1h"),
            )
        ]
        + ["amount_in_usd in (92233720368547758.08, 0.01, 0.005)", "risk_score not in (0.1, 0.3)"]
    ),
    known=st.lists(
        st.fixed_dictionaries(
            {
                name: st.none()
                | st.integers(-(2**70), 2**70)
                | st.sampled_from((2**53, 2**53 + 1, 2**63 - 1, -(2**63)))
                for name in ("card_payments_1h", "ip_distinct_cards_10m", "amount_in_usd", "card_amount_usd_24h")
            }
            | {"risk_score": st.none() | st.floats(allow_nan=False) | st.sampled_from((0.1 + 0.2, 2.0**53, -(2.0**63)))}
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_whole_numbers_and_money_are_exact(condition: str, known: list[dict[str, float | None]]) -> None:
    tree = read(condition)
    rows = [row(**each) for each in known]
    assert in_columns(tree, rows, [], {}) == [compile_condition(tree, CATALOG)(each.values, {}) for each in rows]


# Units are resolved once: what was resolved says nothing of hours any more.
@example(
    condition="card_payments_1h > count(by: card, within: 1h) / (0.5h / hours_since_created)",
    rows=[(row(card_payments_1h=2, hours_since_created=0.3), {}), (row(hours_since_created=0.3), {})],
    lists={},
)
@settings(max_examples=80)
@given(condition=results() | texts(), rows=st.lists(st.tuples(ROWS, CUSTOM), min_size=2, max_size=4), lists=LISTS)
def test_columns_calculate_and_look_as_the_closures_do(
    condition: str, rows: list[tuple[Features, Sent]], lists: Lists
) -> None:
    tree = drawn(condition)
    compiled = compile_condition(tree, CATALOG)
    found = in_columns(tree, [row for row, _ in rows], [sent for _, sent in rows], lists)
    assert found == [compiled((*row.values, sent), lists) for row, sent in rows]


AMOUNTS = ("amount_in_usd", "card_amount_usd_24h")
COUNTS = ("ip_distinct_cards_10m", "card_payments_1h")
FIRST_SEEN = called("first_seen(by: card)").name
SECONDS = Catalog((feature("counted_seconds", "integer", "seconds"), feature("measured_seconds", "number", "seconds")))


@given(
    operator=st.sampled_from(("=", "!=", "<", "<=", ">", ">=")),
    known=st.lists(
        st.tuples(
            st.none() | st.integers(-(2**70), 2**70) | st.sampled_from((2**53, 2**53 + 1, -(2**53) - 1)),
            st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from((2.0**53, -(2.0**53))),
        ),
        min_size=1,
        max_size=5,
    ),
)
@example(operator=">", known=[(2**53 + 1, 2.0**53)])
def test_a_whole_number_beside_a_float_is_exact(operator: str, known: list[tuple[int | None, float | None]]) -> None:
    tree = tree_of(f"counted_seconds {operator} measured_seconds", SECONDS).condition
    assert not check(tree, SECONDS, ())
    rows = [Features(SECONDS, each) for each in known]
    found = truth_of_columns(tree, SECONDS, columns_of(SECONDS, rows), OfAllRows({}))
    outcomes = [compile_condition(tree, SECONDS)(each.values, {}) for each in rows]
    assert found.true.tolist() == [outcome is True for outcome in outcomes]
    assert found.false.tolist() == [outcome is False for outcome in outcomes]


@settings(max_examples=80)
@given(
    condition=st.sampled_from(
        (
            "amount_in_usd > 3 * card_amount_usd_24h",
            "amount_in_usd - card_amount_usd_24h >= 0.01",
            "amount_in_usd + card_amount_usd_24h < 92233720368547758.07",
            "amount_in_usd * 0 = 0",
            "amount_in_usd / 3 > card_amount_usd_24h / 7",
            "amount_in_usd * -1 < card_amount_usd_24h - 5",
            "amount_in_usd / card_amount_usd_24h > 1.5",
            "amount_in_usd * card_payments_1h > 100",
            "card_payments_1h * ip_distinct_cards_10m = 6",
            "card_payments_1h / ip_distinct_cards_10m >= 0.5",
            "card_payments_1h - card_payments_1h = 0",
            "risk_score / card_payments_1h > 0.1",
            "risk_score * 3 + 0.1 >= risk_score",
            "hours_since_created > first_seen(by: card) / 3",
            "hours_since_created * 2 - first_seen(by: card) < 10h",
            "risk_score / risk_score = 1",
        )
    ),
    known=st.lists(
        st.fixed_dictionaries(
            {
                name: st.none() | st.integers(-3, 9) | st.integers(-(2**64), 2**64) | st.integers(0, 90_000)
                for name in (*AMOUNTS, *COUNTS, FIRST_SEEN)
            }
            | {"hours_since_created": st.none() | st.floats(0, 1e6)}
            | {"risk_score": st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from((0.0, 0.1))}
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_arithmetic_is_exact_at_any_size(condition: str, known: list[dict[str, float | None]]) -> None:
    tree = read(condition)
    rows = [row(**each) for each in known]
    compiled = compile_condition(tree, CATALOG)
    assert in_columns(tree, rows, [], {}) == [compiled((*each.values, {}), {}) for each in rows]


@pytest.mark.parametrize("word", ["and", "or"])
@pytest.mark.parametrize("negated", ["", "not "])
def test_kleenes_tables_are_complete(word: str, negated: str) -> None:
    tree = read(f"{negated}is_recurring {word} is_3d_secure {word} {negated}is_disposable_email")
    rows = [
        row(is_recurring=one, is_3d_secure=two, is_disposable_email=three)
        for one, two, three in product((True, False, None), repeat=3)
    ]
    assert in_columns(tree, rows, [], {}) == [truth(tree, each, {}) for each in rows]


def test_a_text_is_asked_once_a_different_value() -> None:
    tree = read("email_domain in @risky_domains")
    asked: list[str] = []

    class Entries(Texts):
        def holds(self, value: str) -> bool:
            asked.append(value)
            return super().holds(value)

    rows = [row(email_domain=name) for name in ("a.example", "b.example") * 50]
    found = in_columns(tree, rows, [], {"risky_domains": Entries({"a.example"})})
    assert found == [True, False] * 50
    assert asked == ["a.example", "b.example"]
