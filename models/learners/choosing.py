"""What is learnt from: which features of the catalogue may be, and what of them comes to nothing."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.features import Catalog, Feature
from models.inputs import NUMBERS, TEXTS
from models.learners.errors import ConstantFeatures, FeaturesUnfit, LeakingFeatures, NothingKnown
from models.naming import NAMING, SCORED, not_learnt_from

DIFFERENT_MAX: Final = 0.3
"""An open text that is different in more than this share of the payments names them."""
_FEW: Final = 50
_SHOWN_MAX: Final = 8


def chosen(
    catalog: Catalog, columns: Mapping[str, pa.ChunkedArray], names: Collection[str] | None
) -> tuple[Feature, ...]:
    """The features to learn from: those that were named, or all that can be learnt from, in the catalogue's order.

    `columns` has the payments that are learnt from, by the names of the data set's features. Of what was named
    nothing is left out silently. Raises FeaturesUnfit, LeakingFeatures, ConstantFeatures and NothingKnown.
    """
    if names is None:
        found = [each for each in catalog if each.name in columns and not _unfit(each, columns[each.name])]
    else:
        found = _named(catalog, columns, names)
    known = [each for each in found if columns[each.name].null_count < len(columns[each.name])]
    if not known:
        raise NothingKnown(
            f"features: all of {shown([each.name for each in found]) or 'them'} are unknown in every payment that is "
            "learnt from. Import payments that carry them, or choose other dates."
        )
    varied = [each for each in known if not is_constant(columns[each.name])]
    constant = [each.name for each in known if each not in varied]
    if not varied or (names is not None and constant):
        raise ConstantFeatures(
            f"features: {shown(constant)} say the same of every payment, which teaches nothing. Leave them out."
        )
    return tuple(varied)


def divided(
    catalog: Catalog, columns: Mapping[str, pa.ChunkedArray], pairs: Sequence[tuple[str, str]]
) -> tuple[tuple[Feature, Feature], ...]:
    """The ratios to learn from, as pairs of features. Raises FeaturesUnfit and LeakingFeatures.

    One that is unknown in every payment, or has one value, is no harm and is kept: another period may know it.
    """
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    found = {catalog[each.name].name: each for each in _named(catalog, columns, names)}
    if texts := [each.name for each in found.values() if each.type not in NUMBERS]:
        raise FeaturesUnfit(f"ratios: {shown(texts)} are no numbers, and nothing is divided by them. Leave them out.")
    return tuple((found[catalog[one].name], found[catalog[other].name]) for one, other in pairs)


def is_constant(column: pa.ChunkedArray) -> bool:
    """Whether a feature has one value, or is unknown, in every payment: known here and unknown there is two."""
    kinds = pc.count_distinct(column, mode="only_valid").as_py() if not _is_told(column) else _different(column)
    return bool(kinds + (column.null_count > 0) < 2)  # noqa: PLR2004 - one kind is constant


def shown(names: Sequence[str]) -> str:
    """Names for a message."""
    more = len(names) - _SHOWN_MAX
    return ", ".join(names[:_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def is_closed(feature: Feature) -> bool:
    """Whether all that a text can be is declared."""
    return feature.type in TEXTS and bool(feature.values)


def _named(catalog: Catalog, columns: Mapping[str, pa.ChunkedArray], names: Collection[str]) -> list[Feature]:
    absent = [name for name in names if name not in catalog or catalog[name].name not in columns]
    if absent:
        raise FeaturesUnfit(f"features: there is no {shown(absent)} in the data set; 'assay features' lists all.")
    wanted = {catalog[name].name for name in names}
    found = [each for each in catalog if each.name in wanted]
    if late := [each.name for each in found if each.source == SCORED]:
        raise LeakingFeatures(f"features: {shown(late)} are known after the decision only. Leave them out.")
    if naming := [each.name for each in found if each.name in NAMING]:
        raise FeaturesUnfit(f"features: {shown(naming)} name someone, and are never learnt from. Leave them out.")
    return found


def _unfit(feature: Feature, column: pa.ChunkedArray) -> bool:
    if not_learnt_from(feature) is not None:
        return True
    if feature.type not in TEXTS or feature.values:
        return False
    known = len(column) - column.null_count
    return bool(_different(column) > max(_FEW, DIFFERENT_MAX * known))


def _is_told(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_dictionary(column.type))


def _different(column: pa.ChunkedArray) -> int:
    """How many different texts there are."""
    if not _is_told(column):
        return int(pc.count_distinct(column, mode="only_valid").as_py())
    places: set[str] = set()
    for chunk in column.chunks:
        used: npt.NDArray[np.int64] = np.unique(chunk.indices.drop_null().to_numpy())
        places.update(chunk.dictionary.take(pa.array(used)).to_pylist())
    return len(places)
