"""Imported histories as rows of a data set: payments of another system, with the features that they would have had."""

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.features import Feature, FeatureType
from models.dataset.asked import Asked
from models.dataset.events import NAMED
from models.dataset.recorded import WIDE, type_of
from models.dataset.table import FACTS, FEATURE, TEXT, Mask, microseconds, microseconds_of
from models.history import History, HistoryInvalid

_TEXTS: Final = frozenset({FeatureType.STRING, FeatureType.COUNTRY})
_SUMS: Final = frozenset({FeatureType.INTEGER, FeatureType.MONEY})
_DAMAGED: Final = (OSError, pa.ArrowException, ValueError, LookupError)


def imported_table(history: History, asked: Asked) -> tuple[pa.Table, tuple[str, ...]]:
    """The payments of the period, as `recorded_table` has them, and which features the history has not.

    Raises HistoryInvalid where a file is not as it was written.
    """
    history.check()
    features = asked.features
    texts = [each.name for each in FACTS if each.type == TEXT]
    texts += [FEATURE + each.name for each in features if each.type in _TEXTS]
    table = _read(history.payments, [*FACTS.names, *(FEATURE + each.name for each in features)], texts)
    table = table.filter(pa.array(_kept(table, asked)))
    facts = {each.name: _typed(table, each.name, each.type) for each in FACTS if each.name != "source"}
    facts["source"] = pa.chunked_array([pa.array([history.name] * table.num_rows, pa.string()).dictionary_encode()])
    columns = {FEATURE + each.name: _feature(table, each) for each in features}
    lacking = tuple(each.name for each in features if FEATURE + each.name not in table.column_names)
    return pa.table({name: facts[name] for name in FACTS.names} | columns), lacking


def imported_labels(history: History, asked: Asked) -> pa.Table:
    """What was said of its payments and was known by then, as a table of NAMED. Raises HistoryInvalid."""
    table = _read(history.labels, ["test_mode", *NAMED.names], [])
    known = microseconds_of(table["received_at"]) <= microseconds(asked.as_of)
    known &= table["test_mode"].to_numpy() == asked.test_mode
    return table.filter(pa.array(known)).select(NAMED.names).cast(NAMED)


def _read(file: Path, names: list[str], texts: list[str]) -> pa.Table:
    try:
        held = set(pq.read_schema(file).names)
        columns = [name for name in names if name in held]
        return pq.read_table(
            file, columns=columns, read_dictionary=[name for name in texts if name in held], partitioning=None
        )
    except _DAMAGED as error:
        raise HistoryInvalid(f"{file} cannot be read: {error}. Import the file again with --replace.") from error


def _kept(table: pa.Table, asked: Asked) -> Mask:
    """Which rows are of the period, the mode and the merchant."""
    at_us = microseconds_of(table["at"])
    kept: Mask = (at_us >= microseconds(asked.start)) & (at_us < microseconds(asked.end))
    kept &= (at_us <= microseconds(asked.as_of)) & (table["test_mode"].to_numpy() == asked.test_mode)
    if asked.merchant_id is not None:
        kept &= np.array(table["merchant_id"].cast(pa.string()).to_pylist()) == asked.merchant_id
    return kept


def _typed(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """A column in a type; null where the table has it not."""
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, kind)])
    column = table[name]
    if column.type == kind:
        return column
    if kind == TEXT:
        return column.cast(pa.string()).dictionary_encode()
    return column.cast(kind)


def _feature(table: pa.Table, feature: Feature) -> pa.ChunkedArray:
    """A feature's column; unknown where the history has it in another type."""
    name, kind = FEATURE + feature.name, type_of(feature)
    if name in table.column_names:
        held = table[name].type
        if pa.types.is_decimal(held) and feature.type in _SUMS:
            return _typed(table, name, WIDE)
        plain = held.value_type if pa.types.is_dictionary(held) else held
        if plain != (pa.string() if kind == TEXT else kind):
            return pa.chunked_array([pa.nulls(table.num_rows, kind)])
    return _typed(table, name, kind)
