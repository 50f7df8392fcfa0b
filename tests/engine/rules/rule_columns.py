"""Rows of features put into columns, plainly, for tests."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.features import Catalog, Feature, Features, FeatureType
from engine.rules.columns import Column, Columns, Numbers, Told, Truth


def columns_of(
    catalog: Catalog, rows: Sequence[Features], custom: Sequence[Mapping[str, str | int | float | bool]] = ()
) -> Columns:
    features = {
        feature.name: column([row.values[place] for row in rows], feature) for place, feature in enumerate(catalog)
    }
    names = sorted({name for sent in custom for name in sent})
    return Columns(
        rows=len(rows), features=features, custom={name: told([sent.get(name) for sent in custom]) for name in names}
    )


def column(values: Sequence[Any], feature: Feature) -> Column:
    known = np.array([value is not None for value in values], dtype=np.bool_)
    match feature.type:
        case FeatureType.BOOLEAN:
            return Truth(
                np.array([value is True for value in values], dtype=np.bool_),
                np.array([value is False for value in values], dtype=np.bool_),
            )
        case FeatureType.STRING | FeatureType.COUNTRY:
            return told(values)
        case FeatureType.NUMBER:
            return Numbers(np.array([value or 0.0 for value in values], dtype=np.float64), known)
        case _:
            whole = [value or 0 for value in values]
            is_wide = any(abs(value) >= 2**63 for value in whole)
            return Numbers(np.array(whole, dtype=object if is_wide else np.int64), known)


def told(values: Sequence[Any]) -> Told:
    """What is equal to Python and not the same (1, 1.0, true) has places of its own."""
    different: dict[str, int] = {}
    said: list[Any] = []
    codes = []
    for value in values:
        if value is None:
            codes.append(-1)
            continue
        if repr(value) not in different:
            different[repr(value)] = len(said)
            said.append(value)
        codes.append(different[repr(value)])
    return Told(np.array(codes, dtype=np.int32), said)
