"""Whatever else a condition asks, once a different value: its closure is called on the different rows of what it reads.

So functions of texts, patterns and odd shapes of arithmetic have one meaning, that of their closures.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.features import Catalog, Feature, FeatureType
from engine.rules import texts
from engine.rules.columns import Columns, Ints, Told, Truth
from engine.rules.compile import compile_resolved
from engine.rules.tree import Condition, Custom, Name, nodes
from engine.rules.types import TEXTUAL, of_feature


def truth_of(node: Condition, catalog: Catalog, columns: Columns) -> Truth:
    """A condition, resolved before, that names no list."""
    small, rows = _different(node, catalog, columns)
    compiled = compile_resolved(node, small)
    return rows.ask(lambda values: compiled(values, {}))


def text_of(node: Condition, catalog: Catalog, columns: Columns) -> Told:
    """What a function of a text gives."""
    small, rows = _different(node, catalog, columns)
    read = texts.text(node, small)
    found = [read(values) for values in rows.told]
    known = np.array([*(value is not None for value in found), False], dtype=np.bool_)
    return Told(np.where(known[rows.codes], rows.codes, -1), found)


def _different(node: Condition, catalog: Catalog, columns: Columns) -> tuple[Catalog, Told]:
    """A catalogue of what the node reads alone, and the different rows of that, as closures take them."""
    features = {catalog[each.name].name: catalog[each.name] for each in nodes(node) if isinstance(each, Name)}
    fields = tuple(dict.fromkeys(each.name for each in nodes(node) if isinstance(each, Custom)))
    told = [_told(feature, columns) for feature in features.values()] + [columns.sent(name) for name in fields]
    codes, first = _numbered([each.codes.astype(np.int64) for each in told], columns.rows)
    rows = []
    for row in first.tolist():
        values = [None if (code := each.codes[row]) < 0 else each.told[code] for each in told]
        sent = {name: value for name, value in zip(fields, values[len(features) :], strict=True) if value is not None}
        rows.append((*values[: len(features)], sent))
    return Catalog(features.values()), Told(codes, rows)


def _told(feature: Feature, columns: Columns) -> Told:
    """A column as different values."""
    if of_feature(feature).kind in TEXTUAL:
        return columns.told(feature.name)
    if feature.type is FeatureType.BOOLEAN:
        truth = columns.truth(feature.name)
        return Told(np.where(truth.true, 1, np.where(truth.false, 0, -1)), (False, True))
    numbers = columns.numbers(feature.name)
    different, places = np.unique(numbers.values, return_inverse=True)
    values: Sequence[Any] = different.tolist()
    return Told(np.where(numbers.known, places, -1), values)


def _numbered(codes: Sequence[Ints], rows: int) -> tuple[Ints, Ints]:
    """For each row the number of its combination of codes, and for each combination a row that has it."""
    numbers, first = np.zeros(rows, dtype=np.int64), np.zeros(min(rows, 1), dtype=np.int64)
    for each in codes:
        # Numbered anew each time, so that they never outgrow 64 bits.
        keys = numbers * (int(each.max(initial=-1)) + 2) + each + 1
        _, first, numbers = np.unique(keys, return_index=True, return_inverse=True)
    return numbers, first
