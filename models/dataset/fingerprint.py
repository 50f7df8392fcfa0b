"""The fingerprint of a table: the same for the same rows, however they are cut in pieces or numbered."""

import hashlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_NONE: Final = np.zeros(0, dtype=np.int32)


def fingerprint_of(table: pa.Table) -> str:
    """SHA-256 in hex over the names, types and values of all columns; what stands where a null is does not count."""
    digest = hashlib.sha256(f"{table.num_rows}".encode())
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind, known, parts = _parts(column)
        digest.update(f"\n{name} {kind}\n".encode())
        digest.update(np.packbits(known).tobytes())
        for part in parts:
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def _parts(column: pa.ChunkedArray) -> tuple[str, npt.NDArray[np.bool_], list[npt.NDArray[Any]]]:
    """A column's kind, where it is known, and its content as arrays of bytes or numbers."""
    known = column.is_valid().to_numpy()
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_dictionary(kind):
        return "text", known, _texts(column)
    if pa.types.is_decimal(kind):
        return "text", known, _texts(column.cast(pa.string()))
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.int64())
    # Arrow has no zero for all types at once.
    zero = pa.scalar(False if pa.types.is_boolean(column.type) else 0, column.type)
    return str(kind), known, [column.fill_null(zero).to_numpy()]


def _texts(column: pa.ChunkedArray) -> list[npt.NDArray[Any]]:
    """Each row's place among the different texts by their first rows, and those texts with their lengths."""
    if pa.types.is_string(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    if not column.num_chunks:
        return []
    texts = column.chunk(0).dictionary
    codes = np.concatenate([chunk.indices.fill_null(len(texts)).to_numpy() for chunk in column.chunks])
    first = np.full(len(texts) + 1, len(codes), dtype=np.int64)
    # Backwards, so that the first row is written last.
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    first[len(texts)] = len(codes)
    used = np.flatnonzero(first[:-1] < len(codes))
    used = used[np.argsort(first[used])]
    number = np.full(len(texts) + 1, -1, dtype=np.int32)
    number[used] = np.arange(len(used), dtype=np.int32)
    said = texts.take(pa.array(used))
    # Arrow's own buffers: the texts one behind the other, and where each begins.
    _, begins, content = said.buffers()
    at = np.frombuffer(begins, dtype=np.int32)[said.offset : said.offset + len(said) + 1] if len(said) else _NONE
    joined = np.frombuffer(content, dtype=np.uint8)[at[0] : at[-1]] if len(said) and content is not None else _NONE
    return [number[codes], np.diff(at), joined]
