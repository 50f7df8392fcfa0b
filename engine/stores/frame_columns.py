"""Arrow columns as rules read them: numpy arrays, text as numbers for its different values."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.features import Feature, FeatureType
from engine.rules.columns import Codes, Column, Ints, Mask, Numbers, Told, Truth

_KINDS: Final = {
    FeatureType.BOOLEAN: (pa.types.is_boolean, pa.bool_()),
    FeatureType.INTEGER: (lambda kind: pa.types.is_int64(kind) or pa.types.is_decimal(kind), pa.int64()),
    FeatureType.MONEY: (lambda kind: pa.types.is_int64(kind) or pa.types.is_decimal(kind), pa.int64()),
    FeatureType.NUMBER: (pa.types.is_floating, pa.float64()),
    FeatureType.STRING: (pa.types.is_string, pa.string()),
    FeatureType.COUNTRY: (pa.types.is_string, pa.string()),
}
TEXTS: Final = (FeatureType.STRING, FeatureType.COUNTRY)

_FEW: Final = 2_000
"""So many different texts of a chunk are told apart in Python."""


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
        return places_in(self._column, pa.array(texts, pa.string()))


def places_in(column: pa.ChunkedArray, texts: pa.Array) -> Ints:
    """For each row the place of its text among these, which differ; -1 where it is none of them."""
    if not len(texts):
        return np.full(len(column), -1, dtype=np.int64)
    places = pc.index_in(column, value_set=texts)
    return np.where(known_of(places), values_of(places, known_of(places)), -1).astype(np.int64)


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
    if feature.type in TEXTS:
        return told_of(array)
    known = known_of(array)
    if pa.types.is_decimal(array.type):
        # Wider than 64 bits: Python's own integers.
        wide = np.array([0 if value is None else int(value) for value in array.to_pylist()], dtype=object)
        return Numbers(wide, known)
    return Numbers(values_of(array, known), known)


def unknown(rows: int, feature: Feature) -> Truth | Numbers:
    """A column of a feature that is no text, with nothing in it."""
    if feature.type is FeatureType.BOOLEAN:
        return Truth.unknown(rows)
    values = np.zeros(rows, arrow_type(feature.type).to_pandas_dtype())
    return Numbers(values, np.zeros(rows, dtype=np.bool_))


def joined(parts: Sequence[Column], keep: Mask, feature: Feature) -> Truth | Numbers:
    """The rows to keep of columns on end, none of them of texts."""
    every = [unknown(0, feature), *parts]
    if feature.type is FeatureType.BOOLEAN:
        true, false = ([each[side] for each in every if isinstance(each, Truth)] for side in (0, 1))
        return Truth(kept(true, keep), kept(false, keep))
    numbers = [each for each in every if isinstance(each, Numbers)]
    return Numbers(kept([each.values for each in numbers], keep), kept([each.known for each in numbers], keep))


def kept(arrays: Sequence[npt.NDArray[Any]], keep: Mask) -> npt.NDArray[Any]:
    """The rows to keep of arrays on end."""
    whole = np.concatenate(arrays)
    return whole if keep.all() else whole[keep]


def truth_of(array: pa.ChunkedArray) -> Truth:
    """A column of booleans."""
    known = known_of(array)
    true = np.concatenate([np.zeros(0, dtype=np.bool_), *(_bits(chunk, 1) for chunk in array.chunks)]) & known
    return Truth(true, known ^ true)


def known_of(array: pa.ChunkedArray) -> Mask:
    """Where there is a value. By the chunks' own bits: Arrow's kernels take ten times as long."""
    found: Mask = np.ones(len(array), dtype=np.bool_)
    start = 0
    for chunk in array.chunks:
        if chunk.null_count:
            found[start : start + len(chunk)] = _bits(chunk, 0)
        start += len(chunk)
    return found


def values_of(array: pa.ChunkedArray, known: Mask) -> npt.NDArray[Any]:
    """The numbers; 0 where there is none. Those of one chunk may be Arrow's own, which are not to be written to."""
    dtype = np.dtype(array.type.to_pandas_dtype())
    found: list[npt.NDArray[Any]] = []
    start = 0
    for chunk in array.chunks:
        values = np.zeros(len(chunk), dtype)
        if chunk.null_count < len(chunk):
            values = np.frombuffer(chunk.buffers()[1], dtype)[chunk.offset : chunk.offset + len(chunk)]
        if 0 < chunk.null_count < len(chunk):
            # What stands there where there is no value is nothing in particular.
            values = np.where(known[start : start + len(chunk)], values, dtype.type(0))
        found.append(values)
        start += len(chunk)
    return found[0] if len(found) == 1 else np.concatenate([np.zeros(0, dtype), *found])


def _bits(chunk: pa.Array, place: int) -> Mask:
    """The bits of one of a chunk's buffers; none set where it has none."""
    buffer = chunk.buffers()[place]
    if buffer is None:
        return np.zeros(len(chunk), dtype=np.bool_)
    bits = np.unpackbits(np.frombuffer(buffer, dtype=np.uint8), bitorder="little")
    return bits[chunk.offset : chunk.offset + len(chunk)].view(np.bool_)


def told_of(array: pa.ChunkedArray) -> Told:
    """A column of texts."""
    codes, dictionary = encoded(array)
    return Told(codes, dictionary)


def encoded(array: pa.ChunkedArray) -> tuple[Codes, Sequence[str]]:
    """For each row the place of its text in the sequence beside it; -1 is null."""
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    elif all(len(chunk.dictionary) <= _FEW for chunk in array.chunks):
        return _few(array)
    array = array.unify_dictionaries()
    codes = [np.zeros(0, dtype=np.int32), *(_places(chunk) for chunk in array.chunks)]
    texts = array.chunk(0).dictionary if array.num_chunks else pa.array([], pa.string())
    return np.concatenate(codes), Texts(texts)


def _few(array: pa.ChunkedArray) -> tuple[Codes, Sequence[str]]:
    """As `encoded`, of chunks with few different texts each: quicker than to have Arrow find one dictionary for all."""
    numbers: dict[str, int] = {}
    found = np.full(len(array), -1, dtype=np.int32)
    start = 0
    for chunk in array.chunks:
        texts = chunk.dictionary.to_pylist()
        table = np.array([*(numbers.setdefault(text, len(numbers)) for text in texts), -1], dtype=np.int32)
        found[start : start + len(chunk)] = table[_places(chunk)]
        start += len(chunk)
    return found, tuple(numbers)


def _places(chunk: pa.DictionaryArray) -> Codes:
    """The places in a chunk's own dictionary; -1 is null."""
    indices = chunk.indices
    if indices.null_count == len(indices):
        return np.full(len(indices), -1, dtype=np.int32)
    values = np.frombuffer(indices.buffers()[1], dtype=indices.type.to_pandas_dtype())
    places = values[indices.offset : indices.offset + len(indices)]
    return np.where(_bits(indices, 0), places, -1) if indices.null_count else places
