"""Arrow columns as rules read them: numpy arrays, text as numbers for its different values."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.features import Feature, FeatureType
from engine.rules.columns import Codes, Column, Ints, Numbers, Told, Truth

_KINDS: Final = {
    FeatureType.BOOLEAN: (pa.types.is_boolean, pa.bool_()),
    FeatureType.INTEGER: (lambda kind: pa.types.is_int64(kind) or pa.types.is_decimal(kind), pa.int64()),
    FeatureType.MONEY: (lambda kind: pa.types.is_int64(kind) or pa.types.is_decimal(kind), pa.int64()),
    FeatureType.NUMBER: (pa.types.is_floating, pa.float64()),
    FeatureType.STRING: (pa.types.is_string, pa.string()),
    FeatureType.COUNTRY: (pa.types.is_string, pa.string()),
}


class Texts(Sequence[str]):
    """The different texts of a column, which stay Arrow's until somebody asks for them."""

    def __init__(self, array: pa.Array) -> None:
        """`array` is of strings."""
        self._array = array
        self._texts: list[str] | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self._array)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        """One or some of them."""
        return self._read()[place]

    def __iter__(self) -> Iterator[str]:
        """All of them."""
        return iter(self._read())

    def _read(self) -> list[str]:
        if self._texts is None:
            self._texts = self._array.to_pylist()
        return self._texts


class ArrowIds:
    """Texts by row that stay Arrow's."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        """`column` is of strings, none of them null."""
        self._column = column

    def at(self, rows: Sequence[int]) -> list[str]:
        """Those of some rows."""
        found: list[str] = self._column.take(pa.array(rows, pa.int64())).to_pylist()
        return found

    def places_in(self, texts: Sequence[str]) -> Ints:
        """For each row the place of its text among these, which differ; -1 where it is none of them."""
        places = pc.index_in(self._column, value_set=pa.array(texts, pa.string()))
        found: Ints = pc.fill_null(places, -1).to_numpy().astype(np.int64)
        return found


def fits(kind: pa.DataType, type_: FeatureType) -> bool:
    """Whether a recorded column holds values as a feature of this type has them."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_kind, _ = _KINDS[type_]
    return bool(is_kind(kind))


def arrow_type(type_: FeatureType) -> pa.DataType:
    """The type in which such a feature is read."""
    return _KINDS[type_][1]


def column_of(array: pa.ChunkedArray, feature: Feature) -> Column:
    """A feature's column; null is unknown."""
    if feature.type is FeatureType.BOOLEAN:
        return truth_of(array)
    if feature.type in (FeatureType.STRING, FeatureType.COUNTRY):
        return told_of(array)
    known = pc.is_valid(array).to_numpy()
    if pa.types.is_decimal(array.type):
        # Wider than 64 bits: Python's own integers.
        values: Any = np.array([0 if value is None else int(value) for value in array.to_pylist()], dtype=object)
    else:
        values = pc.fill_null(array, 0).to_numpy()
    return Numbers(values, known)


def truth_of(array: pa.ChunkedArray) -> Truth:
    """A column of booleans."""
    true, known = pc.fill_null(array, fill_value=False).to_numpy(), pc.is_valid(array).to_numpy()
    return Truth(true, known & ~true)


def told_of(array: pa.ChunkedArray) -> Told:
    """A column of texts."""
    codes, dictionary = encoded(array)
    return Told(codes, Texts(dictionary))


def encoded(array: pa.ChunkedArray) -> tuple[Codes, pa.Array]:
    """For each row the place of its text in the array beside it; -1 is null."""
    array = array.unify_dictionaries() if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    whole = array.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.chunk(0) if whole.num_chunks else pa.array([], pa.string()).dictionary_encode()
    return pc.fill_null(whole.indices, -1).to_numpy(), whole.dictionary
