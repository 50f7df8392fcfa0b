"""Relations that were not kept when payments were decided, made for a frame of what is known of its rows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from engine.catalog import CATALOG
from engine.features import FeatureType
from engine.recorded_frame import RecordedFrame, Wanted
from engine.rules.columns import Codes, Column, Numbers, Truth
from engine.stores.segment_tables import FEATURE, Versions, feature_fields
from engine.velocity import VELOCITIES
from engine.velocity.batch.relations import Held, column_of
from engine.velocity.relations import RELATIONS, Relation

_VELOCITIES: Final = {velocity.name: velocity for velocity in VELOCITIES}


def _asked(wanted: Wanted) -> list[Relation]:
    names = {feature.name for feature in wanted.features}
    return [relation for relation in RELATIONS if relation.name in names]


def with_inputs(wanted: Wanted) -> Wanted:
    """What is wanted, and what its relations are made of, velocities to be counted where they were not kept."""
    reads = dict.fromkeys(name for relation in _asked(wanted) for name in relation.form.reads)
    held = {feature.name for feature in wanted.features}
    counted = {velocity.name for velocity in wanted.velocities}
    return replace(
        wanted,
        features=(*wanted.features, *(CATALOG[name] for name in reads if name not in held)),
        velocities=(
            *wanted.velocities,
            *(_VELOCITIES[name] for name in reads if name in _VELOCITIES and name not in counted),
        ),
    )


def related(frame: RecordedFrame, versions: tuple[Codes, Sequence[str]], kept: Versions) -> RecordedFrame:
    """The frame with the wanted relations where the catalogue of a row's own versions lacks them.

    `versions` are a place for each row in the different ones. Raises LedgerUnavailable.
    """
    codes, different = versions
    known = [{field.name for field in feature_fields(each, kept)} for each in different]
    features = dict(frame.columns.features)
    for relation in _asked(frame.wanted):
        rows = np.array([*(FEATURE + relation.name not in names for names in known), True], dtype=np.bool_)[codes]
        if rows.any():
            made = column_of(relation.form, [_held(features[name]) for name in relation.form.reads])
            own = _held(features[relation.name])
            values, is_known = np.where(rows, made.values, own.values), np.where(rows, made.known, own.known)
            is_flag = relation.form.type is FeatureType.BOOLEAN
            features[relation.name] = (
                Truth.where(values, is_known) if is_flag else Numbers(np.where(is_known, values, 0), is_known)
            )
    return replace(frame, columns=replace(frame.columns, features=features))


def _held(column: Column) -> Held:
    """A column of numbers or flags."""
    if isinstance(column, Truth):
        return Held(column.true, column.known)
    assert isinstance(column, Numbers), "relations are made of numbers, and are numbers or flags"
    return Held(column.values, column.known)
