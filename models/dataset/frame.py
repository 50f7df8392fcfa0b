"""A data set as pandas has it, for notebooks."""

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from models.dataset.table import FACTS, FEATURE, LABELS, Dataset

_DTYPES: Final = {pa.bool_(): "boolean", pa.int64(): "Int64", pa.float64(): "Float64"}
_HUNDREDTHS: Final = 100


def frame_of(dataset: Dataset) -> pd.DataFrame:
    """The columns of FACTS and LABELS, and one a feature: unknown is NA, money in main units."""
    types = {each.name: each.type for each in dataset.manifest.features}
    columns: dict[str, Any] = {}
    for name, values in zip(dataset.table.column_names, dataset.table.columns, strict=True):
        plain = name.removeprefix(FEATURE)
        if name in FACTS.names or name in LABELS.names:
            columns[name] = _series(values)
        elif plain not in columns:
            made = _series(values)
            columns[plain] = made.astype("Float64") / _HUNDREDTHS if types[plain] == "money" else made
    return pd.DataFrame(columns)


def _series(values: pa.ChunkedArray) -> "pd.Series[Any]":
    kind = values.type
    if pa.types.is_dictionary(kind):
        return pd.Series(values.cast(pa.string()).to_pandas(), dtype="string")
    if pa.types.is_timestamp(kind):
        return pd.Series(values.to_pandas(), dtype="datetime64[us, UTC]")
    if pa.types.is_decimal(kind):
        # Wider than 64 bits: Python's own integers.
        return pd.Series([None if each is None else int(each) for each in values.to_pylist()], dtype="object")
    if kind in _DTYPES:
        known = values.is_valid().to_numpy()
        filled = values.fill_null(False if pa.types.is_boolean(kind) else 0).to_numpy()
        return _masked(filled, known, _DTYPES[kind])
    return pd.Series(values.to_pandas(), dtype="string")


def _masked(values: Any, known: Any, dtype: str) -> "pd.Series[Any]":  # noqa: ANN401 - numpy arrays of any kind
    series = pd.Series(np.where(known, values, 0) if dtype != "boolean" else values, dtype=dtype)
    return series.mask(~known)
