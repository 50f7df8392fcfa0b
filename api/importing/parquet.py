"""Parquet columns as text, exactly: whole numbers without a point, decimals with all digits, times as ISO 8601."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from api.importing.reading import ImportFileInvalid, Row


def read_parquet(path: Path) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """The names of the columns, and the rows numbered from 1. Raises ImportFileInvalid."""
    try:
        table = pq.read_table(path)
        columns = [_texts(table.column(index)) for index in range(table.num_columns)]
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise ImportFileInvalid(f"{path} is not a sound Parquet file: {error}") from None
    rows = tuple(Row(number, cells) for number, cells in enumerate(zip(*columns, strict=True), start=1))
    return tuple(table.column_names), rows


def _texts(column: pa.ChunkedArray) -> list[str]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind):
        # Nanoseconds have no place in a payment's time; what is cut is less than a microsecond.
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    write = _writer(kind)
    return ["" if value is None else write(value) for value in column.to_pylist()]


def _writer(kind: pa.DataType) -> Callable[[Any], str]:
    if pa.types.is_boolean(kind):
        return lambda value: "true" if value else "false"
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        # The shortest decimal that means this float: 7.53, where widening first would give 7.53000020980835.
        return lambda value: _plain(str(np.float32(value)))
    if pa.types.is_floating(kind):
        return lambda value: _plain(repr(value))
    return _text


def _plain(number: str) -> str:
    """No exponent, and no decimal point where nothing follows it: ids that pandas made floats are ids again."""
    if number in {"nan", "inf", "-inf"}:
        return "" if number == "nan" else number
    plain = format(Decimal(number), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.decode().strip()
    if isinstance(value, (list, dict)):
        return json.dumps(value, default=str)
    return str(value)
