"""Custom fields in columns: their closures are asked once a different value, or once a different pair of values."""

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.features import Catalog, FeatureType
from engine.rules import custom_fields
from engine.rules.closure import Compiled
from engine.rules.columns import ColumnLists, Columns, Told, Truth
from engine.rules.literals import TEXTUAL
from engine.rules.tree import Comparison, Custom, Membership, Name, NamedList


def flag(node: Custom, columns: Columns) -> Truth:
    """`::name::` as a condition."""
    return _asked(node.name, custom_fields.compile_flag(node), columns)


def membership(node: Membership, columns: Columns, lists: ColumnLists) -> Truth:
    """`::name:: in ...`; whether it is negated is left to the caller."""
    assert isinstance(node.subject, Custom)
    if isinstance(node.choices, NamedList):
        sent = columns.sent(node.subject.name)
        return lists.asked(node.choices.name, Told(sent.codes, [custom_fields.as_text(value) for value in sent.told]))
    return _asked(node.subject.name, custom_fields.compile_membership(node), columns)


def comparison(node: Comparison, catalog: Catalog, columns: Columns) -> Truth:
    """A comparison with a custom field on one side or on both, checked before."""
    sides = [side for side in (node.left, node.right) if isinstance(side, Custom)]
    names = [side.name for side in (node.left, node.right) if isinstance(side, Name)]
    if names:
        return _beside_feature(node, sides[0].name, names[0], catalog, columns)
    compiled = custom_fields.compile_comparison(node, catalog)
    if len(sides) == 1:
        return _asked(sides[0].name, compiled, columns)
    one, other = sides[0].name, sides[1].name
    return _of_pairs(
        columns.sent(one), columns.sent(other), lambda left, right: compiled(({one: left, other: right},), {})
    )


def _asked(name: str, compiled: Compiled, columns: Columns) -> Truth:
    # What is asked here is unknown of a field that was not sent.
    return columns.sent(name).ask(lambda value: compiled(({name: value},), {}))


def _beside_feature(node: Comparison, name: str, feature_name: str, catalog: Catalog, columns: Columns) -> Truth:
    feature = catalog[feature_name]
    # A catalogue of this feature alone: so its closure reads it in a row of two.
    compiled = custom_fields.compile_comparison(node, Catalog((feature,)))
    if feature.type in TEXTUAL:
        known = columns.told(feature.name)
    else:
        assert feature.type is not FeatureType.BOOLEAN, "the checker lets none be compared"
        numbers = columns.numbers(feature.name)
        different, places = np.unique(numbers.values, return_inverse=True)
        known = Told(np.where(numbers.known, places, -1), different.tolist())
    return _of_pairs(columns.sent(name), known, lambda sent, value: compiled((value, {name: sent}), {}))


def _of_pairs(one: Told, other: Told, question: Callable[[Any, Any], bool | None]) -> Truth:
    """What a question that is asked once a different pair says of each row; unknown where either is."""
    both = np.flatnonzero(one.known & other.known)
    pairs = one.codes[both].astype(np.int64) * len(other.told) + other.codes[both]
    different, places = np.unique(pairs, return_inverse=True)
    codes = np.full(len(one.codes), -1)
    codes[both] = places
    told = [(one.told[pair // len(other.told)], other.told[pair % len(other.told)]) for pair in different.tolist()]
    return Told(codes, told).ask(lambda pair: question(*pair))
