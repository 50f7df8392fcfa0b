"""Inputs of many payments: columns of features as numbers, bit for bit what a single payment gets."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Column = npt.NDArray[np.float64]
"""One input of n payments, shape (n,); NaN is unknown."""


def numbers(column: pa.ChunkedArray) -> Column:
    """Numbers, money and booleans as they are."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if pa.types.is_decimal(column.type):
        # Wider than 64 bits: Python's own rounding is the one that a single payment gets.
        return np.array([None if each is None else int(each) for each in column.to_pylist()], dtype=np.float64)
    plain = column.cast(pa.uint8()) if pa.types.is_boolean(column.type) else column
    # Unknowns are filled before the cast and struck after it, so that whole numbers stay whole until numpy rounds.
    made: Column = pc.fill_null(plain, 0).to_numpy().astype(np.float64)
    made[pc.is_null(plain).to_numpy()] = np.nan
    return made


def ratios(column: Column, divisors: Column) -> Column:
    """Numbers divided by others; NaN where either is unknown, the divisor is 0, or the quotient is too large."""
    with np.errstate(all="ignore"):
        found: Column = column / divisors
    found[~np.isfinite(found)] = np.nan
    return found


def coded(column: pa.ChunkedArray, code: Callable[[str], float]) -> Column:
    """Texts as their codes; each different text is looked up once."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    told = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return np.concatenate([_coded(chunk, code) for chunk in told.chunks] or [np.empty(0)])


def _coded(chunk: pa.DictionaryArray, code: Callable[[str], float]) -> Column:
    codes = np.array([*map(code, chunk.dictionary.to_pylist()), np.nan], dtype=np.float64)
    places = chunk.indices.cast(pa.int64()).fill_null(len(codes) - 1).to_numpy(zero_copy_only=False)
    found: Column = codes[places]
    return found
